/**
 * XML files (node configuration, Synapse artifacts) → a tree of elements that know their line.
 * fast-xml-parser builds the tree; because it accepts mismatched tags and two roots, libxml2 checks first
 * that the text is well-formed (XML 1.0, Namespaces in XML 1.0). Document types are refused, so no
 * entity of a user's file is ever expanded. Not for message payloads.
 */
import { XMLParser } from "fast-xml-parser";
import { XmlDocument, XmlLibError } from "libxml2-wasm";
import { ConfigError, type SourcePlace } from "../errors/config-error.ts";
import { findCrowdedTag } from "./xml-attribute-count.ts";
import { decodeEntities } from "./xml-entities.ts";

/** Largest file that is read, in UTF-16 units. */
export const XML_LENGTH_MAX = 10 * 1024 * 1024;
/** Most attributes of one element; fast-xml-parser takes seconds for a hundred thousand. */
export const XML_ATTRIBUTES_MAX = 1_000;
/** Deepest nesting that is read. */
export const XML_DEPTH_MAX = 200;

export interface XmlAttribute {
  /** Local name. */
  readonly name: string;
  readonly prefix: string;
  /** Namespace URI; "" for an attribute without prefix. */
  readonly namespace: string;
  readonly value: string;
}

export interface XmlText {
  readonly kind: "text";
  readonly value: string;
  readonly cdata: boolean;
}

export interface XmlElement {
  readonly kind: "element";
  /** Local name. */
  readonly name: string;
  readonly prefix: string;
  /** Namespace URI; "" when the element is in none. */
  readonly namespace: string;
  /** Without namespace declarations. */
  readonly attributes: readonly XmlAttribute[];
  /** Elements and text in document order; comments and processing instructions are left out. */
  readonly children: readonly XmlNode[];
  /** Prefix → URI for every declaration in scope; the default namespace has the prefix "". */
  readonly namespaces: ReadonlyMap<string, string>;
  /** The line of the start tag. */
  readonly place: SourcePlace;
  /** The element as it stands in the file, tags included. */
  readonly source: string;
}

export type XmlNode = XmlElement | XmlText;

const METADATA = XMLParser.getMetaDataSymbol() as symbol;

const parser = new XMLParser({
  preserveOrder: true,
  captureMetaData: true,
  ignoreAttributes: false,
  attributeNamePrefix: "",
  allowBooleanAttributes: true,
  cdataPropName: "#cdata",
  commentPropName: "#comment",
  ignoreDeclaration: true,
  ignorePiTags: true,
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  processEntities: false,
  // Above libxml2's bound of 256, so that XML_DEPTH_MAX is the one that users meet.
  maxNestedTags: 300,
});

/**
 * Reads one document.
 * @param file the name used in errors; nothing is opened.
 * @throws ConfigError CONFIG_INVALID with file and line when the text is not well-formed, has a document
 * type, or is beyond XML_LENGTH_MAX, XML_DEPTH_MAX or XML_ATTRIBUTES_MAX.
 */
export function parseXml(text: string, file: string): XmlElement {
  const source = text.startsWith("\uFEFF") ? text.slice(1) : text;
  if (source.length > XML_LENGTH_MAX)
    fail({ file, line: 1 }, `XML file is larger than ${XML_LENGTH_MAX} characters`);
  checkWellFormed(source, file);
  const crowded = findCrowdedTag(source, XML_ATTRIBUTES_MAX);
  if (crowded !== undefined) {
    const place = { file, line: source.slice(0, crowded).split("\n").length };
    fail(place, `an element has more than ${XML_ATTRIBUTES_MAX} attributes`);
  }
  const reader = new TreeReader(source, file);
  const root = reader.readRoot(parser.parse(source));
  if (!root) fail({ file, line: 1 }, "XML file has no root element");
  return root;
}

function fail(place: SourcePlace, message: string): never {
  throw new ConfigError([{ ...place, severity: "error", message }]);
}

function checkWellFormed(source: string, file: string): void {
  const doctype = doctypeOffset(source);
  if (doctype !== undefined) {
    const line = source.slice(0, doctype).split("\n").length;
    fail({ file, line }, "a document type (<!DOCTYPE>) is not allowed");
  }
  try {
    XmlDocument.fromString(source).dispose();
  } catch (error) {
    if (!(error instanceof XmlLibError)) throw error;
    const detail = error.details[0];
    const reason = (detail?.message ?? error.message).trim();
    fail({ file, line: detail?.line ?? 1 }, `XML is not well-formed: ${reason}`);
  }
}

/** Where a document type starts; the word inside a comment, a CDATA section or an instruction is none. */
function doctypeOffset(source: string): number | undefined {
  const markup = /<!--[^]*?-->|<!\[CDATA\[[^]*?\]\]>|<\?[^]*?\?>|<!DOCTYPE/g;
  for (const match of source.matchAll(markup)) if (match[0] === "<!DOCTYPE") return match.index;
  return undefined;
}

/** What fast-xml-parser yields for one node with `preserveOrder`. */
type ParsedNode = Readonly<Record<string, unknown>>;

/** Start offset and exclusive end offset of an element in the source. */
function offsetsOf(node: ParsedNode): { readonly startIndex?: number; readonly endIndex?: number } {
  return (Reflect.get(node, METADATA) ?? {}) as { startIndex?: number; endIndex?: number };
}

class TreeReader {
  readonly #source: string;
  readonly #file: string;
  readonly #lineStarts: readonly number[];

  constructor(source: string, file: string) {
    this.#source = source;
    this.#file = file;
    const starts = [0];
    for (let at = source.indexOf("\n"); at !== -1; at = source.indexOf("\n", at + 1))
      starts.push(at + 1);
    this.#lineStarts = starts;
  }

  readRoot(parsed: unknown): XmlElement | undefined {
    const nodes = this.#readNodes(parsed, new Map(), 0);
    return nodes.find((node) => node.kind === "element");
  }

  #readNodes(parsed: unknown, scope: ReadonlyMap<string, string>, depth: number): XmlNode[] {
    const nodes: XmlNode[] = [];
    for (const node of parsed as readonly ParsedNode[]) {
      const name = Object.keys(node).find((key) => key !== ":@");
      if (name === undefined || name === "#comment" || name.startsWith("?")) continue;
      if (name === "#text") {
        nodes.push({ kind: "text", value: decodeEntities(String(node[name])), cdata: false });
      } else if (name === "#cdata") {
        const value = (node[name] as readonly ParsedNode[])
          .map((part) => String(part["#text"]))
          .join("");
        nodes.push({ kind: "text", value, cdata: true });
      } else {
        nodes.push(this.#readElement(node, name, scope, depth));
      }
    }
    return nodes;
  }

  #readElement(
    node: ParsedNode,
    name: string,
    outer: ReadonlyMap<string, string>,
    depth: number,
  ): XmlElement {
    const { startIndex: start = 0, endIndex: end = start } = offsetsOf(node);
    const place = { file: this.#file, line: this.#lineAt(start) };
    if (depth >= XML_DEPTH_MAX) fail(place, `XML is nested deeper than ${XML_DEPTH_MAX} elements`);
    const given = Object.entries((node[":@"] ?? {}) as Readonly<Record<string, unknown>>).map(
      ([key, value]) => [key, decodeEntities(String(value))] as const,
    );
    const namespaces = scopeWith(outer, given);
    const [prefix, local] = splitName(name);
    return {
      kind: "element",
      name: local,
      prefix,
      namespace: namespaces.get(prefix) ?? "",
      attributes: given
        .filter(([key]) => !isDeclaration(key))
        .map((pair) => toAttribute(pair, namespaces)),
      children: this.#readNodes(node[name], namespaces, depth + 1),
      namespaces,
      place,
      source: this.#source.slice(start, end),
    };
  }

  /** Binary search in the table of line starts; lines count from 1. */
  #lineAt(offset: number): number {
    let low = 0;
    let high = this.#lineStarts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#lineStarts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low + 1;
  }
}

function isDeclaration(key: string): boolean {
  return key === "xmlns" || key.startsWith("xmlns:");
}

function splitName(name: string): readonly [prefix: string, local: string] {
  const colon = name.indexOf(":");
  return colon === -1 ? ["", name] : [name.slice(0, colon), name.slice(colon + 1)];
}

function scopeWith(
  outer: ReadonlyMap<string, string>,
  given: readonly (readonly [string, string])[],
): ReadonlyMap<string, string> {
  const declarations = given.filter(([key]) => isDeclaration(key));
  if (declarations.length === 0) return outer;
  const scope = new Map(outer);
  for (const [key, uri] of declarations)
    scope.set(key === "xmlns" ? "" : key.slice("xmlns:".length), uri);
  return scope;
}

function toAttribute(
  pair: readonly [string, string],
  namespaces: ReadonlyMap<string, string>,
): XmlAttribute {
  const [prefix, name] = splitName(pair[0]);
  return {
    name,
    prefix,
    namespace: prefix === "" ? "" : (namespaces.get(prefix) ?? ""),
    value: pair[1],
  };
}
