/**
 * The body of a message, read as late as possible. A stream that no mediator looks into passes through as the
 * bytes that came, with its own content type; `build` reads and parses it once. What is parsed is bounded,
 * before and after decompression; what passes through is not.
 */
import { BodyTooLarge, type ByteStream, collectBytes } from "../../net/byte-stream.ts";
import { messageOf } from "../../errors/app-error.ts";
import { MediationFault } from "../mediation-fault.ts";
import { decompress } from "./content-encoding.ts";
import { buildPayload, emptyPayload, type Payload } from "./payload-builder.ts";

/** Largest body that is read into memory where nothing else is configured, in bytes. */
export const BODY_BYTES_MAX = 10 * 1024 * 1024;

/** How the bytes are to be understood; asked when they are built, since mediators may change headers. */
export interface BodyDescription {
  readonly contentType: string | undefined;
  readonly contentEncoding: string | undefined;
  readonly hasSoapAction: boolean;
}

type Source =
  | { readonly kind: "none" }
  /** The bytes have gone to an endpoint or to the client. */
  | { readonly kind: "sent" }
  | { readonly kind: "stream"; readonly stream: ByteStream }
  | { readonly kind: "bytes"; readonly bytes: Buffer }
  | { readonly kind: "payload"; readonly payload: Payload };

const NONE: Source = { kind: "none" };
const SENT: Source = { kind: "sent" };

export class MessageBody {
  readonly #bytesMax: number;
  #source: Source;

  /**
   * @param body undefined: the message has no body.
   * @param bytesMax largest body that is read into memory. Default: BODY_BYTES_MAX.
   */
  constructor(body: ByteStream | Buffer | undefined, bytesMax = BODY_BYTES_MAX) {
    this.#bytesMax = bytesMax;
    if (body === undefined) this.#source = NONE;
    else if (Buffer.isBuffer(body)) this.#source = { kind: "bytes", bytes: body };
    else this.#source = { kind: "stream", stream: body };
  }

  /** The built payload, or undefined while the body is untouched bytes. */
  get payload(): Payload | undefined {
    return this.#source.kind === "payload" ? this.#source.payload : undefined;
  }

  /** Bytes that are in memory and not parsed, for those who only look. */
  get bytes(): Buffer | undefined {
    return this.#source.kind === "bytes" ? this.#source.bytes : undefined;
  }

  get isEmpty(): boolean {
    return this.#source.kind === "none";
  }

  /** Replaces the body. An unread stream is thrown away. */
  replace(payload: Payload): void {
    this.discard();
    this.#source = { kind: "payload", payload };
  }

  /**
   * Reads and parses the body; a second call returns the same payload.
   * @throws MediationFault when it is too large, broken off or malformed.
   */
  async build(describe: () => BodyDescription): Promise<Payload> {
    if (this.#source.kind === "payload") return this.#source.payload;
    await this.#collect();
    try {
      const payload = await this.#parse(describe());
      this.#source = { kind: "payload", payload };
      return payload;
    } catch (error) {
      // A fault sequence that looks at the message finds an empty one, as in WSO2, and not the same fault again.
      this.#source = { kind: "bytes", bytes: Buffer.alloc(0) };
      throw error;
    }
  }

  async #parse(description: BodyDescription): Promise<Payload> {
    if (this.#source.kind !== "bytes") return emptyPayload(description.contentType);
    const { contentType, contentEncoding, hasSoapAction } = description;
    const bytes = await decompress(this.#source.bytes, contentEncoding, this.#bytesMax);
    return buildPayload(bytes, contentType, hasSoapAction);
  }

  /** Reads an unread stream into memory, so that it may be sent after the client has been answered. */
  async buffer(): Promise<void> {
    await this.#collect();
  }

  async #collect(): Promise<void> {
    if (this.#source.kind !== "stream") return;
    const { stream } = this.#source;
    this.#source = { kind: "bytes", bytes: Buffer.alloc(0) };
    try {
      this.#source = { kind: "bytes", bytes: await collectBytes(stream, this.#bytesMax) };
    } catch (error) {
      throw readFault(error);
    }
  }

  /** Hands the untouched bytes over; a stream can be taken once. Undefined when there are none. */
  takeRaw(): ByteStream | Buffer | undefined {
    const source = this.#source;
    if (source.kind === "bytes") return source.bytes;
    if (source.kind !== "stream") return undefined;
    this.#source = SENT;
    return source.stream.takeWhole() ?? source.stream;
  }

  /** Gives an unread stream up. */
  discard(): void {
    if (this.#source.kind === "stream") this.#source.stream.discard();
    this.#source = NONE;
  }
}

function readFault(error: unknown): MediationFault {
  if (error instanceof BodyTooLarge)
    return new MediationFault(`Error while building message. ${upper(messageOf(error))}`, {
      cause: error,
    });
  return new MediationFault(`Error while reading the message body: ${messageOf(error)}`, {
    cause: error,
  });
}

/** Whether a body could not be built because of its size. */
export function isTooLarge(error: unknown): boolean {
  return error instanceof MediationFault && error.cause instanceof BodyTooLarge;
}

/** A sentence of its own. */
function upper(sentence: string): string {
  return sentence.charAt(0).toUpperCase() + sentence.slice(1);
}
