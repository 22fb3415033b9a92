/** The `<parameter name="..">text</parameter>` children that stores, processors and inbound endpoints have in common. */
import { attributeOf, childElements, childrenNamed, textOf } from "../../../config/xml-query.ts";
import type { XmlElement } from "../../../config/xml.ts";
import { elementText } from "../element-text.ts";
import type { ReadContext } from "./read-context.ts";

/** Parameters by name; the last of a name wins. */
export class Parameters {
  readonly #values = new Map<string, string>();
  readonly #element: XmlElement;
  readonly #context: ReadContext;

  constructor(element: XmlElement, context: ReadContext) {
    this.#element = element;
    this.#context = context;
    for (const child of childrenNamed(element, "parameter")) {
      const name = attributeOf(child, "name")?.trim();
      if (!name) context.error(child, "Invalid parameter - Parameter must have a name");
      else this.#values.set(name, valueOf(child));
    }
  }

  /** The text; undefined when it is absent or blank. */
  text(name: string): string | undefined {
    const value = this.#values.get(name);
    return value === "" ? undefined : value;
  }

  /** Whether the text is "true", in any case. */
  flag(name: string, fallback: boolean): boolean {
    const value = this.text(name);
    return value === undefined ? fallback : value.toLowerCase() === "true";
  }

  /** A whole number from `least` to `greatest`; `fallback` when it is absent or faulty (a problem was reported). */
  number(name: string, fallback: number, [least, greatest]: readonly [number, number]): number {
    const value = this.text(name);
    if (value === undefined) return fallback;
    const number = Number(value);
    if (/^-?\d{1,15}$/.test(value) && number >= least && number <= greatest) return number;
    this.#context.error(
      this.#element,
      `The parameter ${name} must be a whole number from ${least} to ${greatest}, not "${value}"`,
    );
    return fallback;
  }
}

function valueOf(child: XmlElement): string {
  const [inner] = childElements(child);
  return inner ? elementText(inner) : textOf(child);
}
