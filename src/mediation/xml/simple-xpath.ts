/**
 * The quick way for the XPath expressions that most configurations are made of: a property by get-property or a
 * variable, a location path of child, descendant, attribute and text() steps with positions, and its comparison
 * with a literal. Says the same as the library (a property test holds them together) in a fraction of the
 * time; whatever it does not know is left to the library.
 */
import { DocumentOrder } from "./document-order.ts";
import { isElement, isText, textContentOf, type XmlNode } from "./dom.ts";
import type { XPathScope, XPathValue } from "./xpath.ts";

export type SimpleXPath = (scope: XPathScope) => XPathValue;

interface Step {
  readonly kind: "child" | "descendant" | "attribute" | "text";
  /** Undefined: any name, or text. */
  readonly test: { readonly namespace: string; readonly local: string } | undefined;
  /** [n], counted within each parent. */
  readonly position: number | undefined;
}

interface Path {
  /** "/" and "//" start at the document, a relative path at the context node. */
  readonly from: "document" | "context" | { readonly variable: string };
  readonly steps: readonly Step[];
}

const PROPERTY =
  /^get-property\(\s*(?:'([^']*)'|"([^"]*)")\s*(?:,\s*(?:'([^']*)'|"([^"]*)")\s*)?\)$/;
const VARIABLE = /^\$([A-Za-z_][\w-]*):([A-Za-z_][\w.-]*)$/;
const COMPARISON = /^([^'"=!<>]+?)\s*(!?=)\s*(?:'([^']*)'|"([^"]*)")$/;
const STEP =
  /(\/\/?)(?:text\(\)|(@)?(?:(\*)|(?:([A-Za-z_][\w.-]*):)?([A-Za-z_][\w.-]*)))(?:\[(\d{1,6})\])?/y;

/**
 * Compiles an expression; undefined when it is not one of the simple kinds, or a prefix has no namespace.
 * @param variablePrefixes prefixes of `$prefix:name` that stand for property scopes.
 */
export function compileSimpleXPath(
  source: string,
  namespaces: ReadonlyMap<string, string>,
  variablePrefixes: readonly string[],
): SimpleXPath | undefined {
  const text = source.trim();
  return (
    compileProperty(text) ??
    compileVariable(text, namespaces, variablePrefixes) ??
    compileComparison(text, namespaces) ??
    compilePath(text, namespaces)
  );
}

function compileProperty(text: string): SimpleXPath | undefined {
  const match = PROPERTY.exec(text);
  if (!match) return undefined;
  const first = match[1] ?? match[2] ?? "";
  const second = match[3] ?? match[4];
  const args = second === undefined ? [first] : [first, second];
  return (scope) => scope.property(args);
}

function compileVariable(
  text: string,
  namespaces: ReadonlyMap<string, string>,
  prefixes: readonly string[],
): SimpleXPath | undefined {
  const [, prefix = "", name = ""] = VARIABLE.exec(text) ?? [];
  if (!prefixes.includes(prefix) || namespaces.has(prefix)) return undefined;
  return (scope) => scope.variable(prefix, name) ?? "";
}

function compileComparison(
  text: string,
  namespaces: ReadonlyMap<string, string>,
): SimpleXPath | undefined {
  const match = COMPARISON.exec(text);
  const path = match && readPath(match[1] ?? "", namespaces);
  if (!path) return undefined;
  const literal = match[3] ?? match[4] ?? "";
  const isEqual = match[2] === "=";
  return (scope) =>
    select(path, scope).some((node) => (textContentOf(node) === literal) === isEqual);
}

function compilePath(
  text: string,
  namespaces: ReadonlyMap<string, string>,
): SimpleXPath | undefined {
  const path = readPath(text, namespaces);
  return path && ((scope) => select(path, scope));
}

function readPath(text: string, namespaces: ReadonlyMap<string, string>): Path | undefined {
  const variable = /^\$(body|header|env)(?=\/|$)/.exec(text);
  const start = variable ? variable[0].length : 0;
  const isAbsolute = text.startsWith("/");
  const from = variable ? { variable: variable[1] ?? "" } : isAbsolute ? "document" : "context";
  const rest = variable || isAbsolute ? text.slice(start) : `/${text}`;
  const steps = readSteps(rest, namespaces);
  return steps && (steps.length > 0 || variable) ? { from, steps } : undefined;
}

function readSteps(
  text: string,
  namespaces: ReadonlyMap<string, string>,
): readonly Step[] | undefined {
  const steps: Step[] = [];
  const pattern = new RegExp(STEP);
  while (pattern.lastIndex < text.length) {
    const match = pattern.exec(text);
    if (!match) return undefined;
    const [, slashes, attribute, any, prefix, local] = match;
    const position = match[6] === undefined ? undefined : Number(match[6]);
    const isNamed = any !== undefined || local !== undefined;
    // "//@a" and "//text()" are steps of their own kind in XPath: the library does them.
    if (slashes === "//" && (!isNamed || attribute !== undefined)) return undefined;
    const namespace = prefix === undefined ? "" : namespaces.get(prefix);
    if (namespace === undefined) return undefined;
    const isDescendant = slashes === "//";
    const named = attribute === undefined ? "child" : "attribute";
    const kind = isDescendant ? "descendant" : isNamed ? named : "text";
    steps.push({ kind, test: local === undefined ? undefined : { namespace, local }, position });
    // Nothing is below an attribute or a text.
    if ((kind === "attribute" || kind === "text") && pattern.lastIndex < text.length)
      return undefined;
  }
  return steps;
}

function select(path: Path, scope: XPathScope): readonly XmlNode[] {
  let nodes = startOf(path, scope);
  let mayNest = false;
  for (const step of path.steps) {
    const found: XmlNode[] = [];
    for (const node of nodes) collect(step, node, found);
    // Nodes inside one another have children out of order, and descendants twice.
    const needsOrder =
      found.length > 1 && (mayNest || (step.kind === "descendant" && step.position !== undefined));
    nodes = needsOrder ? new DocumentOrder().sorted([...new Set(found)]) : found;
    mayNest ||= step.kind === "descendant";
  }
  return nodes;
}

function startOf(path: Path, scope: XPathScope): readonly XmlNode[] {
  if (path.from === "context") return [scope.node];
  if (path.from === "document") return [scope.node.ownerDocument ?? scope.node];
  const value = scope.variable("", path.from.variable);
  return typeof value === "object" ? value : [];
}

function collect(step: Step, node: XmlNode, into: XmlNode[]): void {
  switch (step.kind) {
    case "child":
      collectChildren(step, node, into);
      return;
    case "descendant":
      collectDescendants(step, node, into);
      return;
    case "attribute":
      collectAttributes(step, node, into);
      return;
    case "text":
    default:
      collectTexts(step, node, into);
  }
}

function collectChildren(step: Step, parent: XmlNode, into: XmlNode[]): void {
  let count = 0;
  for (let node = parent.firstChild; node; node = node.nextSibling) {
    if (!isElement(node) || !passes(step, node)) continue;
    count += 1;
    if (step.position === undefined) into.push(node);
    else if (count === step.position) {
      into.push(node);
      return;
    }
  }
}

function collectTexts(step: Step, parent: XmlNode, into: XmlNode[]): void {
  let count = 0;
  for (let node = parent.firstChild; node; node = node.nextSibling) {
    if (!isText(node)) continue;
    count += 1;
    if (step.position === undefined || step.position === count) into.push(node);
  }
}

function collectAttributes(step: Step, node: XmlNode, into: XmlNode[]): void {
  if (!isElement(node)) return;
  let count = 0;
  for (const attribute of node.attributes) {
    if (attribute.namespaceURI === XMLNS || !passes(step, attribute)) continue;
    count += 1;
    if (step.position === undefined || step.position === count) into.push(attribute);
  }
}

const XMLNS = "http://www.w3.org/2000/xmlns/";

/** Depth first, without recursion: the payload may be deep. */
function collectDescendants(step: Step, top: XmlNode, into: XmlNode[]): void {
  if (step.position !== undefined) collectChildren(step, top, into);
  let node = top.firstChild;
  while (node) {
    if (isElement(node)) {
      if (step.position !== undefined) collectChildren(step, node, into);
      else if (passes(step, node)) into.push(node);
    }
    if (node.firstChild) {
      node = node.firstChild;
      continue;
    }
    while (node && node !== top && !node.nextSibling) node = node.parentNode;
    if (!node || node === top) return;
    node = node.nextSibling;
  }
}

interface Named {
  readonly localName?: string | null;
  readonly namespaceURI?: string | null;
}

function passes(step: Step, node: Named): boolean {
  const { test } = step;
  return !test || (node.localName === test.local && (node.namespaceURI ?? "") === test.namespace);
}
