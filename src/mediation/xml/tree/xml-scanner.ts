/**
 * The words of an XML document (XML 1.0, fifth edition): names, character data, values of attributes, references,
 * comments, CDATA sections and instructions. Walks once over the text; whatever is not as the productions say is
 * refused with its place. Entities are the five of XML itself, since there is no document type.
 */
import { MediationFault } from "../../mediation-fault.ts";
import { allowedEnd, isAllowed, nameEnd, plainTextEnd, plainValueEnd } from "./xml-characters.ts";

const AMPERSAND = 0x26;
const LESS_THAN = 0x3c;
const CLOSING_BRACKET = 0x5d;

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ["lt", "<"],
  ["gt", ">"],
  ["amp", "&"],
  ["quot", '"'],
  ["apos", "'"],
]);

/** The longest reference is a number with leading zeros; this is far beyond any that is meant. */
const REFERENCE_LENGTH_MAX = 64;

export class XmlScanner {
  readonly #text: string;
  /** Where the next word begins. */
  at = 0;

  /** @param text with the line ends of any system and no byte order mark. */
  constructor(text: string) {
    // Line ends become one character before anything is read (section 2.11).
    this.#text = text.includes("\r") ? text.replace(/\r\n?/g, "\n") : text;
  }

  get isAtEnd(): boolean {
    return this.at >= this.#text.length;
  }

  /** The code of the next character; NaN at the end. */
  get code(): number {
    return this.#text.charCodeAt(this.at);
  }

  /** The next characters, not taken. */
  peek(count: number): string {
    return this.#text.slice(this.at, this.at + count);
  }

  startsWith(word: string): boolean {
    return this.#text.startsWith(word, this.at);
  }

  /** Takes the word if it is next. */
  take(word: string): boolean {
    if (!this.#text.startsWith(word, this.at)) return false;
    this.at += word.length;
    return true;
  }

  /** Whether there was any (S). */
  skipSpace(): boolean {
    const from = this.at;
    for (let { code } = this; code === 0x20 || code === 9 || code === 10; code = this.code)
      this.at += 1;
    return this.at > from;
  }

  /** A Name; `what` says of what. */
  name(what: string): string {
    const end = nameEnd(this.#text, this.at);
    if (end === this.at) this.refuse(`${what} is expected here`);
    const name = this.#text.slice(this.at, end);
    this.at = end;
    return name;
  }

  /** Character data and references up to the next markup, or to the end. */
  characterData(): string {
    const text = this.#text;
    let value = "";
    let from = this.at;
    for (;;) {
      this.at = plainTextEnd(text, this.at);
      const code = text.charCodeAt(this.at);
      if (code === LESS_THAN || this.at >= text.length) break;
      if (code === AMPERSAND) {
        value += text.slice(from, this.at) + this.#reference();
        from = this.at;
      } else if (code === CLOSING_BRACKET) {
        if (this.startsWith("]]>")) this.refuse('"]]>" may only end a CDATA section');
        this.at += 1;
      } else this.#refuseCharacter();
    }
    const rest = from === this.at ? "" : text.slice(from, this.at);
    return value === "" ? rest : value + rest;
  }

  /** The value of an attribute with its quotes; white space becomes blanks (section 3.3.3). */
  attributeValue(): string {
    const text = this.#text;
    const quote = text.charAt(this.at);
    if (quote !== '"' && quote !== "'") this.refuse("the value of an attribute has to be quoted");
    const opening = this.at;
    this.at += 1;
    let value = "";
    let from = this.at;
    for (;;) {
      this.at = plainValueEnd(text, this.at);
      const sign = text.charAt(this.at);
      if (sign === quote) break;
      if (sign === "&" || sign === "\n" || sign === "\t") {
        value += text.slice(from, this.at) + this.#inValue(sign);
        from = this.at;
      } else if (sign === '"' || sign === "'") this.at += 1;
      else this.#refuseInValue(sign, opening);
    }
    const rest = text.slice(from, this.at);
    this.at += 1;
    return value === "" ? rest : value + rest;
  }

  /** What is before `end`, which is taken too; `from` is where the markup begins that it closes. */
  until(end: string, what: string, from: number): string {
    const found = this.#text.indexOf(end, this.at);
    if (found === -1) this.refuse(`${what} does not end`, from);
    const bad = allowedEnd(this.#text, this.at, found);
    if (bad < found) {
      this.at = bad;
      this.#refuseCharacter();
    }
    const inner = this.#text.slice(this.at, found);
    this.at = found + end.length;
    return inner;
  }

  /** @throws MediationFault always, with line and column of `at` (default: of the next character). */
  refuse(reason: string, at: number = this.at): never {
    const before = this.#text.slice(0, at);
    const line = before.split("\n").length;
    const column = at - before.lastIndexOf("\n");
    throw new MediationFault(
      `Error while building message. XML is not well-formed: ${reason} (line ${line}, column ${column})`,
    );
  }

  #inValue(sign: string): string {
    if (sign === "&") return this.#reference();
    this.at += 1;
    return " ";
  }

  #refuseInValue(sign: string, opening: number): never {
    if (sign === "") this.refuse("the value of an attribute does not end", opening);
    if (sign === "<") this.refuse('"<" is not allowed in the value of an attribute');
    this.#refuseCharacter();
  }

  #refuseCharacter(): never {
    const code = this.#text.codePointAt(this.at) ?? 0;
    const number = code.toString(16).toUpperCase().padStart(4, "0");
    this.refuse(`a character that XML does not allow (U+${number})`);
  }

  /** Section 4.1. */
  #reference(): string {
    const end = this.#text.slice(this.at, this.at + REFERENCE_LENGTH_MAX).indexOf(";");
    if (end === -1) this.refuse('"&" has to be written as &amp; where no reference follows');
    const name = this.#text.slice(this.at + 1, this.at + end);
    const value = name.startsWith("#") ? this.#numbered(name) : ENTITIES.get(name);
    if (value === undefined) this.refuse(`the entity &${name}; is not declared`);
    this.at += end + 1;
    return value;
  }

  #numbered(name: string): string {
    const [, hex, decimal] = /^#(?:x([\dA-Fa-f]+)|(\d+))$/.exec(name) ?? [];
    const code = hex === undefined ? Number(decimal ?? Number.NaN) : Number.parseInt(hex, 16);
    if (Number.isNaN(code)) this.refuse(`&${name}; is not a reference to a character`);
    if (!isAllowed(code))
      this.refuse(`a reference to a character that XML does not allow (&${name};)`);
    return String.fromCodePoint(code);
  }
}
