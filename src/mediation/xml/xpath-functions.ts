/**
 * Functions that Synapse adds to XPath 1.0 (synapse.util.xpath.ext), and the few of XPath 2.0 that
 * configurations use. Arguments are string values; a list result is a node set of text nodes.
 */
import { parseDocument, rootOf, type XmlNode } from "./dom.ts";
import { javaPattern } from "./java-pattern.ts";

type ExtensionFunction = (args: readonly string[]) => string | readonly XmlNode[];

/** Longest text that a pattern is applied to: patterns come from artifacts, texts from messages. */
const PATTERN_TEXT_MAX = 100_000;

/** Name → function; `get-property` is the message's own. */
export const EXTENSION_FUNCTIONS: ReadonlyMap<string, ExtensionFunction> = new Map<
  string,
  ExtensionFunction
>([
  ["base64Encode", ([text = "", charset]) => encode(text, charset)],
  ["base64Decode", ([text = "", charset]) => decode(text, charset)],
  ["url-encode", ([text = ""]) => urlEncode(text)],
  ["lower-case", ([text = ""]) => text.toLowerCase()],
  ["upper-case", ([text = ""]) => text.toUpperCase()],
  ["tokenize", ([text = "", pattern = "\\s+"]) => tokenize(text, pattern)],
]);

function encode(text: string, charset: string | undefined): string {
  return Buffer.from(text, encodingOf(charset)).toString("base64");
}

function decode(text: string, charset: string | undefined): string {
  return Buffer.from(text, "base64").toString(encodingOf(charset));
}

function encodingOf(charset: string | undefined): BufferEncoding {
  const name = (charset ?? "utf-8").toLowerCase();
  if (name === "iso-8859-1") return "latin1";
  return Buffer.isEncoding(name) ? name : "utf8";
}

/** application/x-www-form-urlencoded as java.net.URLEncoder writes it. */
function urlEncode(text: string): string {
  return encodeURIComponent(text)
    .replace(/[!'()~]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll("%20", "+");
}

function tokenize(text: string, pattern: string): readonly XmlNode[] {
  if (text === "") return [];
  const owner = parseDocument("<tokens/>");
  const root = rootOf(owner);
  for (const token of text.slice(0, PATTERN_TEXT_MAX).split(javaPattern(pattern, "part")))
    root.appendChild(owner.createElement("token")).appendChild(owner.createTextNode(token));
  const tokens: XmlNode[] = [];
  for (let node = root.firstChild; node; node = node.nextSibling) tokens.push(node);
  return tokens;
}
