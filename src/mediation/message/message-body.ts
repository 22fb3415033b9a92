/**
 * The body of a message, read as late as possible. A stream that no mediator looks into passes through as the
 * bytes that came, with its own content type; `build` reads and parses it once. What is parsed is bounded
 * by BODY_BYTES_MAX, before and after decompression; what passes through is not.
 */
import { Readable } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";
import { messageOf } from "../../errors/app-error.ts";
import { MediationFault } from "../mediation-fault.ts";
import { buildPayload, emptyPayload, type Payload } from "./payload-builder.ts";

/** Largest body that is read into memory, in bytes. */
export const BODY_BYTES_MAX = 10 * 1024 * 1024;

/** How the bytes are to be understood; asked when they are built, since mediators may change headers. */
export interface BodyDescription {
  readonly contentType: string | undefined;
  readonly contentEncoding: string | undefined;
  readonly hasSoapAction: boolean;
}

/**
 * Who ends the stream. The request's belongs to the listener: what is left of it unread is not destroyed here, since
 * the client's connection, on which the answer goes out, would end with it. A response's belongs to the engine.
 */
export type BodyOwner = "listener" | "engine";

type Source =
  | { readonly kind: "none" }
  /** The bytes have gone to an endpoint or to the client. */
  | { readonly kind: "sent" }
  | { readonly kind: "stream"; readonly stream: Readable }
  | { readonly kind: "bytes"; readonly bytes: Buffer }
  | { readonly kind: "payload"; readonly payload: Payload };

export class MessageBody {
  readonly #owner: BodyOwner;
  #source: Source;

  /** Undefined: the message has no body. */
  constructor(body: Readable | Buffer | undefined, owner: BodyOwner) {
    this.#owner = owner;
    if (body === undefined) this.#source = { kind: "none" };
    else if (Buffer.isBuffer(body)) this.#source = { kind: "bytes", bytes: body };
    else this.#source = { kind: "stream", stream: body };
  }

  /** The built payload, or undefined while the body is untouched bytes. */
  get payload(): Payload | undefined {
    return this.#source.kind === "payload" ? this.#source.payload : undefined;
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
    const description = describe();
    const payload = await this.#parse(description);
    this.#source = { kind: "payload", payload };
    return payload;
  }

  async #parse(description: BodyDescription): Promise<Payload> {
    if (this.#source.kind !== "bytes") return emptyPayload(description.contentType);
    const bytes = await decompress(this.#source.bytes, description.contentEncoding);
    return buildPayload(bytes, description.contentType, description.hasSoapAction);
  }

  /** Reads an unread stream into memory, so that it may be sent after the client has been answered. */
  async buffer(): Promise<void> {
    await this.#collect();
  }

  async #collect(): Promise<void> {
    if (this.#source.kind !== "stream") return;
    const { stream } = this.#source;
    this.#source = { kind: "bytes", bytes: Buffer.alloc(0) };
    this.#source = { kind: "bytes", bytes: await readBounded(stream, this.#owner) };
  }

  /** Hands the untouched bytes over; a stream can be taken once. Undefined when there are none. */
  takeRaw(): Readable | Buffer | undefined {
    const source = this.#source;
    if (source.kind === "bytes") return source.bytes;
    if (source.kind !== "stream") return undefined;
    this.#source = { kind: "sent" };
    return source.stream;
  }

  /** Gives an unread stream up; the engine's own is destroyed. */
  discard(): void {
    if (this.#source.kind === "stream" && this.#owner === "engine") this.#source.stream.destroy();
    this.#source = { kind: "none" };
  }
}

async function readBounded(stream: Readable, owner: BodyOwner): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of stream.iterator({ destroyOnReturn: owner === "engine" })) {
      const bytes = Buffer.from(chunk as Uint8Array | string);
      length += bytes.length;
      if (length > BODY_BYTES_MAX) throw tooLarge();
      chunks.push(bytes);
    }
  } catch (error) {
    if (error instanceof MediationFault) throw error;
    throw new MediationFault(`Error while reading the message body: ${messageOf(error)}`, {
      cause: error,
    });
  }
  return Buffer.concat(chunks);
}

function tooLarge(): MediationFault {
  return new MediationFault(
    `Error while building message. The body is larger than ${BODY_BYTES_MAX} bytes`,
  );
}

async function decompress(bytes: Buffer, encoding: string | undefined): Promise<Buffer> {
  const name = encoding?.trim().toLowerCase() ?? "identity";
  if (name === "identity" || name === "" || bytes.length === 0) return bytes;
  const decoder = decoderOf(name);
  if (!decoder)
    throw new MediationFault(`Error while building message. Content-Encoding ${name} is unknown`);
  return readBounded(Readable.from([bytes]).pipe(decoder), "engine");
}

function decoderOf(
  name: string,
):
  | ReturnType<typeof createGunzip | typeof createInflate | typeof createBrotliDecompress>
  | undefined {
  if (name === "gzip" || name === "x-gzip") return createGunzip();
  if (name === "deflate") return createInflate();
  return name === "br" ? createBrotliDecompress() : undefined;
}
