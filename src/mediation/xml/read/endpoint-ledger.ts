/**
 * What the readers of one compilation remember of endpoints: which were read, so that each has an identity that is the same
 * in each generation that has it unchanged, and which are made from templates, to be checked when all templates are known.
 */
import type { XmlElement } from "../../../config/xml.ts";
import type { TemplateInstance } from "../../endpoints/endpoint.ts";

export interface TemplateUse {
  readonly element: XmlElement;
  readonly instance: TemplateInstance;
}

export class EndpointLedger {
  readonly #prefix: string;
  readonly #counts = new Map<string, number>();
  readonly templateUses: TemplateUse[] = [];

  /** @param prefix the identity of the instance that endpoints of a template belong to. */
  constructor(prefix = "") {
    this.#prefix = prefix;
  }

  /** File, text and, where the same text stands in a file several times, its place among them. */
  identityOf(element: XmlElement): string {
    const text = `${this.#prefix}${element.place.file}\n${element.source}`;
    const count = this.#counts.get(text) ?? 0;
    this.#counts.set(text, count + 1);
    return `${text}\n${count}`;
  }
}
