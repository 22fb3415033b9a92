/**
 * Reads groups of endpoints (LoadbalanceEndpointFactory, SALoadbalanceEndpointFactory, FailoverEndpointFactory,
 * RecipientListEndpointFactory):
 *
 *   <session type="http|soap|simpleClientSession"><sessionTimeout>ms</sessionTimeout>?</session>?
 *   <loadbalance [algorithm="class"] [policy="roundRobin"] [failover="true|false"]>
 *     <endpoint/>+ | <member hostName="" [httpPort=""] [httpsPort=""]/>+
 *   </loadbalance>
 *   <failover [dynamic="true|false"]><endpoint/>+</failover>
 *   <recipientlist><endpoint/>+ | <member/>+ | <endpoints value="a,b|{expression}" [max-cache="20"]/></recipientlist>
 */
import { attributeOf, childNamed, childrenNamed, textOf } from "../../../config/xml-query.ts";
import type { XmlElement } from "../../../config/xml.ts";
import type { Algorithm, BalancedWeight } from "../../endpoints/balancer.ts";
import {
  DEFAULT_SETTINGS,
  type DirectEndpoint,
  type Endpoint,
  type EndpointIdentity,
  type GroupEndpoint,
  type RecipientListEndpoint,
} from "../../endpoints/endpoint.ts";
import { DEFAULT_SUSPENSION } from "../../endpoints/endpoint-health.ts";
import {
  SESSION_TIMEOUT_MS,
  SESSION_TYPES,
  type SessionRules,
} from "../../endpoints/session-affinity.ts";
import { readIdentity } from "./endpoint-settings.ts";
import type { ReadContext } from "./read-context.ts";

/** Reads a child endpoint; handed in, since an endpoint may be a group. */
export type EndpointReader = (element: XmlElement, context: ReadContext) => Endpoint | undefined;

export interface GroupPlace {
  /** `<endpoint>`. */
  readonly element: XmlElement;
  /** `<loadbalance>`, `<failover>` or `<recipientlist>`. */
  readonly body: XmlElement;
  readonly context: ReadContext;
  readonly readChild: EndpointReader;
}

/** Undefined when the group is faulty (a problem was reported). */
export function readGroup(place: GroupPlace): GroupEndpoint | undefined {
  const identity = readIdentity(place.element, place.context);
  const children = readChildren(place);
  if (!identity || !children) return undefined;
  switch (place.body.name) {
    case "loadbalance":
      return readLoadbalance(place, identity, children);
    case "failover":
      return readFailover(place, identity, children);
    default:
      return readRecipientList(place, identity, children);
  }
}

function readChildren({ body, context, readChild }: GroupPlace): readonly Endpoint[] | undefined {
  const endpoints = childrenNamed(body, "endpoint");
  const members = childrenNamed(body, "member");
  if (endpoints.length > 0 && members.length > 0)
    return context.error(body, `${body.name} cannot have both member & endpoint child elements`);
  const keys = endpoints.map((child) => attributeOf(child, "key")).filter((key) => key);
  if (new Set(keys).size < keys.length)
    return context.error(body, "Same endpoint definition cannot be used with in the siblings");
  const read = [
    ...endpoints.map((child) => readChild(child, context)),
    ...members.map((child) => readMember(child, context)),
  ];
  const children = read.filter((child) => child !== undefined);
  return children.length === read.length ? children : undefined;
}

/** A member that failed is tried again soon: Synapse looks twice a second whether it takes connections. */
const MEMBER_SUSPENSION = { ...DEFAULT_SUSPENSION, timeoutCodes: [-1], initialDurationMs: 1_000 };

function readMember(element: XmlElement, context: ReadContext): DirectEndpoint | undefined {
  const hostName = attributeOf(element, "hostName")?.trim();
  if (!hostName) return context.error(element, "The 'hostName' attribute is required for a member");
  const httpPort = readPort(element, "httpPort", context);
  const httpsPort = readPort(element, "httpsPort", context);
  if (httpPort === "invalid" || httpsPort === "invalid") return undefined;
  const settings = {
    ...DEFAULT_SETTINGS,
    name: hostName,
    identity: context.endpoints.identityOf(element),
    suspension: MEMBER_SUSPENSION,
  };
  return { kind: "member", hostName, httpPort, httpsPort, settings };
}

function readPort(
  element: XmlElement,
  name: string,
  context: ReadContext,
): number | undefined | "invalid" {
  const text = attributeOf(element, name)?.trim();
  if (text === undefined || text === "") return undefined;
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port >= 1 && port <= 65_535) return port;
  context.error(element, `The ${name} of a member should be a port number : ${text}`);
  return "invalid";
}

const ALGORITHMS: Readonly<Record<string, Algorithm>> = {
  RoundRobin: "round-robin",
  WeightedRoundRobin: "weighted",
  WeightedRRLCAlgorithm: "least-connections",
  WeightedRRLC: "least-connections",
  WeightedRRLeastConnections: "least-connections",
};

function readAlgorithm({ body, context }: GroupPlace): Algorithm | undefined {
  const algorithm = attributeOf(body, "algorithm")?.trim();
  const policy = attributeOf(body, "policy")?.trim();
  if (algorithm !== undefined && policy !== undefined)
    return context.error(
      body,
      "You cannot specify both the 'policy' & 'algorithm' in the configuration. It is sufficient to provide only the 'algorithm'.",
    );
  if (algorithm !== undefined) {
    const word = algorithm.split(".").at(-1) ?? "";
    const known = Object.hasOwn(ALGORITHMS, word) ? ALGORITHMS[word] : undefined;
    return (
      known ??
      context.error(
        body,
        `Cannot instantiate LoadbalanceAlgorithm implementation class ${algorithm}: one of RoundRobin, WeightedRoundRobin, WeightedRRLCAlgorithm of org.apache.synapse.endpoints.algorithms`,
      )
    );
  }
  if (policy === undefined || policy === "roundRobin") return "round-robin";
  return context.error(
    body,
    `Unsupported algorithm ${policy} specified. Please use the 'algorithm' attribute to specify the correct loadbalance algorithm implementation.`,
  );
}

function readLoadbalance(
  place: GroupPlace,
  identity: EndpointIdentity,
  children: readonly Endpoint[],
): GroupEndpoint | undefined {
  const { body, element, context } = place;
  const { name = "" } = identity;
  const algorithm = readAlgorithm(place);
  const session = readSession(element, context);
  if (children.length === 0)
    return context.error(
      body,
      `A LoadbalanceEndpoint must have child elements, but the LoadbalanceEndpoint '${name}' does not have any child elements.`,
    );
  if (!algorithm || session === "invalid") return undefined;
  const weights = readWeights(place, algorithm);
  if (!weights) return undefined;
  const rounds = Number(propertyOf(element, "loadbalance.weightedRRLC.roundsPerRecal") ?? "1");
  return {
    kind: "loadbalance",
    ...identity,
    children,
    weights,
    algorithm,
    roundsPerRecalculation: Number.isInteger(rounds) && rounds > 0 ? rounds : 1,
    failover: attributeOf(body, "failover")?.trim().toLowerCase() !== "false",
    session,
  };
}

/** How far least-connections may go from a weight, where the endpoint does not say it. */
const WEIGHT_SKEW = 2;

function readWeights(
  { body, context }: GroupPlace,
  algorithm: Algorithm,
): readonly BalancedWeight[] | undefined {
  const weights: BalancedWeight[] = [];
  for (const child of [...childrenNamed(body, "endpoint"), ...childrenNamed(body, "member")]) {
    const text = propertyOf(child, "loadbalance.weight");
    if (text === undefined && algorithm === "least-connections")
      return context.error(
        child,
        "Parameter loadbalance.weight should be specified for every endpoint in the load balance group",
      );
    const weight = text === undefined ? 1 : Number(text);
    if (!Number.isInteger(weight) || weight <= 0 || weight > 1_000_000)
      return context.error(child, "Weight must be greater than zero");
    const minimum = Number(propertyOf(child, "loadbalance.weight.min") ?? weight - WEIGHT_SKEW);
    const maximum = Number(propertyOf(child, "loadbalance.weight.max") ?? weight + WEIGHT_SKEW);
    if (Number.isNaN(minimum) || Number.isNaN(maximum))
      return context.error(child, "loadbalance.weight.min and .max should be valid numbers");
    weights.push({ weight, minimum: Math.max(0, minimum), maximum });
  }
  return weights;
}

function propertyOf(element: XmlElement, name: string): string | undefined {
  const found = childrenNamed(element, "property").find(
    (child) => attributeOf(child, "name") === name,
  );
  return found && attributeOf(found, "value")?.trim();
}

function readSession(
  element: XmlElement,
  context: ReadContext,
): SessionRules | undefined | "invalid" {
  const session = childNamed(element, "session");
  if (!session) return undefined;
  const word = attributeOf(session, "type")?.trim().toLowerCase() ?? "";
  const type = SESSION_TYPES.find((known) => known.toLowerCase() === word);
  const timeout = childNamed(session, "sessionTimeout");
  const text = timeout ? textOf(timeout) : "";
  if (!type) {
    context.error(session, `Unknown session type "${word}": one of ${SESSION_TYPES.join(", ")}`);
    return "invalid";
  }
  if (!/^-?\d{0,15}$/.test(text)) {
    context.error(timeout ?? session, `Invalid session timeout value : ${text}`);
    return "invalid";
  }
  return { type, timeoutMs: Number(text) > 0 ? Number(text) : SESSION_TIMEOUT_MS };
}

function readFailover(
  { body, context }: GroupPlace,
  identity: EndpointIdentity,
  children: readonly Endpoint[],
): GroupEndpoint | undefined {
  const { name = "" } = identity;
  if (children.length === 0)
    return context.error(
      body,
      `A FailOver must have child elements, but the FailOver '${name}' does not have any child elements.`,
    );
  const dynamic = attributeOf(body, "dynamic")?.trim().toLowerCase() !== "false";
  return { kind: "failover", ...identity, children, dynamic };
}

const POOL_SIZE = 20;
const POOL_SIZE_MAX = 1_000;

function readRecipientList(
  { body, context }: GroupPlace,
  identity: EndpointIdentity,
  children: readonly Endpoint[],
): RecipientListEndpoint | undefined {
  if (children.length > 0)
    return {
      kind: "recipientlist",
      ...identity,
      recipients: { kind: "fixed", endpoints: children },
    };
  const set = childNamed(body, "endpoints");
  const { name = "" } = identity;
  if (!set)
    return context.error(
      body,
      `A RecipientListEndpoint must have child/member elements, but the RecipientListEndpoint '${name}' does not have any child/member/dynamic endpoint elements.`,
    );
  const dynamic = /^\s*\{(.*)\}\s*$/s.exec(attributeOf(set, "value") ?? "")?.[1];
  const expression = dynamic === undefined ? undefined : context.compile(set, dynamic);
  if (dynamic !== undefined && !expression) return undefined;
  const source = expression
    ? { kind: "expression" as const, expression }
    : context.valueSource(set);
  if (!source)
    return context.error(
      set,
      "The 'value' attribute is required for the endpoints of a recipient list",
    );
  const size = attributeOf(set, "max-cache")?.trim() ?? "";
  const poolSize = /^\d{1,9}$/.test(size) ? Math.min(Number(size), POOL_SIZE_MAX) : POOL_SIZE;
  return { kind: "recipientlist", ...identity, recipients: { kind: "computed", source, poolSize } };
}
