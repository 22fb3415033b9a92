/**
 * An envelope that is there as bytes, because a transformation wrote it, and becomes a tree when somebody looks into it. One that
 * goes straight to an endpoint or to the client is sent as those bytes: reading a message of 100 KB and writing it
 * again costs more than anything else that is done with it.
 */
import { parseDocument, rootOf, type XmlDocument } from "../xml/dom.ts";
import { envelopeAround, type SoapVersion } from "../xml/soap.ts";
import type { PayloadKind } from "./content-type.ts";

export interface EnvelopeParts {
  /** Of the envelope around the payload; undefined: there is none, the message is plain XML. */
  readonly version: SoapVersion | undefined;
  /** Start tags and end tags around the payload, in UTF-8; empty for plain XML. */
  readonly before: Uint8Array;
  readonly after: Uint8Array;
  /** One element that declares the namespaces it uses. */
  readonly content: Uint8Array;
}

/** Enough of a document for most names. */
const FIRST_TAG_BYTES = 256;
/** A start tag whose local name is whole and not "Fault". */
const OTHER_TAG = /^\s*<(?:[^\s<>/!?:]+:)?(?!Fault[\s/>])[^\s<>/!?:]+[\s/>]/;

export class WrittenEnvelope {
  readonly kind = "envelope";
  readonly rest: boolean;
  #parts: EnvelopeParts | undefined;
  #envelope: XmlDocument | undefined;

  constructor(parts: EnvelopeParts) {
    this.rest = parts.version === undefined;
    this.#parts = parts;
  }

  /** From now on the tree is the payload, since it may be changed. @throws MediationFault when it is beyond the bounds of trees. */
  get envelope(): XmlDocument {
    this.#envelope ??= this.#parse();
    this.#parts = undefined;
    return this.#envelope;
  }

  /** The version of SOAP, as long as nobody has looked. */
  get version(): SoapVersion | undefined {
    return this.#parts && (this.#parts.version ?? "1.1");
  }

  /** Whether it may be a fault; where the first tag has another name, nothing is read. */
  get mayBeFault(): boolean {
    const start = this.#parts?.content.subarray(0, FIRST_TAG_BYTES);
    return !start || !OTHER_TAG.test(Buffer.from(start).toString("latin1"));
  }

  /** The bytes for a receiver, as long as nobody has looked and they are of that kind. */
  bytesFor(kind: PayloadKind, asPlain: boolean): Buffer | undefined {
    const parts = this.#parts;
    if (!parts) return undefined;
    const isPlain =
      parts.version === undefined && (kind === "xml" || (kind === "soap11" && asPlain));
    const isSame = parts.version !== undefined && kind === KINDS[parts.version] && !asPlain;
    return isPlain || isSame ? whole(parts) : undefined;
  }

  #parse(): XmlDocument {
    if (!this.#parts) throw new Error("The envelope has been taken");
    const document = parseDocument(whole(this.#parts).toString("utf8"));
    return this.rest ? envelopeAround("1.1", [rootOf(document)]) : document;
  }
}

const KINDS: Readonly<Record<SoapVersion, PayloadKind>> = { "1.1": "soap11", "1.2": "soap12" };

function whole({ before, content, after }: EnvelopeParts): Buffer {
  return Buffer.concat([before, content, after]);
}
