/**
 * Reads a message's XML into a tree: the structure of a document (XML 1.0, fifth edition, section 2; Namespaces in
 * XML 1.0). Everything that the two call an error is refused, and a document type as well, hence nothing is ever
 * expanded or fetched. Bounds are looked at while reading, so that no tree is made that is too large.
 */
import { NameScope } from "./name-scope.ts";
import type { QualifiedName } from "./qualified-name.ts";
import { XmlCharacterNode } from "./xml-character-node.ts";
import { XmlDocument } from "./xml-document.ts";
import { XmlElementNode } from "./xml-element-node.ts";
import { appendNew, NODE_TYPE, type XmlNode } from "./xml-node.ts";
import { XmlScanner } from "./xml-scanner.ts";

export interface DocumentBounds {
  /** Elements inside one another. */
  readonly depthMax: number;
  /** Start tags, end tags, comments, CDATA sections and instructions. */
  readonly tagsMax: number;
  /** Of one element. */
  readonly attributesMax: number;
}

/** Behind "<?xml" and up to "?>": productions 23 to 32 and 80. Line ends are "\n" by now. */
const DECLARATION =
  /^[ \t\n]+version[ \t\n]*=[ \t\n]*(?:"1\.\d+"|'1\.\d+')(?:[ \t\n]+encoding[ \t\n]*=[ \t\n]*(?:"[A-Za-z][\w.-]*"|'[A-Za-z][\w.-]*'))?(?:[ \t\n]+standalone[ \t\n]*=[ \t\n]*(?:"(?:yes|no)"|'(?:yes|no)'))?[ \t\n]*$/;

const LESS_THAN = 0x3c;
const GREATER_THAN = 0x3e;
const SLASH = 0x2f;
const EXCLAMATION = 0x21;
const QUESTION = 0x3f;

/** So many attributes are compared one by one. */
const FEW_ATTRIBUTES = 8;

/** @throws MediationFault with line and column when the text is no XML document within the bounds. */
export function readDocument(text: string, bounds: DocumentBounds): XmlDocument {
  return new DocumentParser(text, bounds).read();
}

class DocumentParser {
  readonly #bounds: DocumentBounds;
  readonly #scanner: XmlScanner;
  readonly #scope = new NameScope();
  readonly #document = new XmlDocument();
  /** The open element, or the document. */
  #parent: XmlNode = this.#document;
  /** Of each open element, whether it declares namespaces. */
  readonly #declares: boolean[] = [];
  #tags = 0;
  // Of the start tag that is being read.
  #names: string[] = [];
  #values: string[] = [];
  #hasDeclarations = false;

  constructor(text: string, bounds: DocumentBounds) {
    this.#scanner = new XmlScanner(text);
    this.#bounds = bounds;
  }

  read(): XmlDocument {
    const scanner = this.#scanner;
    if (/^<\?xml[ \t\n]/.test(scanner.peek(6))) this.#declaration();
    while (!scanner.isAtEnd) {
      if (scanner.code === LESS_THAN) this.#markup();
      else this.#text();
    }
    const { nodeName } = this.#parent;
    if (this.#parent !== this.#document) scanner.refuse(`the element ${nodeName} does not end`);
    if (!this.#document.documentElement) scanner.refuse("there is no element");
    return this.#document;
  }

  #declaration(): void {
    this.#scanner.at = "<?xml".length;
    if (!DECLARATION.test(this.#scanner.until("?>", "the XML declaration", 0)))
      this.#scanner.refuse("the XML declaration is faulty", 0);
  }

  #markup(): void {
    const scanner = this.#scanner;
    const start = scanner.at;
    this.#tags += 1;
    if (this.#tags > this.#bounds.tagsMax) scanner.refuse(`more than ${this.#bounds.tagsMax} tags`);
    scanner.at += 1;
    const { code } = scanner;
    if (code === SLASH) this.#endTag();
    else if (code === EXCLAMATION) this.#declared(start);
    else if (code === QUESTION) this.#instruction(start);
    else this.#startTag(start);
  }

  #text(): void {
    const scanner = this.#scanner;
    if (this.#parent !== this.#document) {
      this.#append(NODE_TYPE.text, scanner.characterData());
      return;
    }
    scanner.skipSpace();
    if (!scanner.isAtEnd && scanner.code !== LESS_THAN)
      scanner.refuse("there is text outside the root element");
  }

  #append(type: 3 | 4 | 8, data: string): void {
    appendNew(this.#parent, new XmlCharacterNode(type, this.#document, data));
  }

  /** Comments, CDATA sections and what only document types have. */
  #declared(start: number): void {
    const scanner = this.#scanner;
    if (scanner.take("!--")) {
      const data = scanner.until("--", "the comment", start);
      if (!scanner.take(">")) scanner.refuse('"--" is not allowed in a comment');
      this.#append(NODE_TYPE.comment, data);
    } else if (scanner.take("![CDATA[")) {
      if (this.#parent === this.#document)
        scanner.refuse("there is text outside the root element", start);
      this.#append(NODE_TYPE.cdata, scanner.until("]]>", "the CDATA section", start));
    } else if (scanner.startsWith("!DOCTYPE"))
      scanner.refuse("a document type (<!DOCTYPE>) is not allowed", start);
    else scanner.refuse('"<!" begins neither a comment nor a CDATA section', start);
  }

  #instruction(start: number): void {
    const scanner = this.#scanner;
    scanner.at += 1;
    const target = scanner.name("the name of a processing instruction");
    if (target.toLowerCase() === "xml")
      scanner.refuse("an XML declaration may only be the very first", start);
    if (target.includes(":")) scanner.refuse(`"${target}" has a colon`, start);
    const isBare = !scanner.skipSpace();
    const data = scanner.until("?>", "the processing instruction", start);
    if (isBare && data !== "") scanner.refuse("white space is expected behind the name", start);
    const node = new XmlCharacterNode(NODE_TYPE.instruction, this.#document, data, target);
    appendNew(this.#parent, node);
  }

  #startTag(start: number): void {
    const scanner = this.#scanner;
    if (this.#parent === this.#document && this.#document.documentElement)
      scanner.refuse("there is a second root element", start);
    const name = scanner.name("the name of an element");
    const isEmpty = this.#attributes(name, start);
    const hasScope = this.#hasDeclarations;
    if (hasScope) this.#declare(start);
    const element = new XmlElementNode(
      this.#known(this.#scope.element(name), start),
      this.#document,
    );
    if (this.#names.length > 0) this.#setAttributes(element, start);
    appendNew(this.#parent, element);
    if (isEmpty) {
      if (hasScope) this.#scope.close();
      return;
    }
    this.#parent = element;
    this.#declares.push(hasScope);
    if (this.#declares.length > this.#bounds.depthMax)
      scanner.refuse(`nested deeper than ${this.#bounds.depthMax} elements`, start);
  }

  /** Reads to the end of the tag; true when it closes the element too. */
  #attributes(element: string, start: number): boolean {
    const scanner = this.#scanner;
    if (this.#names.length > 0) {
      this.#names = [];
      this.#values = [];
    }
    this.#hasDeclarations = false;
    for (;;) {
      const hasSpace = scanner.skipSpace();
      const { code } = scanner;
      if (code === GREATER_THAN) {
        scanner.at += 1;
        return false;
      }
      if (code === SLASH && scanner.take("/>")) return true;
      if (scanner.isAtEnd) scanner.refuse(`the tag ${element} does not end`, start);
      if (!hasSpace) scanner.refuse(`white space or ">" is expected in the tag ${element}`);
      this.#attribute();
    }
  }

  #attribute(): void {
    const scanner = this.#scanner;
    if (this.#names.length === this.#bounds.attributesMax)
      scanner.refuse(`an element with more than ${this.#bounds.attributesMax} attributes`);
    const name = scanner.name("the name of an attribute");
    scanner.skipSpace();
    if (!scanner.take("=")) scanner.refuse(`the attribute ${name} has no value`);
    scanner.skipSpace();
    this.#names.push(name);
    this.#values.push(scanner.attributeValue());
    if (isDeclaration(name)) this.#hasDeclarations = true;
  }

  #declare(start: number): void {
    this.#scope.open();
    for (const [index, name] of this.#names.entries()) {
      if (!isDeclaration(name)) continue;
      const problem = this.#scope.declare(name, this.#values[index] ?? "");
      if (problem !== undefined) this.#scanner.refuse(problem, start);
    }
  }

  #setAttributes(element: XmlElementNode, start: number): void {
    const names = this.#names.map((name) => this.#known(this.#scope.attribute(name), start));
    const twice = names.length > FEW_ATTRIBUTES ? twiceOfMany(names) : twiceOfFew(names);
    if (twice)
      this.#scanner.refuse(
        `the attribute ${twice.nodeName} of ${element.nodeName} is there twice`,
        start,
      );
    element.setNewAttributes(names, this.#values);
  }

  #known(found: QualifiedName | string, start: number): QualifiedName {
    return typeof found === "string" ? this.#scanner.refuse(found, start) : found;
  }

  #endTag(): void {
    const scanner = this.#scanner;
    const start = scanner.at - 1;
    const parent = this.#parent;
    scanner.at += 1;
    if (parent === this.#document || !scanner.take(parent.nodeName)) this.#refuseEnd(start);
    if (scanner.code !== GREATER_THAN) {
      const isSpaced = scanner.skipSpace();
      if (scanner.code !== GREATER_THAN) {
        if (isSpaced) scanner.refuse(`">" is expected`);
        this.#refuseEnd(start);
      }
    }
    scanner.at += 1;
    if (this.#declares.pop() === true) this.#scope.close();
    this.#parent = parent.parentNode ?? this.#document;
  }

  #refuseEnd(start: number): never {
    const scanner: XmlScanner = this.#scanner;
    scanner.at = start + 2;
    const name = scanner.name("the name of the element that ends");
    const open = this.#parent === this.#document ? undefined : this.#parent.nodeName;
    if (open === undefined) scanner.refuse(`</${name}> ends no element`, start);
    scanner.refuse(`</${name}> is not the end of ${open}`, start);
  }
}

function isDeclaration(name: string): boolean {
  return name.startsWith("xmlns") && (name.length === 5 || name.charAt(5) === ":");
}

function twiceOfFew(names: readonly QualifiedName[]): QualifiedName | undefined {
  for (let index = 1; index < names.length; index += 1)
    for (let before = 0; before < index; before += 1) {
      const one = names[index];
      const other = names[before];
      if (one?.localName === other?.localName && one?.namespaceURI === other?.namespaceURI)
        return one;
    }
  return undefined;
}

function twiceOfMany(names: readonly QualifiedName[]): QualifiedName | undefined {
  const seen = new Set<string>();
  for (const name of names) {
    const key = `${name.localName} ${name.namespaceURI ?? ""}`;
    if (seen.has(key)) return name;
    seen.add(key);
  }
  return undefined;
}
