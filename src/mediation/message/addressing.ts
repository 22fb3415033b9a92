/**
 * Addressing fields of a message (WS-Addressing 1.0 and the 2004/08 submission): they come from the request
 * path and SOAPAction, or from the wsa headers once a SOAP envelope has been built, and are what
 * `header name="To"`, get-property('To') and `send` without endpoint use.
 */
import { elementNamed, elementsOf, textContentOf, type XmlDocument } from "../xml/dom.ts";
import { headerOf } from "../xml/soap.ts";

export const ADDRESSING_NAMESPACES: readonly string[] = [
  "http://www.w3.org/2005/08/addressing",
  "http://schemas.xmlsoap.org/ws/2004/08/addressing",
];

export const ADDRESSING_FIELDS = [
  "To",
  "From",
  "Action",
  "FaultTo",
  "ReplyTo",
  "RelatesTo",
  "MessageID",
] as const;

export type AddressingField = (typeof ADDRESSING_FIELDS)[number];

/** The fields that are present. */
export type Addressing = Partial<Record<AddressingField, string>>;

/** The field of that name, or undefined when it names none. Names are case-sensitive. */
export function addressingField(name: string): AddressingField | undefined {
  return ADDRESSING_FIELDS.find((field) => field === name);
}

/** "Answer on the connection that the request came on" (WS-Addressing 1.0 core, section 2.1). */
export const ANONYMOUS_ADDRESS = "http://www.w3.org/2005/08/addressing/anonymous";

/** Whether an address means the client's own connection. */
export function isAnonymous(address: string | undefined): boolean {
  return (
    address === ANONYMOUS_ADDRESS ||
    address === "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous"
  );
}

/** The fields that the wsa header blocks of an envelope carry; without ReplyTo that is anonymous. */
export function readAddressing(envelope: XmlDocument): Addressing {
  const header = headerOf(envelope);
  const found: Addressing = {};
  for (const block of header ? elementsOf(header) : []) {
    const namespace = block.namespaceURI ?? "";
    const field = addressingField(block.localName ?? "");
    if (!field || !ADDRESSING_NAMESPACES.includes(namespace)) continue;
    const text = textContentOf(elementNamed(block, namespace, "Address") ?? block).trim();
    if (text !== "") found[field] = text;
  }
  if (Object.keys(found).length > 0) found.ReplyTo ??= ANONYMOUS_ADDRESS;
  return found;
}

/** Takes the wsa header blocks away, and the header when nothing else is in it. */
export function removeAddressing(envelope: XmlDocument): void {
  const header = headerOf(envelope);
  if (!header) return;
  const blocks = elementsOf(header).filter((block) =>
    ADDRESSING_NAMESPACES.includes(block.namespaceURI ?? ""),
  );
  for (const block of blocks) header.removeChild(block);
  if (blocks.length > 0 && elementsOf(header).length === 0) header.parentNode?.removeChild(header);
}
