/**
 * E4X (ECMA-357) → plain JavaScript that calls the XML runtime of the sandbox (xml-runtime.ts): XML literals with {expressions},
 * `..name`, `.@a`, `.*`, `.ns::name`, `.(filter)`, `for each` and `default xml namespace`. Line breaks stay
 * where they are, so that errors name the lines of the artifact. Called when an artifact is read.
 */
import { XmlLiteralTranslator } from "./xml-literal-translator.ts";
import { ScriptScanner } from "./script-scanner.ts";

/** Longest script that is read, in characters. */
export const SCRIPT_LENGTH_MAX = 500_000;

/** Brackets nested deeper are refused. */
const NESTING_MAX = 200;

/** A name of Java's world that a script uses. */
export interface JavaReference {
  /** "importPackage", "java.util", ... */
  readonly name: string;
  readonly line: number;
}

export interface TranslatedScript {
  readonly source: string;
  readonly javaReferences: readonly JavaReference[];
}

/** Words after which an operand stands, not an operator. */
const BEFORE_OPERAND: ReadonlySet<string> = new Set(
  "return typeof instanceof in of new delete void throw case do else yield await".split(" "),
);
const BEFORE_STATEMENT: ReadonlySet<string> = new Set(["if", "while", "for", "with"]);
const CLOSING: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}" };

/** What an assignment can stand behind. */
const LEFT_SIDE = /[\p{ID_Start}$_][\p{ID_Continue}$]*(?:\.[\p{ID_Continue}$]+|\[[^[\]]*\])*\s*$/u;

/** Roots of Java's packages and the functions that reach classes, in Rhino and in Nashorn. */
const JAVA_ROOTS: ReadonlySet<string> = new Set(["java", "javax", "Packages", "org", "com"]);
const JAVA_CALLS: ReadonlySet<string> = new Set([
  "importPackage",
  "importClass",
  "JavaImporter",
  "Java",
  "JavaAdapter",
  "load",
]);

/** @throws ScriptSyntaxError when the text cannot be read as JavaScript with E4X. */
export function translateScript(text: string): TranslatedScript {
  const scanner = new ScriptScanner(text);
  if (text.length > SCRIPT_LENGTH_MAX)
    scanner.fail(`the script is longer than ${SCRIPT_LENGTH_MAX} characters`);
  const translator = new E4xTranslator(scanner);
  const source = translator.until(undefined);
  const javaReferences = translator.javaReferences.filter(({ name }) => !isDeclared(text, name));
  return { source, javaReferences };
}

function isDeclared(text: string, name: string): boolean {
  const [root = ""] = name.split(".");
  return new RegExp(`\\b(?:var|let|const|function)\\s+${root}\\b|[(,]\\s*${root}\\s*[,)]`).test(
    text,
  );
}

export class E4xTranslator {
  readonly javaReferences: JavaReference[] = [];
  readonly #scanner: ScriptScanner;
  #out = "";
  /** Whether what stands before ends an operand, so that "<" and "/" are operators. */
  #afterOperand = false;
  /** The last word or sign. */
  #last = "";
  #depth = 0;

  constructor(scanner: ScriptScanner) {
    this.#scanner = scanner;
  }

  /**
   * Translates up to a closing bracket, which is taken too.
   * @param close undefined: the end of the text.
   * @param isEachHead the text is the head of a `for each`: its `in` becomes `of`.
   */
  until(close: string | undefined, isEachHead = false): string {
    const scanner = this.#scanner;
    const start = scanner.at;
    const outer = this.#out;
    this.#out = "";
    this.#begin(close === ")" || close === "]" ? "(" : ";");
    this.#depth += 1;
    if (this.#depth > NESTING_MAX) scanner.fail(`brackets are nested deeper than ${NESTING_MAX}`);
    let each = isEachHead ? "awaited" : "none";
    for (;;) {
      this.#out += scanner.space();
      if (scanner.isAtEnd) {
        if (close !== undefined) scanner.fail(`"${close}" is missing`, start - 1);
        break;
      }
      if (close !== undefined && scanner.take(close)) break;
      if (each === "awaited" && /^in\b/.test(scanner.text.slice(scanner.at, scanner.at + 3))) {
        scanner.at += 2;
        this.#out += "of $x.each(";
        this.#begin("in");
        each = "open";
      } else this.#token();
    }
    const inner = each === "open" ? `${this.#out})` : this.#out;
    if (each === "awaited") scanner.fail('"for each" needs "in"', start);
    this.#out = outer;
    this.#depth -= 1;
    return inner;
  }

  #begin(last: string): void {
    this.#afterOperand = false;
    this.#last = last;
  }

  #end(last: string): void {
    this.#afterOperand = true;
    this.#last = last;
  }

  #token(): void {
    const scanner = this.#scanner;
    const sign = scanner.peek();
    if (sign === '"' || sign === "'") this.#operand(scanner.string());
    else if (sign === "`") this.#template();
    else if (sign === "." && !/\d/.test(scanner.peek(1))) this.#dot();
    else if (/[\d.]/.test(sign)) this.#operand(scanner.number());
    else if (sign === "(" || sign === "[" || sign === "{") this.#bracket(sign);
    else if (sign === "<" && !this.#afterOperand) this.#literal();
    else if (sign === "/" && !this.#afterOperand) this.#operand(scanner.pattern());
    else if (sign === "@" && !this.#afterOperand) this.#implicitMember();
    else if (!this.#afterOperand && /^\*\s*::/.test(scanner.text.slice(scanner.at, scanner.at + 9)))
      this.#implicitMember();
    else {
      const word = scanner.name();
      if (word === "") this.#operator();
      else this.#word(word);
    }
  }

  #operand(text: string): void {
    this.#out += text;
    this.#end("operand");
  }

  #operator(): void {
    const scanner = this.#scanner;
    const double = scanner.text.slice(scanner.at, scanner.at + 2);
    if (double === "++" || double === "--" || double === "=>" || double === "<<") {
      scanner.at += 2;
      this.#out += double;
      if (double === "=>" || double === "<<") this.#begin(double);
      return;
    }
    const sign = scanner.peek();
    if (")]}".includes(sign)) scanner.fail(`"${sign}" has no opening bracket`);
    if (sign === "+" && this.#joinsXml()) return;
    scanner.at += 1;
    this.#out += sign;
    this.#begin(sign);
  }

  /** `list += <x/>` becomes an assignment; other sums with a literal would make text and are refused. */
  #joinsXml(): boolean {
    const scanner = this.#scanner;
    const ahead = scanner.text.slice(scanner.at, scanner.at + 200);
    const sum = /^\+(=?)\s*<(?=[\p{L}_>{])/u.exec(ahead);
    if (!sum || !this.#afterOperand) return false;
    const left = LEFT_SIDE.exec(this.#out.slice(-500))?.[0];
    if (sum[1] !== "=" || left === undefined)
      return scanner.fail("XML cannot be joined with +: use appendChild, or list += <element/>");
    scanner.at += 2;
    this.#out = `${this.#out.slice(0, -left.length)}${left.trim()} = $x.add(${left.trim()},`;
    this.#out += scanner.space();
    this.#literal();
    this.#out += ")";
    return true;
  }

  #bracket(open: string): void {
    const scanner = this.#scanner;
    const before = this.#last;
    const isBlock = open === "{" && (!this.#startsObject() || this.#afterOperand);
    scanner.at += 1;
    const close = CLOSING[open] ?? open;
    const inner = this.until(close);
    this.#out += `${open}${inner}${close}`;
    if (isBlock || (open === "(" && BEFORE_STATEMENT.has(before))) this.#begin(close);
    else this.#end(close);
  }

  /** Whether a brace here opens an object literal. */
  #startsObject(): boolean {
    return (
      /^(?:[(,=:[!&|?+*/%<>~^-]|return|typeof|in|of|case|throw|new|void|delete)$/.test(
        this.#last,
      ) && this.#out !== ""
    );
  }

  #word(word: string): void {
    const scanner = this.#scanner;
    if (word === "for" && /^\s+each\s*\(/.test(scanner.text.slice(scanner.at, scanner.at + 100))) {
      this.#forEach();
      return;
    }
    if (
      word === "default" &&
      /^\s+xml\s+namespace\s*=/.test(scanner.text.slice(scanner.at, scanner.at + 100))
    ) {
      scanner.through("=", "default xml namespace");
      this.#out += "$x.defaultNamespace =";
      this.#begin("=");
      return;
    }
    if (!this.#afterOperand && /^\s*::/.test(scanner.text.slice(scanner.at, scanner.at + 9))) {
      scanner.at -= word.length;
      this.#implicitMember();
      return;
    }
    this.#noteJava(word);
    this.#out += word;
    if (BEFORE_OPERAND.has(word)) this.#begin(word);
    else this.#end(word);
    if (BEFORE_STATEMENT.has(word)) this.#last = word;
  }

  #forEach(): void {
    const scanner = this.#scanner;
    scanner.through("(", "for each");
    const head = this.until(")", true);
    this.#out += `for (${head})`;
    this.#begin(")");
  }

  #noteJava(word: string): void {
    const scanner = this.#scanner;
    const isRoot = JAVA_ROOTS.has(word);
    if (!isRoot && !JAVA_CALLS.has(word)) return;
    const ahead = scanner.text.slice(scanner.at, scanner.at + 100);
    const member = /^\s*\.\s*([a-zA-Z]\w*)/.exec(ahead)?.[1];
    if (isRoot ? member === undefined : !/^\s*[.(]/.test(ahead)) return;
    const name = isRoot ? `${word}.${member ?? ""}` : word;
    this.javaReferences.push({ name, line: scanner.lineOf(scanner.at) });
  }

  #template(): void {
    const scanner = this.#scanner;
    const start = scanner.at;
    scanner.at += 1;
    let text = "`";
    while (!scanner.take("`")) {
      if (scanner.isAtEnd) scanner.fail("a template is not closed", start);
      if (scanner.take("${")) text += `\${${this.until("}")}}`;
      else {
        const length = scanner.peek() === "\\" ? 2 : 1;
        text += scanner.text.slice(scanner.at, scanner.at + length);
        scanner.at += length;
      }
    }
    this.#operand(`${text}\``);
  }

  #literal(): void {
    const inner = new E4xTranslator(this.#scanner);
    inner.#depth = this.#depth + 1;
    const literal = new XmlLiteralTranslator(this.#scanner, () => inner.until("}"));
    this.#operand(literal.read());
    this.javaReferences.push(...inner.javaReferences);
  }

  /** A member behind an operand: plain, or one of E4X. */
  #dot(): void {
    const scanner = this.#scanner;
    if (scanner.take("...")) {
      this.#out += "...";
      this.#begin("...");
      return;
    }
    scanner.at += 1;
    if (this.#last === "?" && /[[(]/.test(scanner.peek())) {
      this.#out += ".";
      return;
    }
    const descends = scanner.take(".");
    this.#out += scanner.space();
    if (!descends && scanner.peek() === "(") {
      this.#filter();
      return;
    }
    const key = this.#memberKey();
    if (descends) this.#operand(`.$descendants(${key.expression})`);
    else this.#operand(key.plain === undefined ? `[${key.expression}]` : `.${key.plain}`);
  }

  /** `.(condition)`: names inside are children first. */
  #filter(): void {
    this.#scanner.at += 1;
    const condition = this.until(")");
    this.#operand(`.$filter(function () { with (this) { return (${condition}); } })`);
  }

  /** `@id`, `*::name` and `ns::name` without an operand before them: members of what a filter looks at. */
  #implicitMember(): void {
    const { expression } = this.#memberKey();
    this.#operand(`this[${expression}]`);
  }

  /** A member's name as an expression that yields the runtime's key: "name", "@name", "uri::name", "@*::name". */
  #memberKey(): { readonly expression: string; readonly plain: string | undefined } {
    const scanner = this.#scanner;
    const at = scanner.take("@") ? "@" : "";
    const first = this.#nameOrStar();
    if (first === undefined) {
      if (at === "" || scanner.peek() !== "[")
        return scanner.fail("a name is missing behind the dot");
      scanner.at += 1;
      return { expression: `$x.attributeKey(${this.until("]")})`, plain: undefined };
    }
    if (!/^\s*::/.test(scanner.text.slice(scanner.at, scanner.at + 9))) {
      const plain = at === "" && first !== "*" ? first : undefined;
      return { expression: JSON.stringify(`${at}${first}`), plain };
    }
    scanner.through("::", "a qualified name");
    scanner.space();
    if (first === "function")
      return { expression: JSON.stringify(this.#nameOrStar() ?? ""), plain: undefined };
    const name = this.#qualifiedName();
    if (first === "*")
      return { expression: `${JSON.stringify(`${at}*::`)} + ${name}`, plain: undefined };
    return { expression: `${JSON.stringify(at)} + $x.key(${first}, ${name})`, plain: undefined };
  }

  #qualifiedName(): string {
    const scanner = this.#scanner;
    if (scanner.take("[")) return `(${this.until("]")})`;
    return JSON.stringify(this.#nameOrStar() ?? scanner.fail('a name is missing behind "::"'));
  }

  #nameOrStar(): string | undefined {
    if (this.#scanner.take("*")) return "*";
    const name = this.#scanner.name();
    return name === "" ? undefined : name;
  }
}
