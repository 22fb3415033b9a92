/**
 * What the readers of artifacts share: the collected problems, the reading of child mediators, and the attributes that
 * many elements have in common (expressions, key references, values). A reader reports what is wrong and
 * returns undefined; it never throws for a faulty artifact.
 */
import { attributeOf, childElements } from "../../../config/xml-query.ts";
import type { XmlElement } from "../../../config/xml.ts";
import { messageOf } from "../../../errors/app-error.ts";
import type { ConfigProblems } from "../../../errors/config-error.ts";
import type { KeyReference } from "../../mediators/key-reference.ts";
import type { Mediator, MediatorList } from "../../mediators/mediator.ts";
import type { ValueSource } from "../../mediators/named-value.ts";
import { compileExpression, type Expression } from "../../message/expression.ts";
import { connectorSentence } from "./refused-mediators.ts";
import { javaPattern } from "../java-pattern.ts";
import { EndpointLedger } from "./endpoint-ledger.ts";

/** Reads the element of one mediator. */
export interface MediatorReader {
  /** Local name of the element. */
  readonly name: string;
  /** It knows the element only to refuse it. */
  readonly isRefusal?: boolean;
  /** The mediator, or undefined when a problem was reported. */
  read(element: XmlElement, context: ReadContext): Mediator | undefined;
}

/** Elements between mediators that say something to people only. */
const NOT_MEDIATORS: readonly string[] = ["description"];

/** A script that an element refers to by a fixed key. */
export interface ScriptUse {
  readonly element: XmlElement;
  readonly key: string;
}

export class ReadContext {
  readonly problems: ConfigProblems;
  /** The artifact that is being read when it has trace="enable", for example "proxy P". */
  tracer: string | undefined;
  /** The endpoints of this compilation. */
  readonly endpoints: EndpointLedger;
  /** Scripts that are referred to by a fixed key, checked when everything has been read. */
  readonly scriptUses: ScriptUse[] = [];
  readonly #readers: ReadonlyMap<string, MediatorReader>;

  constructor(
    problems: ConfigProblems,
    readers: readonly MediatorReader[],
    endpoints = new EndpointLedger(),
  ) {
    this.problems = problems;
    this.endpoints = endpoints;
    this.#readers = new Map(readers.map((reader) => [reader.name, reader]));
  }

  /** Reports an error at an element. */
  error(element: XmlElement, message: string): undefined {
    this.problems.error(element.place, message);
  }

  warning(element: XmlElement, message: string): void {
    this.problems.warning(element.place, message);
  }

  /** The child mediators of an element, in order. */
  mediators(parent: XmlElement): MediatorList {
    return childElements(parent)
      .filter((child) => !NOT_MEDIATORS.includes(child.name))
      .map((child) => this.#mediator(child))
      .filter((mediator) => mediator !== undefined);
  }

  #mediator(element: XmlElement): Mediator | undefined {
    const reader = this.#readers.get(element.name);
    if (reader) return reader.read(element, this);
    const connector = connectorSentence(element);
    if (connector !== undefined) return this.error(element, connector);
    return this.error(
      element,
      `Unknown mediator referenced by configuration element : ${element.name}. Supported mediators are ${this.#supported().join(", ")}`,
    );
  }

  #supported(): readonly string[] {
    const readers = [...this.#readers.values()];
    return readers.filter(({ isRefusal }) => isRefusal !== true).map(({ name }) => name);
  }

  /** The expression in an attribute; undefined when it is absent or faulty (then a problem was reported). */
  expression(element: XmlElement, attribute: string): Expression | undefined {
    const source = attributeOf(element, attribute);
    if (source === undefined) return undefined;
    const evaluator = attributeOf(element, "evaluator") === "json" ? "json" : "xml";
    return this.compile(element, source, evaluator);
  }

  /** Compiles an expression with the namespaces of the element. */
  compile(
    element: XmlElement,
    source: string,
    evaluator: "xml" | "json" = "xml",
  ): Expression | undefined {
    try {
      return compileExpression(source, element.namespaces, evaluator);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      return this.error(element, `Invalid expression : ${messageOf(error)}`);
    }
  }

  /** "key" or "{expression}". */
  keyReference(element: XmlElement, text: string): KeyReference | undefined {
    const dynamic = /^\s*\{(.*)\}\s*$/s.exec(text)?.[1];
    if (dynamic === undefined) return { kind: "static", key: text.trim() };
    const expression = this.compile(element, dynamic);
    return expression && { kind: "dynamic", expression };
  }

  /** The `value` or `expression` of an element; undefined when neither is there. */
  valueSource(element: XmlElement): ValueSource | undefined {
    const text = attributeOf(element, "value");
    if (text !== undefined) return { kind: "text", text };
    const expression = this.expression(element, "expression");
    return expression && { kind: "expression", expression };
  }

  /**
   * A pattern of Java that has to match a whole text.
   * @returns undefined when JavaScript cannot read it or its time cannot be bounded (a problem was reported).
   */
  wholePattern(element: XmlElement, source: string): RegExp | undefined {
    try {
      return javaPattern(source, "whole");
    } catch (error) {
      return this.error(element, `Invalid regular expression : ${messageOf(error)}`);
    }
  }
}
