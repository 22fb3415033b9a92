/**
 * One reader of a node's log: the last lines first, then every new one, each a JSON text. It keeps a number into the ring
 * and no lines of its own: while the reader is slow it waits, and what the ring has dropped meanwhile is told
 * as `{"skipped": N}`. A reader that answers no heartbeat is cut off.
 */
import type { Clock, Timer } from "../runtime/clock.ts";
import type { LogQuery } from "./log-query.ts";
import { isAtLeast, type LogRing, showRecord } from "./log-ring.ts";

/** Where a tail goes; `net/web-socket.ts` has the one over WebSocket. */
export interface TailLink {
  /** Bytes that were sent and have not left yet. */
  readonly waitingBytes: number;
  /** Sends one text; `onSent` is called once it has left or been lost. */
  send(text: string, onSent: () => void): void;
  ping(): void;
  /** Says goodbye with a WebSocket close code, then closes. */
  end(code: number, reason: string): void;
  /** Closes at once. */
  cut(): void;
  onPong(handler: () => void): void;
  onClose(handler: () => void): void;
}

/** Beyond it nothing is added until the reader has taken something. */
export const TAIL_WAITING_BYTES_MAX = 128 * 1024;
/** Between two heartbeats; whoever has not answered one by the next is cut off. */
export const HEARTBEAT_MS = 15_000;

export interface LogTailOptions {
  readonly ring: LogRing;
  readonly link: TailLink;
  readonly query: LogQuery;
  readonly clock: Clock;
}

export class LogTail {
  readonly #options: LogTailOptions;
  readonly #heartbeat: Timer;
  readonly #unwatch: () => void;
  #number: number;
  #isAnswered = true;
  #isClosed = false;

  /** Starts sending at once. */
  constructor(options: LogTailOptions) {
    const { ring, link, query, clock } = options;
    this.#options = options;
    this.#number = ring.startOfLast(query.lines, query.level);
    this.#heartbeat = clock.every(HEARTBEAT_MS, () => this.#beat());
    this.#unwatch = ring.watch(() => this.#pump());
    link.onPong(() => {
      this.#isAnswered = true;
    });
    link.onClose(() => this.#stop());
    this.#pump();
  }

  /** The node stops. */
  close(): void {
    this.#options.link.end(1001, "the node stops");
    this.#stop();
  }

  #stop(): void {
    this.#isClosed = true;
    this.#heartbeat.cancel();
    this.#unwatch();
  }

  #beat(): void {
    const { link } = this.#options;
    if (!this.#isAnswered) {
      link.cut();
      return;
    }
    this.#isAnswered = false;
    link.ping();
  }

  #pump(): void {
    const { ring, link, query } = this.#options;
    while (!this.#isClosed && this.#number < ring.next) {
      if (link.waitingBytes > TAIL_WAITING_BYTES_MAX) return;
      this.#tellSkipped();
      const record = ring.at(this.#number);
      const number = this.#number;
      this.#number += 1;
      if (record && isAtLeast(record, query.level)) this.#send(showRecord(record, number));
    }
  }

  #tellSkipped(): void {
    const skipped = this.#options.ring.oldest - this.#number;
    if (skipped <= 0) return;
    this.#number += skipped;
    this.#send({ skipped });
  }

  #send(content: object): void {
    this.#options.link.send(JSON.stringify(content), () => this.#pump());
  }
}
