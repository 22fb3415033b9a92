/**
 * A body at the pace of `limit_rate`: as a stream for what the gateway itself answers with, and as the client's side
 * of a proxied response. Only responses with a rate come here (modules/limit-rate.ts).
 */
import { Readable } from "node:stream";
import type { Exchange, HeaderField } from "./exchange.ts";
import type { Pace } from "./pace.ts";

/** What a body is written to. */
export type BodyTarget = Pick<
  Exchange,
  "isBlocked" | "write" | "flush" | "whenDrained" | "end" | "breakOff"
>;

/** The same bytes, by and by. Whoever destroys the stream ends `body` too, within a second. */
export function pacedStream(body: Readable | Buffer, pace: Pace): Readable {
  return Readable.from(pacedPieces(body, pace), { objectMode: false });
}

async function* pacedPieces(body: Readable | Buffer, pace: Pace): AsyncGenerator<Buffer> {
  const chunks: AsyncIterable<Buffer> | readonly Buffer[] = Buffer.isBuffer(body) ? [body] : body;
  for await (const chunk of chunks) {
    let at = 0;
    while (at < chunk.length) {
      const bytes = pace.take(chunk.length - at);
      if (bytes > 0) yield chunk.subarray(at, at + bytes);
      else await waitFor(pace, chunk.length - at);
      at += bytes;
    }
  }
}

function waitFor(pace: Pace, bytes: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  pace.wheel.deadline(resolve).set(pace.waitMs(bytes));
  return promise;
}

/** Takes a body as its target does, holds back one piece at most, and is blocked as long as it does. */
export class PacedTarget implements BodyTarget {
  readonly #target: BodyTarget & Pick<Exchange, "aborted">;
  readonly #pace: Pace;
  #held: Buffer | undefined;
  #waiters: (() => void)[] = [];
  /** What comes behind the held piece. */
  #ending: (() => void) | undefined;

  constructor(target: BodyTarget & Pick<Exchange, "aborted">, pace: Pace) {
    this.#target = target;
    this.#pace = pace;
  }

  get isBlocked(): boolean {
    return this.#held !== undefined || this.#target.isBlocked;
  }

  write(chunk: Buffer): boolean {
    if (this.#held) this.#held = Buffer.concat([this.#held, chunk]);
    else this.#send(chunk);
    return !this.isBlocked;
  }

  flush(): boolean {
    return this.#target.flush() && !this.isBlocked;
  }

  whenDrained(action: () => void): void {
    if (this.#held) this.#waiters.push(action);
    else this.#target.whenDrained(action);
  }

  end(trailers?: readonly HeaderField[]): void {
    this.#endWith(() => this.#target.end(trailers));
  }

  breakOff(): void {
    this.#endWith(() => this.#target.breakOff());
  }

  #endWith(ending: () => void): void {
    if (this.#held) this.#ending = ending;
    else ending();
  }

  #send(chunk: Buffer): void {
    const bytes = this.#pace.take(chunk.length);
    if (bytes > 0) this.#target.write(bytes === chunk.length ? chunk : chunk.subarray(0, bytes));
    if (bytes === chunk.length) return;
    const rest = Buffer.from(chunk.subarray(bytes));
    this.#held = rest;
    this.#pace.wheel.deadline(() => this.#goOn()).set(this.#pace.waitMs(rest.length));
  }

  #goOn(): void {
    const held = this.#held;
    this.#held = undefined;
    if (!held || this.#target.aborted) return;
    this.#send(held);
    this.#target.flush();
    if (this.#held) return;
    const ending = this.#ending;
    if (ending) return ending();
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const action of waiters) this.#target.whenDrained(action);
  }
}
