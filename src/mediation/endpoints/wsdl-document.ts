/**
 * WSDL endpoints whose document lies elsewhere: it is read with a GET when the first message comes, and the address kept
 * with the endpoint's state. A document that cannot be read is a fault of the message; the next one tries again.
 */
import { parseXml } from "../../config/xml.ts";
import { messageOf } from "../../errors/app-error.ts";
import { collectBytes } from "../../net/byte-stream.ts";
import { FAULT_CODES, MediationFault } from "../mediation-fault.ts";
import type { Message } from "../message/message.ts";
import type { EndpointSettings, WsdlSource } from "./endpoint.ts";
import { type WsdlAddress, wsdlAddress } from "./wsdl-address.ts";

const DOCUMENT_BYTES_MAX = 2 * 1024 * 1024;
const DOCUMENT_TIMEOUT_MS = 10_000;

type DocumentSource = Extract<WsdlSource, { kind: "document" }>;

/** @throws MediationFault when the document cannot be read or has no such port. */
export async function documentAddress(
  source: DocumentSource,
  settings: EndpointSettings,
  message: Message,
): Promise<WsdlAddress> {
  const { endpointStates } = message.environment;
  const key = settings.identity ?? source.uri;
  const known = endpointStates.wsdlAddress(key);
  if (known) return known;
  const text = await documentText(source.uri, message);
  const address = wsdlAddress(parsed(text, source.uri), source);
  if (typeof address === "string") throw unreadable(source.uri, address);
  endpointStates.keepWsdlAddress(key, address);
  return address;
}

function parsed(text: string, uri: string): ReturnType<typeof parseXml> {
  try {
    return parseXml(text, uri);
  } catch (error) {
    throw unreadable(uri, messageOf(error));
  }
}

/** A document of the deployment (a registry key), or one on a server. */
async function documentText(uri: string, message: Message): Promise<string> {
  const resource = message.environment.resource(uri);
  if (resource) return resource.text;
  try {
    const response = await message.environment.callEndpoint({
      method: "GET",
      url: uri,
      headers: [["Accept", "text/xml, application/wsdl+xml, application/xml"]],
      body: undefined,
      timeoutMs: DOCUMENT_TIMEOUT_MS,
    });
    const bytes = await collectBytes(response.body, DOCUMENT_BYTES_MAX);
    if (response.status === 200) return bytes.toString("utf8");
    throw new Error(`the answer has the status ${response.status}`);
  } catch (error) {
    throw unreadable(uri, messageOf(error));
  }
}

function unreadable(uri: string, reason: string): MediationFault {
  return new MediationFault(`Could not read the WSDL endpoint ${uri} : ${reason}`, {
    faultCode: FAULT_CODES.wsdlNotReady,
  });
}
