/**
 * The payload of an XML message as bytes, found without reading the message: where the envelope around it is of the usual plain
 * kind, without header blocks and attributes. Whatever is not that plain is left to `Message.payload`, and so
 * is what turns out to be malformed: this file takes no decision that a reader would take differently.
 */
import { SOAP_NAMESPACES, type SoapVersion } from "../xml/soap.ts";
import { parseContentType, payloadKindOf } from "./content-type.ts";
import type { EnvelopeParts } from "./written-envelope.ts";

/** Longest tags around a payload. */
const AROUND_LENGTH_MAX = 2_048;
/** Larger messages take the way that counts their tags. */
const BYTES_MAX = 1024 * 1024;

const DECLARATION =
  /^<\?xml version=["']1\.0["'](?: encoding=["'][Uu][Tt][Ff]-8["'])?(?: standalone=["'](?:yes|no)["'])?\s*\?>\s*/;
const ENVELOPE =
  /^<([A-Za-z_][\w.-]*):Envelope((?:\s+xmlns:[A-Za-z_][\w.-]*=(?:"[^"<&]*"|'[^'<&]*'))+)\s*>\s*(?:<\1:Header\s*\/>\s*|<\1:Header\s*>\s*<\/\1:Header\s*>\s*)?<\1:Body\s*>\s*/;
const NAMESPACE = /\s+xmlns:([A-Za-z_][\w.-]*)=(?:"([^"]*)"|'([^']*)')/g;

/**
 * @param contentType the header of the message.
 * @returns undefined when the message has to be read.
 */
export function unreadPayload(
  bytes: Buffer,
  contentType: string | undefined,
): EnvelopeParts | undefined {
  const { type, charset } = parseContentType(contentType);
  const isUtf8 = charset === undefined || charset === "utf-8";
  if (!isUtf8 || bytes.length > BYTES_MAX || bytes.includes("<!DOCTYPE")) return undefined;
  const kind = payloadKindOf(type);
  if (kind === "xml") return plainPayload(bytes);
  return kind === "soap11" || kind === "soap12" ? soapPayload(bytes) : undefined;
}

const NOTHING = Buffer.alloc(0);

/** Comments and instructions beside the element are no part of the payload. */
function plainPayload(bytes: Buffer): EnvelopeParts | undefined {
  const head = bytes.toString("latin1", 0, AROUND_LENGTH_MAX);
  const start = DECLARATION.exec(head)?.[0].length ?? 0;
  const content = bytes.subarray(start, endOf(bytes));
  const end = content.toString("latin1", Math.max(0, content.length - 3));
  if (!/^<[A-Za-z_]/.test(head.slice(start)) || /-->$|\?>$/.test(end)) return undefined;
  return { version: undefined, before: NOTHING, after: NOTHING, content };
}

function soapPayload(bytes: Buffer): EnvelopeParts | undefined {
  const head = bytes.toString("latin1", 0, AROUND_LENGTH_MAX);
  const declared = DECLARATION.exec(head)?.[0].length ?? 0;
  const [start, prefix, declarations = ""] = ENVELOPE.exec(head.slice(declared)) ?? [];
  if (start === undefined || prefix === undefined) return undefined;
  const namespaces = namespacesOf(declarations);
  const version = namespaces && versionOf(namespaces.get(prefix));
  const from = declared + start.length;
  const tail = bytes.toString("latin1", Math.max(from, bytes.length - AROUND_LENGTH_MAX));
  const end = new RegExp(
    `\\s*</${quoted(prefix)}:Body\\s*>\\s*</${quoted(prefix)}:Envelope\\s*>\\s*$`,
  );
  const after = end.exec(tail)?.[0];
  if (!namespaces || version === undefined || after === undefined) return undefined;
  const inner = bytes.subarray(from, bytes.length - after.length);
  const content = withNamespaces(inner, namespaces);
  if (!content) return undefined;
  const before = bytes.subarray(declared, from);
  return { version, before, after: Buffer.from(after.trim(), "latin1"), content };
}

/** Undefined when a prefix is declared twice. */
function namespacesOf(declarations: string): ReadonlyMap<string, string> | undefined {
  const namespaces = new Map<string, string>();
  for (const [, prefix = "", double, single] of declarations.matchAll(NAMESPACE)) {
    if (namespaces.has(prefix) || prefix.toLowerCase().startsWith("xml")) return undefined;
    namespaces.set(prefix, double ?? single ?? "");
  }
  return namespaces;
}

function versionOf(namespace: string | undefined): SoapVersion | undefined {
  if (namespace === SOAP_NAMESPACES["1.1"]) return "1.1";
  return namespace === SOAP_NAMESPACES["1.2"] ? "1.2" : undefined;
}

/** The element with the declarations of the envelope that it may use; undefined when it declares one of them itself. */
function withNamespaces(
  content: Buffer,
  namespaces: ReadonlyMap<string, string>,
): Buffer | undefined {
  const name = /^<[A-Za-z_][\w.-]*(?::[A-Za-z_][\w.-]*)?/.exec(
    content.toString("latin1", 0, 512),
  )?.[0];
  if (name === undefined) return undefined;
  let added = "";
  for (const [prefix, uri] of namespaces) {
    if (uri === "" || content.includes(`xmlns:${prefix}`)) return undefined;
    if (content.includes(`${prefix}:`))
      added += ` xmlns:${prefix}="${uri.replaceAll('"', "&quot;")}"`;
  }
  if (added === "") return content;
  const { length } = name;
  const declarations = Buffer.from(added, "latin1");
  return Buffer.concat([content.subarray(0, length), declarations, content.subarray(length)]);
}

function endOf(bytes: Buffer): number {
  let end = bytes.length;
  while (end > 0 && WHITE_SPACE.has(bytes[end - 1] ?? 0)) end -= 1;
  return end;
}

const WHITE_SPACE: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d]);

function quoted(prefix: string): string {
  return prefix.replaceAll(/[.-]/g, String.raw`\$&`);
}
