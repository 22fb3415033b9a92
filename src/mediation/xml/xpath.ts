/**
 * XPath 1.0 with variables and extension functions (Jaxen as Synapse uses it). Expressions are compiled once, when the artifact is read, with the namespaces that are
 * in scope of the element that holds them; `fn:` and any other prefix of XPath's function namespace may
 * stand before core functions.
 */
import { messageOf } from "../../errors/app-error.ts";
import { MediationFault } from "../mediation-fault.ts";
import { nodeText, type XmlNode } from "./dom.ts";
import { compileSimpleXPath } from "./simple-xpath.ts";
import { compileXPath2, needsXPath2 } from "./xpath2.ts";
import { UnboundedRange } from "./range-bound.ts";
import { EXTENSION_FUNCTIONS } from "./xpath-functions.ts";
import {
  type LibraryExpression,
  type LibraryOptions,
  type LibraryValue,
  parseLibraryExpression,
} from "./xpath-library.ts";

/** What an expression yields. */
export type XPathValue = string | number | boolean | readonly XmlNode[];

/** What an expression may ask while it is evaluated. */
export interface XPathScope {
  /** The context node: the root of the envelope. */
  readonly node: XmlNode;
  /** The value of `$prefix:name` ("" for no prefix); undefined: there is no such variable. */
  variable(prefix: string, name: string): XPathValue | undefined;
  /** `get-property(name)` or `get-property(scope, name)`. */
  property(args: readonly string[]): XPathValue;
}

export interface XPathExpression {
  readonly source: string;
  /** @throws MediationFault when the expression cannot be evaluated. */
  evaluate(scope: XPathScope): XPathValue;
}

/** Prefixes of Synapse's variables; a namespace of their own keeps them apart from the user's prefixes. */
const VARIABLE_PREFIXES = ["ctx", "axis2", "trp", "url", "func", "operation", "sys"];
const VARIABLE_NAMESPACE = "urn:synapse:variable:";
const FUNCTION_NAMESPACES = [
  "http://www.w3.org/2005/xpath-functions",
  "http://www.w3.org/2005/02/xpath-functions",
];

/** Nested parentheses and predicates beyond it are refused: the library's parser is recursive. */
const XPATH_LENGTH_MAX = 10_000;

/**
 * Compiles an expression. What XPath 1.0 cannot read, or asks for a function that it does not have, is XPath 2.0.
 * @param namespaces prefix → URI in scope.
 * @throws SyntaxError when it is an expression of neither.
 */
export function compileXPath(
  source: string,
  namespaces: ReadonlyMap<string, string>,
): XPathExpression {
  if (source.length > XPATH_LENGTH_MAX)
    throw new SyntaxError(`XPath expression is longer than ${XPATH_LENGTH_MAX} characters`);
  const simple = compileSimpleXPath(source, namespaces, VARIABLE_PREFIXES);
  if (simple) return { source, evaluate: simple };
  return compileLibraryXPath(source, namespaces);
}

/** The same without the quick way of `compileSimpleXPath`: what that one is tested against. */
export function compileLibraryXPath(
  source: string,
  namespaces: ReadonlyMap<string, string>,
): XPathExpression {
  if (needsXPath2(source, [...EXTENSION_FUNCTIONS.keys()]))
    return compileXPath2(source, namespaces);
  let parsed: LibraryExpression;
  try {
    parsed = parse(source, namespaces);
  } catch (error) {
    return compileOther(source, namespaces, error);
  }
  const resolve = (prefix: string): string | undefined =>
    namespaces.get(prefix) ??
    (VARIABLE_PREFIXES.includes(prefix) ? `${VARIABLE_NAMESPACE}${prefix}` : undefined);
  return {
    source,
    evaluate(scope) {
      try {
        return fromLibrary(parsed.evaluate(libraryOptions(scope, resolve)));
      } catch (error) {
        if (error instanceof MediationFault) throw error;
        throw new MediationFault(
          `Evaluation of the XPath expression ${source} resulted in an error: ${messageOf(error)}`,
          { cause: error },
        );
      }
    },
  };
}

/** Tries XPath 2.0; a text that is neither is reported as XPath 1.0 sees it. */
function compileOther(
  source: string,
  namespaces: ReadonlyMap<string, string>,
  reason: unknown,
): XPathExpression {
  try {
    return compileXPath2(source, namespaces);
  } catch (error) {
    throw error instanceof UnboundedRange ? error : reason;
  }
}

function parse(source: string, namespaces: ReadonlyMap<string, string>): LibraryExpression {
  try {
    return parseLibraryExpression(withoutFunctionPrefixes(source, namespaces));
  } catch (error) {
    throw new SyntaxError(`"${source}" is not an XPath expression: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** Core functions have no namespace in the library: takes "fn:" away, outside string literals. */
function withoutFunctionPrefixes(source: string, namespaces: ReadonlyMap<string, string>): string {
  return source.replace(
    /"[^"]*"|'[^']*'|(?<![\w.:$-])([A-Za-z_][\w.-]*):(?=[\w-]+\s*\()/g,
    (whole, prefix: string | undefined) => {
      if (prefix === undefined) return whole;
      const isFunction =
        prefix === "fn" || FUNCTION_NAMESPACES.includes(namespaces.get(prefix) ?? "");
      return isFunction ? "" : whole;
    },
  );
}

function libraryOptions(
  scope: XPathScope,
  resolve: (prefix: string) => string | undefined,
): LibraryOptions {
  return {
    node: scope.node,
    namespaces: resolve,
    variables: (name, namespace) => scope.variable(prefixOf(namespace), name),
    functions: (name) => {
      if (name === "get-property")
        return (_, ...args) => scope.property(args.map((value) => value.stringValue()));
      const extension = EXTENSION_FUNCTIONS.get(name);
      return extension && ((_, ...args) => extension(args.map((value) => value.stringValue())));
    },
  };
}

function prefixOf(namespace: string | null): string {
  return namespace?.startsWith(VARIABLE_NAMESPACE) === true
    ? namespace.slice(VARIABLE_NAMESPACE.length)
    : "";
}

function fromLibrary(value: LibraryValue): XPathValue {
  if (value.toArray) return value.toArray();
  if ("num" in value) return value.numberValue();
  return "b" in value ? value.booleanValue() : value.stringValue();
}

/** The string value; of a node set what Synapse makes of each node, one after the other. */
export function xpathText(value: XPathValue): string {
  if (typeof value === "object") return value.map(nodeText).join("");
  return String(value);
}

/** The boolean value (XPath 1.0, section 4.3). */
export function xpathBoolean(value: XPathValue): boolean {
  if (typeof value === "object") return value.length > 0;
  if (typeof value === "number") return value !== 0 && !Number.isNaN(value);
  return typeof value === "boolean" ? value : value.length > 0;
}

/** Functions and variables that need no message body: expressions made of them only leave it unread. */
const BODILESS = new RegExp(
  [
    /"[^"]*"|'[^']*'/,
    /\$(?:ctx|axis2|trp|url|func|operation|sys):[\w.-]+/,
    /(?:fn:)?(?:get-property|base64Encode|base64Decode|url-encode|concat|contains|starts-with|string|number|boolean|not|true|false|substring(?:-before|-after)?|translate|normalize-space|string-length|lower-case|upper-case|floor|ceiling|round)\s*\(/,
    /\b(?:and|or|div|mod)\b/,
    /\d+(?:\.\d*)?|\.\d+|[\s(),=!<>+-]/,
  ]
    .map((part) => `(?:${part.source})`)
    .join("|"),
  "g",
);

/** Functions that look at the context node when they have no argument. */
const CONTEXT_FUNCTION = /(?:string|number|normalize-space|string-length)\s*\(\s*\)/;
/** Names that get-property answers from the envelope. */
const BODY_PROPERTY = /get-property\s*\(\s*["'](?:FAULT|OperationName|OperationNamespace)["']/;

/** Whether the expression can look into the message, so that its body has to be built first. */
export function touchesMessage(source: string): boolean {
  if (BODY_PROPERTY.test(source) || CONTEXT_FUNCTION.test(source)) return true;
  return source.replace(BODILESS, "") !== "";
}
