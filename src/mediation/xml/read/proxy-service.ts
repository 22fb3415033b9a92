/**
 * Reads proxy services (ProxyServiceFactory):
 *
 *   <proxy name="string" [transports="http https|all"] [startOnLoad="true|false"] [pinnedServers="name .."]
 *          [serviceGroup="string"] [trace="enable"] [statistics="enable"]>
 *     <target [endpoint="key"]> flows (see target-flows.ts) <endpoint ..>? </target>
 *     <publishWSDL ..>? (see publish-wsdl.ts)
 *     <policy key="string"/>* <enableSec/>? <enableAddressing/>?
 *     <parameter name="string">text</parameter>*
 *   </proxy>
 *
 * Policies are accepted with a warning, since nothing here enforces WS-Policy. Everything else is ignored as WSO2 ignores it.
 */
import { attributeOf, childNamed, childrenNamed } from "../../../config/xml-query.ts";
import type { XmlElement } from "../../../config/xml.ts";
import type { Endpoint } from "../../endpoints/endpoint.ts";
import { readPinnedServers } from "../../jobs/pinned-servers.ts";
import type { RepositoryFiles } from "../../repository-files.ts";
import type { ProxyService } from "../../services/proxy-service.ts";
import { elementText } from "../element-text.ts";
import { readEndpoint } from "./endpoint.ts";
import { readContract } from "./publish-wsdl.ts";
import type { ReadContext } from "./read-context.ts";
import { readTargetFlows } from "./target-flows.ts";

/** Undefined when the service is faulty or left out (a problem or a warning was reported). */
export function readProxyService(
  element: XmlElement,
  files: RepositoryFiles,
  context: ReadContext,
): ProxyService | undefined {
  const name = attributeOf(element, "name")?.trim();
  if (!name)
    return context.error(
      element,
      "The 'name' attribute is required for a Proxy service definition",
    );
  const target = childNamed(element, "target");
  if (!target) return context.error(element, "Target is required for a Proxy service definition");
  const flows = readTargetFlows(target, name, context);
  const endpoint = readTargetEndpoint(target, context);
  const parameters = readParameters(element);
  const contract = readContract(element, { parameters, files, context });
  warnOfSecurity(element, name, context);
  if (endpoint === "invalid" || contract === "unreadable") return undefined;
  if (!flows.inFlow && !endpoint)
    return context.error(
      target,
      "Target of the proxy service must declare either an inSequence or endpoint or both",
    );
  return {
    name,
    transports: readTransports(element),
    started: (attributeOf(element, "startOnLoad") ?? "true").trim() === "true",
    pinnedServers: readPinnedServers(attributeOf(element, "pinnedServers")),
    serviceGroup: attributeOf(element, "serviceGroup")?.trim() || undefined,
    ...flows,
    endpoint,
    contract,
    parameters,
  };
}

function readTargetEndpoint(
  target: XmlElement,
  context: ReadContext,
): Endpoint | undefined | "invalid" {
  const key = attributeOf(target, "endpoint")?.trim();
  if (key) return { kind: "indirect", key: { kind: "static", key } };
  const child = childNamed(target, "endpoint");
  return child && (readEndpoint(child, context) ?? "invalid");
}

function readTransports(element: XmlElement): readonly string[] | undefined {
  const names = (attributeOf(element, "transports") ?? "all").split(/[\s,]+/).filter(Boolean);
  return names.length === 0 || names.includes("all") ? undefined : names;
}

/** The text of each parameter, or its XML. */
function readParameters(element: XmlElement): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>();
  for (const child of childrenNamed(element, "parameter")) {
    const text = child.children.map((node) =>
      node.kind === "text" ? node.value : elementText(node),
    );
    parameters.set(attributeOf(child, "name")?.trim() ?? "", text.join("").trim());
  }
  return parameters;
}

/** A service that its author meant to be guarded must not be open without a word. */
function warnOfSecurity(element: XmlElement, name: string, context: ReadContext): void {
  const marks = [...childrenNamed(element, "policy"), ...childrenNamed(element, "enableSec")];
  const [first] = marks;
  if (first)
    context.warning(
      first,
      `WS-Policy and WS-Security are not enforced: proxy service ${name} answers without them. Guard it at the gateway (auth_basic, TLS client certificates)`,
    );
}
