/**
 * Reads what a proxy service publishes (ProxyServiceFactory):
 *
 *   <publishWSDL [key="entry"] [uri="file:.. | http:.."]>
 *     (wsdl:definitions | wsdl20:description)? <resource location="string" key="entry"/>*
 *   </publishWSDL>
 *
 * A file: uri is a file of the deployment. One that is not there leaves the service with a generated WSDL and a warning; with
 * the parameter enablePublishWSDLSafeMode the service is left out, as in WSO2.
 */
import {
  attributeOf,
  childElements,
  childNamed,
  childrenNamed,
} from "../../../config/xml-query.ts";
import type { XmlElement } from "../../../config/xml.ts";
import type { RepositoryFiles } from "../../repository-files.ts";
import { PublishedContract, type WsdlSource } from "../../services/published-contract.ts";
import { isWebAddress } from "../../services/remote-text.ts";
import { elementText } from "../element-text.ts";
import type { ReadContext } from "./read-context.ts";

export interface ContractSurroundings {
  readonly parameters: ReadonlyMap<string, string>;
  readonly files: RepositoryFiles;
  readonly context: ReadContext;
}

/** "unreadable": safe mode leaves the service out (a warning was reported). */
export function readContract(
  proxy: XmlElement,
  surroundings: ContractSurroundings,
): PublishedContract | "unreadable" {
  const { parameters } = surroundings;
  const publish = childNamed(proxy, "publishWSDL");
  const source = publish ? readSource(publish, surroundings) : { kind: "none" as const };
  if (source === "unreadable") return source;
  const isSet = (name: string): boolean => parameters.get(name)?.toLowerCase() === "true";
  return new PublishedContract({
    source,
    resources: publish ? readResources(publish, surroundings.context) : new Map(),
    keepsAddresses:
      isSet("useOriginalwsdl") ||
      parameters.get("modifyUserWSDLPortAddress")?.toLowerCase() === "false",
    absoluteImports: isSet("showAbsoluteSchemaURL"),
    checksOperations: !isSet("disableOperationValidation"),
  });
}

function readSource(
  publish: XmlElement,
  surroundings: ContractSurroundings,
): WsdlSource | "unreadable" {
  const key = attributeOf(publish, "key")?.trim();
  if (key) return { kind: "key", key };
  const inline = childElements(publish).find((child) =>
    ["definitions", "description"].includes(child.name),
  );
  if (inline) return { kind: "text", text: elementText(inline, true) };
  const uri = (attributeOf(publish, "uri") ?? attributeOf(publish, "endpoint"))?.trim();
  if (uri) return readUri(publish, uri, surroundings);
  surroundings.context.error(
    publish,
    "The 'key' or 'uri' attribute, or a WSDL in place, is required for publishWSDL",
  );
  return { kind: "none" };
}

function readUri(
  publish: XmlElement,
  uri: string,
  { files, context, parameters }: ContractSurroundings,
): WsdlSource | "unreadable" {
  if (isWebAddress(uri)) return { kind: "remote", url: uri };
  const text = files.text(uri);
  if (text !== undefined) return { kind: "text", text };
  const isSafe = parameters.get("enablePublishWSDLSafeMode")?.toLowerCase() === "true";
  const outcome = isSafe
    ? "the service is left out (enablePublishWSDLSafeMode)"
    : "a generated WSDL is published instead";
  context.warning(
    publish,
    `publishWSDL names "${uri}", which is no file of this deployment: ${outcome}. Deploy the WSDL with the service, or put it in place`,
  );
  return isSafe ? "unreadable" : { kind: "none" };
}

function readResources(publish: XmlElement, context: ReadContext): ReadonlyMap<string, string> {
  const resources = new Map<string, string>();
  for (const child of childrenNamed(publish, "resource")) {
    const location = attributeOf(child, "location")?.trim();
    const key = attributeOf(child, "key")?.trim();
    if (location && key) resources.set(location, key);
    else context.error(child, "The 'location' and 'key' attributes are required for a resource");
  }
  return resources;
}
