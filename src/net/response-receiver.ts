/**
 * Takes what undici reports of one request (its dispatch handler): the head of the response settles the call, the data
 * goes into a ByteQueue, and a reader that takes nothing stops the connection. Made by http-client.ts.
 */
import { ByteQueue, type ByteSource } from "./byte-queue.ts";
import type { ByteStream } from "./byte-stream.ts";
import type { HeaderField } from "./http1/header-field.ts";

/** What undici lets a handler do with its request. */
export interface DispatchControl {
  readonly rawHeaders?: unknown;
  abort(reason: Error): void;
  pause(): void;
  resume(): void;
}

export interface ReceivedHead {
  readonly status: number;
  readonly reason: string;
  readonly headers: readonly HeaderField[];
  readonly body: ByteStream;
}

/** The rest of a body up to this length is read when nobody wants it: cheaper than another connection. */
const UNWANTED_BYTES_MAX = 64 * 1024;

export class ResponseReceiver implements ByteSource {
  readonly #onHead: (head: ReceivedHead) => void;
  readonly #onFailure: (error: Error) => void;
  #control: DispatchControl | undefined;
  #body: ByteQueue | undefined;
  /** What is still to come; undefined: it is not known. */
  #bytesLeft: number | undefined;

  constructor(onHead: (head: ReceivedHead) => void, onFailure: (error: Error) => void) {
    this.#onHead = onHead;
    this.#onFailure = onFailure;
  }

  onRequestStart(control: DispatchControl): void {
    this.#control = control;
  }

  onResponseStart(
    control: DispatchControl,
    status: number,
    _parsed: unknown,
    reason?: string,
  ): void {
    if (status < 200) return;
    const headers = fieldsOf(control.rawHeaders);
    this.#bytesLeft = lengthOf(headers);
    const body = new ByteQueue(this);
    this.#body = body;
    this.#onHead({ status, reason: reason ?? "", headers, body });
  }

  onResponseData(_control: DispatchControl, chunk: Buffer): void {
    if (this.#bytesLeft !== undefined) this.#bytesLeft -= chunk.length;
    this.#body?.push(chunk);
  }

  onResponseEnd(): void {
    this.#body?.end();
  }

  onResponseError(_control: DispatchControl | undefined, error: Error): void {
    if (this.#body) this.#body.fail(error);
    else this.#onFailure(error);
  }

  pause(): void {
    this.#control?.pause();
  }

  resume(): void {
    this.#control?.resume();
  }

  cancel(): void {
    const isShort = this.#bytesLeft !== undefined && this.#bytesLeft <= UNWANTED_BYTES_MAX;
    if (isShort) this.#control?.resume();
    else this.#control?.abort(new Error("the rest of the response is not wanted"));
  }
}

/** undici's raw fields: one flat list of names and values, as Buffers or strings. */
function fieldsOf(raw: unknown): readonly HeaderField[] {
  if (!Array.isArray(raw)) return [];
  const fields: HeaderField[] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = latin1Of(raw[index]);
    fields.push([name, latin1Of(raw[index + 1]), name.toLowerCase()]);
  }
  return fields;
}

function latin1Of(value: unknown): string {
  return Buffer.isBuffer(value) ? value.toString("latin1") : String(value);
}

function lengthOf(fields: readonly HeaderField[]): number | undefined {
  for (const [, value, lowerName] of fields)
    if (lowerName === "content-length") return Number(value);
  return undefined;
}
