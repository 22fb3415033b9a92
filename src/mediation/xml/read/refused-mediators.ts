/**
 * Mediators that this engine leaves out: they load Java classes or belong to another product. A deployment that has one is
 * refused with a sentence that says what to use instead. Connector operations ("salesforce.query") come
 * as elements with a dot in their name, see `connectorSentence`.
 */
import { attributeOf } from "../../../config/xml-query.ts";
import type { XmlElement } from "../../../config/xml.ts";
import type { MediatorReader } from "./read-context.ts";

const JAVA = "runs Java code, which is not here";
const USE_SCRIPT = "use a script mediator (JavaScript)";

/** Element → what it would need, and what does the work here. */
const REFUSED: Readonly<Record<string, string>> = {
  class: `${JAVA}: ${USE_SCRIPT}, or call a service that does the work`,
  pojoCommand: `${JAVA}: ${USE_SCRIPT}, or call a service that does the work`,
  bean: `${JAVA}: keep values in properties and ${USE_SCRIPT}`,
  ejb: `${JAVA}: offer the bean as an HTTP service and use call`,
  spring: `${JAVA}: ${USE_SCRIPT}, or call a service that does the work`,
  rule: "needs a rule engine, which is not here: use filter, switch or conditionalRouter, or a script mediator",
  datamapper:
    "needs WSO2's data mapper, which is not here: use xslt, payloadFactory, jsontransform or a script mediator",
  smooks: "needs the Smooks library, which is not here: use xslt or a script mediator",
  entitlementService:
    "asks a XACML server of WSO2: call the policy server's own HTTP interface and use filter on its answer",
  oauthService:
    "asks a WSO2 identity server: call its introspection endpoint and use filter on its answer",
  transaction:
    'needs a Java transaction manager: put the statements of one transaction into one dbreport with useTransaction="true"',
  builder:
    "needs Axis2's message builders: set the Content-Type (property messageType or ContentType), which decides how a body is read",
  event: "publishes to WSO2's event broker: use call or store to hand the message to your broker",
  publishEvent:
    "publishes to WSO2's event sinks: use call or store to hand the message to your analytics",
  eventPublisher:
    "publishes to WSO2's event sinks: use call or store to hand the message to your analytics",
  bam: "publishes to WSO2's business activity monitor: use call or store to hand the message to your analytics",
  ntlm: "needs Axis2's NTLM client: put a proxy that speaks NTLM before the service",
  enqueue:
    "hands the message to a priority executor, which is not needed here as no message waits for a thread: use sequence with the same key",
  RMSequence:
    "needs WS-ReliableMessaging, which is not here: use store and a forwarding message processor",
  sampler: "is not here: use throttle, or store and a sampling message processor",
  throwError:
    "belongs to later versions: use makefault and the fault sequence, or filter and respond",
  variable: "belongs to later versions: use property",
  "scatter-gather": "belongs to later versions: use clone and aggregate",
  opa: "asks an Open Policy Agent: call its own HTTP interface and use filter on its answer",
  dataServiceCall: "needs WSO2's data services: use dblookup and dbreport, or call a service",
};

/** One reader for each refused element. */
export const REFUSED_READERS: readonly MediatorReader[] = Object.entries(REFUSED).map(
  ([name, reason]) => ({
    name,
    isRefusal: true,
    read: (element, context) => {
      const which = attributeOf(element, "name");
      const label = which === undefined ? name : `${name} "${which}"`;
      return context.error(element, `The mediator ${label} is not supported: it ${reason}`);
    },
  }),
);

/** What to say of an operation of a connector; undefined when the element is none. */
export function connectorSentence({ name }: XmlElement): string | undefined {
  if (!/^[\w-]+(?:\.[\w-]+)+$/.test(name)) return undefined;
  return `The connector operation ${name} is not supported: connectors are Java archives. Call the service's own HTTP interface with call and an http endpoint`;
}
