/**
 * XPath 2.0 (in fact 3.1, by fontoxpath) for the expressions that XPath 1.0 cannot express: what Synapse does with
 * `synapse.xpath.dom.failover.enabled`. Synapse's variables and functions are there as well. The time of one
 * evaluation is bounded, wherever it is spent. The library is loaded with the first such expression: few have one.
 */
import { createRequire } from "node:module";
import type fontoxpath from "fontoxpath";
import { messageOf } from "../../errors/app-error.ts";
import { MediationFault } from "../mediation-fault.ts";
import { timedCall } from "../timed-call.ts";
import { boundedFacade } from "./bounded-facade.ts";
import { XmlDocument, type XmlElementNode, type XmlNode } from "./dom.ts";
import { checkRanges } from "./range-bound.ts";
import { EXTENSION_FUNCTIONS } from "./xpath-functions.ts";
import { XPATH_TIME_MAX_MS } from "./xpath-library.ts";
import type { XPathExpression, XPathScope, XPathValue } from "./xpath.ts";

/** The package is CommonJS: its names are properties of the default export. */
type Library = typeof fontoxpath;

let loaded: Library | undefined;

/** Expressions are compiled where nothing waits, so it is loaded at once. */
function library(): Library {
  loaded ??= withSynapseFunctions(createRequire(import.meta.url)("fontoxpath") as Library);
  return loaded;
}

const SYNAPSE_FUNCTIONS = "urn:bascule:synapse-functions";
const FUNCTIONS = "http://www.w3.org/2005/xpath-functions";
const LITERALS = /"[^"]*"|'[^']*'/g;

/** Functions of XPath 1.0 (section 4), and words that stand before a parenthesis there. */
const XPATH1_NAMES: ReadonlySet<string> = new Set(
  "last position count id local-name namespace-uri name string concat starts-with contains substring-before substring-after substring string-length normalize-space translate boolean not true false lang number sum floor ceiling round text node comment processing-instruction and or div mod get-property".split(
    " ",
  ),
);

/** Whether an expression calls a function that neither XPath 1.0 nor the extensions have. */
export function needsXPath2(source: string, extensions: readonly string[]): boolean {
  const calls = source
    .replace(LITERALS, '""')
    .matchAll(/(?<![\w.$:-])(?:fn:)?([A-Za-z_][\w.-]*)\s*\(/g);
  for (const [, name = ""] of calls)
    if (!XPATH1_NAMES.has(name) && !extensions.includes(name)) return true;
  return false;
}

type SynapseFunction = (scope: XPathScope, args: readonly string[]) => XPathValue;

/** fontoxpath keeps functions for the whole process; the message comes with each evaluation. */
function withSynapseFunctions(fresh: Library): Library {
  const register = (localName: string, answer: SynapseFunction): void => {
    for (const count of [1, 2])
      fresh.registerCustomXPathFunction(
        { localName, namespaceURI: SYNAPSE_FUNCTIONS },
        Array.from({ length: count }, () => "item()*"),
        "item()*",
        (context, ...args: readonly unknown[]) => {
          const value = answer(context.currentContext as XPathScope, args.map(argumentText));
          return Array.isArray(value) ? [...value] : [value];
        },
      );
  };
  register("get-property", (scope, args) => scope.property(args));
  for (const [name, extension] of EXTENSION_FUNCTIONS) register(name, (_, args) => extension(args));
  return fresh;
}

function argumentText(argument: unknown): string {
  const first: unknown = Array.isArray(argument) ? argument[0] : argument;
  if (typeof first === "object" && first !== null && "textContent" in first)
    return String(first.textContent);
  if (typeof first === "string") return first;
  return typeof first === "number" || typeof first === "boolean" ? String(first) : "";
}

/** @throws SyntaxError when the text is no XPath 3.1 expression, UnboundedRange when it counts too far. */
export function compileXPath2(
  source: string,
  namespaces: ReadonlyMap<string, string>,
): XPathExpression {
  const variables = new Map<string, readonly [prefix: string, name: string]>();
  const text = withPlainVariables(source, variables);
  check(text, source);
  return {
    source,
    evaluate(scope) {
      try {
        return timedCall(XPATH_TIME_MAX_MS, () => evaluate(text, scope, namespaces, variables));
      } catch (error) {
        throw new MediationFault(
          `Evaluation of the XPath expression ${source} resulted in an error: ${messageOf(error)}`,
          { cause: error },
        );
      }
    },
  };
}

function check(text: string, source: string): void {
  const document = new XmlDocument();
  const { parseScript } = library();
  try {
    document.appendChild(parseScript(text, {}, document as never) as unknown as XmlElementNode);
  } catch (error) {
    throw new SyntaxError(`"${source}" is not an XPath expression: ${messageOf(error)}`, {
      cause: error,
    });
  }
  checkRanges(document);
}

/** fontoxpath hands values to variables without prefix only: `$ctx:name` becomes `$ctx..name`. */
function withPlainVariables(
  source: string,
  variables: Map<string, readonly [prefix: string, name: string]>,
): string {
  return source.replace(
    /"[^"]*"|'[^']*'|\$(?:(ctx|axis2|trp|url|func|operation|sys):)?([A-Za-z_][\w.-]*)/g,
    (whole, prefix: string | undefined, name: string | undefined) => {
      const isPart = name === "body" || name === "header" || name === "env";
      if (name === undefined || (prefix === undefined && !isPart)) return whole;
      const plain = prefix === undefined ? name : `${prefix}..${name}`;
      variables.set(plain, [prefix ?? "", name]);
      return `$${plain}`;
    },
  );
}

function evaluate(
  text: string,
  scope: XPathScope,
  namespaces: ReadonlyMap<string, string>,
  variables: ReadonlyMap<string, readonly [prefix: string, name: string]>,
): XPathValue {
  const { evaluateXPath } = library();
  const values: Record<string, unknown> = {};
  for (const [plain, [prefix, name]] of variables)
    values[plain] = scope.variable(prefix, name) ?? "";
  const results: unknown = evaluateXPath(
    text,
    scope.node,
    boundedFacade(XPATH_TIME_MAX_MS),
    values,
    evaluateXPath.ALL_RESULTS_TYPE,
    {
      currentContext: scope,
      namespaceResolver: (prefix: string) => namespaceOf(prefix, namespaces),
      functionNameResolver: ({ prefix, localName }) => ({
        localName,
        namespaceURI: functionNamespace(prefix, localName, namespaces),
      }),
    },
  );
  return toValue(results);
}

/** Names without a prefix are in no namespace, as in XPath 1.0. */
function namespaceOf(prefix: string, namespaces: ReadonlyMap<string, string>): string | null {
  if (prefix === "") return null;
  return namespaces.get(prefix) ?? WELL_KNOWN[prefix] ?? null;
}

const WELL_KNOWN: Readonly<Record<string, string>> = {
  fn: FUNCTIONS,
  xs: "http://www.w3.org/2001/XMLSchema",
  math: "http://www.w3.org/2005/xpath-functions/math",
  map: "http://www.w3.org/2005/xpath-functions/map",
  array: "http://www.w3.org/2005/xpath-functions/array",
};

function functionNamespace(
  prefix: string,
  name: string,
  namespaces: ReadonlyMap<string, string>,
): string {
  if (prefix === "") {
    const isOwn = ["get-property", "base64Encode", "base64Decode", "url-encode"].includes(name);
    return isOwn ? SYNAPSE_FUNCTIONS : FUNCTIONS;
  }
  const uri = namespaces.get(prefix) ?? WELL_KNOWN[prefix] ?? "";
  return uri === "http://www.w3.org/2005/02/xpath-functions" ? FUNCTIONS : uri;
}

/** One value is itself, nodes are a node set, other lists are joined by blanks as xsl:value-of does. */
function toValue(results: unknown): XPathValue {
  const items = Array.isArray(results) ? (results as readonly unknown[]) : [results];
  if (items.every(isNode)) return items;
  const [first] = items;
  const isScalar = typeof first === "number" || typeof first === "boolean";
  if (items.length === 1 && isScalar) return first;
  return items.map(itemText).join(" ");
}

function isNode(item: unknown): item is XmlNode {
  return typeof item === "object" && item !== null && "nodeType" in item;
}

function itemText(item: unknown): string {
  if (isNode(item)) return item.textContent ?? "";
  return item instanceof Date ? item.toISOString() : String(item);
}
