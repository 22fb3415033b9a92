/**
 * XML Schema by libxml2 in WebAssembly: schemas compiled from the texts of resources, kept in a bounded table by their
 * content. Everything is synchronous and lives outside the collector, so documents are released as soon as they
 * are checked, and a schema when the table drops it.
 */
import { XmlDocument, XmlLibError, xmlRegisterInputProvider, XsdValidator } from "libxml2-wasm";
import { createHash } from "node:crypto";
import { MediationFault } from "../mediation-fault.ts";

/** Compiled schemas that are kept; the one that was unused longest goes first. */
const SCHEMAS_MAX = 64;

export interface SchemaTexts {
  /** The schemas that an element has to satisfy, each by its key. */
  readonly schemas: readonly { readonly key: string; readonly text: string }[];
  /** What they import or include: location → text. */
  readonly resources: ReadonlyMap<string, string>;
}

const compiled = new Map<string, XsdValidator>();

/** Texts that libxml2 may read while one schema is compiled; nothing else is ever read. */
let readable: ReadonlyMap<string, Buffer> = new Map();
const opened = new Map<number, { readonly bytes: Buffer; at: number }>();

xmlRegisterInputProvider({
  match: (name) => readable.has(nameOf(name)),
  open: (name) => {
    const bytes = readable.get(nameOf(name));
    if (!bytes) return undefined;
    const handle = opened.size + 1;
    opened.set(handle, { bytes, at: 0 });
    return handle;
  },
  read: (handle, into) => {
    const file = opened.get(handle);
    if (!file) return -1;
    const length = file.bytes.copy(into, 0, file.at);
    file.at += length;
    return length;
  },
  close: (handle) => opened.delete(handle),
});

const BASE = "schema:/";

function nameOf(address: string): string {
  return address.startsWith(BASE) ? address.slice(BASE.length) : address;
}

/**
 * Checks one element, given as the text of a document.
 * @returns what is wrong with it; undefined when it is valid.
 * @throws MediationFault when a schema is faulty.
 */
export function schemaError(texts: SchemaTexts, element: string): string | undefined {
  const validator = validatorOf(texts);
  const document = XmlDocument.fromString(element);
  try {
    validator.validate(document);
    return undefined;
  } catch (error) {
    if (error instanceof XmlLibError) return sentenceOf(error);
    throw error;
  } finally {
    document.dispose();
  }
}

function validatorOf(texts: SchemaTexts): XsdValidator {
  const content = JSON.stringify([texts.schemas, [...texts.resources]]);
  const id = createHash("sha256").update(content).digest("base64");
  const known = compiled.get(id);
  if (known) compiled.delete(id);
  const validator = known ?? compile(texts);
  compiled.set(id, validator);
  const [oldest] = compiled;
  if (compiled.size > SCHEMAS_MAX && oldest) {
    compiled.delete(oldest[0]);
    oldest[1].dispose();
  }
  return validator;
}

function compile(texts: SchemaTexts): XsdValidator {
  const files = new Map([...texts.resources].map(([name, text]) => [name, Buffer.from(text)]));
  const [first] = texts.schemas;
  let source = first?.text ?? "";
  if (texts.schemas.length > 1) {
    for (const [index, { text }] of texts.schemas.entries())
      files.set(`${index}.xsd`, Buffer.from(text));
    source = driverOf(texts);
  }
  readable = files;
  let document: XmlDocument | undefined;
  try {
    document = XmlDocument.fromString(source, { url: `${BASE}main.xsd` });
    return XsdValidator.fromDoc(document);
  } catch (error) {
    if (!(error instanceof XmlLibError)) throw error;
    const keys = texts.schemas.map(({ key }) => key).join(", ");
    throw new MediationFault(
      `Error creating a new schema objects for schemas : ${keys}: ${sentenceOf(error)}`,
    );
  } finally {
    document?.dispose();
    readable = new Map();
    opened.clear();
  }
}

/** One schema that takes the others in, each namespace by its own import. */
function driverOf(texts: SchemaTexts): string {
  const lines = texts.schemas.map(({ text }, index) => {
    const namespace = /<(?:[\w.-]+:)?schema\b[^>]*?\stargetNamespace\s*=\s*["']([^"']*)["']/.exec(
      text,
    )?.[1];
    const location = `schemaLocation="${index}.xsd"`;
    return namespace === undefined
      ? `<xs:include ${location}/>`
      : `<xs:import namespace="${namespace}" ${location}/>`;
  });
  return `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">${lines.join("")}</xs:schema>`;
}

function sentenceOf(error: XmlLibError): string {
  return (error.details[0]?.message ?? error.message).trim();
}
