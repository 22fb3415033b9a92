/**
 * XML literals of E4X → calls of the sandbox's XML runtime. The text of the literal becomes string pieces; `{expression}` in
 * content, as an attribute value or in a name becomes a call that escapes what it yields.
 */
import type { ScriptScanner } from "./script-scanner.ts";

/** Elements nested deeper are refused. */
const LITERAL_DEPTH_MAX = 100;

export class XmlLiteralTranslator {
  readonly #scanner: ScriptScanner;
  /** Translates an expression up to its "}". */
  readonly #expression: () => string;
  /** JavaScript expressions that are joined with +. */
  readonly #pieces: string[] = [];
  #text = "";

  constructor(scanner: ScriptScanner, expression: () => string) {
    this.#scanner = scanner;
    this.#expression = expression;
  }

  /** Reads the literal that starts here. @returns the JavaScript expression for it. */
  read(): string {
    const scanner = this.#scanner;
    if (scanner.take("<>")) {
      this.#content(scanner.at, 0, "</>");
      return `$x.list(${this.#joined()})`;
    }
    this.#markup(0);
    return `$x.literal(${this.#joined()})`;
  }

  #joined(): string {
    this.#flush();
    return this.#pieces.length === 0 ? '""' : this.#pieces.join(" + ");
  }

  /** Line breaks of the text are repeated between the pieces: lines keep their numbers. */
  #flush(): void {
    if (this.#text === "") return;
    const lines = this.#text.split("\n");
    const pieces = lines.map((line, index) =>
      JSON.stringify(index < lines.length - 1 ? `${line}\n` : line),
    );
    this.#pieces.push(pieces.join(" +\n"));
    this.#text = "";
  }

  #call(name: "content" | "attribute" | "name"): void {
    this.#scanner.at += 1;
    this.#flush();
    this.#pieces.push(`$x.${name}(${this.#expression()})`);
  }

  /** An element, a comment, a CDATA section or an instruction. */
  #markup(depth: number): void {
    const scanner = this.#scanner;
    const start = scanner.at;
    if (depth > LITERAL_DEPTH_MAX)
      scanner.fail(`an XML literal is nested deeper than ${LITERAL_DEPTH_MAX} elements`);
    if (scanner.startsWith("<!--")) this.#text += scanner.through("-->", "a comment");
    else if (scanner.startsWith("<![CDATA["))
      this.#text += scanner.through("]]>", "a CDATA section");
    else if (scanner.startsWith("<?")) this.#text += scanner.through("?>", "an instruction");
    else {
      scanner.at += 1;
      this.#text += "<";
      this.#name();
      if (this.#attributes(start)) this.#content(start, depth, "</");
    }
  }

  #name(): void {
    const scanner = this.#scanner;
    if (scanner.peek() === "{") {
      this.#call("name");
      return;
    }
    const name = scanner.xmlName();
    if (name === "") scanner.fail("an XML literal needs a name here");
    this.#text += name;
  }

  /** @returns whether content follows. */
  #attributes(start: number): boolean {
    const scanner = this.#scanner;
    for (;;) {
      this.#blank();
      if (scanner.take("/>")) {
        this.#text += "/>";
        return false;
      }
      if (scanner.take(">")) {
        this.#text += ">";
        return true;
      }
      if (scanner.isAtEnd) scanner.fail("an XML literal is not closed", start);
      this.#name();
      this.#blank();
      if (!scanner.take("=")) scanner.fail('an attribute of an XML literal needs "="');
      this.#text += "=";
      this.#blank();
      this.#value();
    }
  }

  #value(): void {
    const scanner = this.#scanner;
    const quote = scanner.peek();
    if (quote === "{") {
      this.#text += '"';
      this.#call("attribute");
      this.#text += '"';
      return;
    }
    if (quote !== '"' && quote !== "'") scanner.fail("an attribute value needs quotes");
    scanner.at += 1;
    this.#text += quote + scanner.through(quote, "an attribute value");
  }

  #blank(): void {
    const scanner = this.#scanner;
    while (/\s/.test(scanner.peek())) {
      this.#text += scanner.peek();
      scanner.at += 1;
    }
  }

  /** Content and the closing tag, which starts with `close`. */
  #content(start: number, depth: number, close: string): void {
    const scanner = this.#scanner;
    for (;;) {
      if (scanner.isAtEnd) scanner.fail("an XML literal is not closed", start);
      if (scanner.take(close)) break;
      if (scanner.peek() === "<") this.#markup(depth + 1);
      else if (scanner.peek() === "{") this.#call("content");
      else {
        this.#text += scanner.peek();
        scanner.at += 1;
      }
    }
    if (close === "</>") return;
    this.#text += "</";
    this.#name();
    this.#blank();
    if (!scanner.take(">")) scanner.fail("a closing tag of an XML literal is not closed");
    this.#text += ">";
  }
}
