/**
 * One client connection: heads and bodies out of what it receives, one request after the other, with every
 * bound and time-out of nginx (ngx_http_request.c). What is received while a request is in progress
 * waits, up to a bound; then nothing more is read. Listeners make it from accepted sockets.
 */
import type { Socket } from "node:net";
import { requestFraming } from "./body-framing.ts";
import { ChunkedDecoder, LengthDecoder } from "./body-decoder.ts";
import type { ConnectionLimits } from "./connection-limits.ts";
import { HeadReader } from "./head-reader.ts";
import { valuesOf } from "./header-field.ts";
import { BodyFault, RequestBody } from "./request-body.ts";
import { faultyHead, HEAD_TIMED_OUT, type HeadFault, type RequestHead } from "./request-head.ts";
import { type ConnectionFacts, type ExchangeLink, ServerExchange } from "./server-exchange.ts";
import type { Deadline, TimerWheel } from "./timer-wheel.ts";

/** Bytes that may wait behind the request in progress. */
const WAITING_BYTES_MAX = 16 * 1024;
const CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n";

export interface ServerConnectionOptions {
  readonly socket: Socket;
  readonly wheel: TimerWheel;
  /** The bounds in force, asked for with each head. */
  readonly limits: () => ConnectionLimits;
  /** The facts but the number of the request. */
  readonly facts: Omit<ConnectionFacts, "requestNumber">;
  /** Takes a request, also one with a fault; the response is its business. */
  readonly onRequest: (exchange: ServerExchange) => void;
  /** The connection ended without a request being at fault. */
  readonly onFault: (sentence: string) => void;
  /** Every request is refused for this. Default: none. */
  readonly refusal?: HeadFault;
}

type Phase = "head" | "request" | "lingering" | "detached" | "closed";

export class ServerConnection implements ExchangeLink {
  readonly socket: Socket;
  readonly #options: ServerConnectionOptions;
  readonly #reader = new HeadReader();
  readonly #deadline: Deadline;
  readonly #sendDeadline: Deadline;
  readonly #openedMs: number;
  readonly #onData = (chunk: Buffer): void => this.#receive(chunk);
  readonly #onEnd = (): void => this.#clientHasEnded();
  readonly #onWritten = (): void => this.#written();
  #limits: ConnectionLimits;
  #phase: Phase = "head";
  #exchange: ServerExchange | undefined;
  /** Received, and not yet anybody's. */
  #waiting: Buffer | undefined;
  #drainWaiters: (() => void)[] = [];
  #requestCount = 0;
  #lingersUntilMs = 0;
  #clientEnded = false;
  #retired = false;

  constructor(options: ServerConnectionOptions) {
    const { socket, wheel } = options;
    this.socket = socket;
    this.#options = options;
    this.#limits = options.limits();
    this.#openedMs = wheel.nowMs();
    this.#deadline = wheel.deadline(() => this.#onDeadline());
    this.#sendDeadline = wheel.deadline(() => this.#onSendDeadline());
    this.#deadline.set(this.#limits.headerTimeoutMs);
    socket.on("error", () => {});
    socket.once("close", () => this.#closed());
    socket.on("data", this.#onData);
    socket.once("end", this.#onEnd);
  }

  get clientEnded(): boolean {
    return this.#clientEnded;
  }

  /** Closes now when idle, else after the response in progress. */
  retire(): void {
    this.#retired = true;
    if (this.#phase === "head" && this.#reader.isEmpty) this.destroy();
  }

  mayKeepAlive(): boolean {
    const { keepaliveTimeoutMs, keepaliveRequests, keepaliveTimeMs } = this.#limits;
    if (this.#retired || this.#clientEnded || keepaliveTimeoutMs === 0) return false;
    if (this.#requestCount >= keepaliveRequests) return false;
    return this.#options.wheel.nowMs() - this.#openedMs < keepaliveTimeMs;
  }

  write(data: string | Buffer): boolean {
    if (this.socket.destroyed) return true;
    this.#sendDeadline.set(this.#limits.sendTimeoutMs);
    return typeof data === "string"
      ? this.socket.write(data, "latin1", this.#onWritten)
      : this.socket.write(data, this.#onWritten);
  }

  whenDrained(action: () => void): void {
    if (this.socket.destroyed || this.socket.writableLength === 0) action();
    else this.#drainWaiters.push(action);
  }

  finish(keepsAlive: boolean): void {
    const exchange = this.#exchange;
    this.#exchange = undefined;
    if (!keepsAlive) {
      this.#close(exchange);
      return;
    }
    this.#phase = "head";
    this.#deadline.set(this.#limits.keepaliveTimeoutMs);
    this.#limits = this.#options.limits();
    const received = this.#waiting;
    this.#waiting = undefined;
    if (received) this.#receive(received);
    if (this.#phase !== "head") return;
    // Both may have come after the head that promised to go on.
    if ((this.#retired && this.#reader.isEmpty) || this.#clientEnded) this.socket.destroySoon();
    else this.#resume();
  }

  detach(): Buffer | undefined {
    this.#phase = "detached";
    this.#deadline.clear();
    this.#sendDeadline.clear();
    this.socket.off("data", this.#onData);
    this.socket.off("end", this.#onEnd);
    const received = this.#waiting;
    this.#waiting = undefined;
    return received;
  }

  useLimits(limits: ConnectionLimits): void {
    this.#limits = limits;
  }

  destroy(): void {
    this.socket.destroy();
  }

  #receive(chunk: Buffer): void {
    if (this.#phase === "head") this.#readHead(chunk);
    else if (this.#phase === "lingering") this.#linger();
    else if (this.#phase === "request") this.#readBody(chunk);
  }

  #readHead(chunk: Buffer): void {
    const startsNow = this.#reader.isEmpty;
    const step = this.#reader.take(chunk, this.#limits.head);
    if (step.kind === "head") this.#begin(step.head, step.rest, step.bytes);
    else if (startsNow && !this.#reader.isEmpty) this.#deadline.set(this.#limits.headerTimeoutMs);
  }

  #begin(head: RequestHead, rest: Buffer, bytes: number): void {
    this.#phase = "request";
    this.#deadline.clear();
    this.#requestCount++;
    const framing = head.fault ? undefined : requestFraming(head);
    const fault = head.fault ?? this.#options.refusal;
    const body =
      framing?.kind === "length"
        ? this.#bodyOf(new LengthDecoder(framing.bytes), head)
        : framing?.kind === "chunked"
          ? this.#bodyOf(new ChunkedDecoder(), head)
          : undefined;
    const found = framing?.kind === "fault" ? framing.fault : fault;
    const facts = { ...this.#options.facts, requestNumber: this.#requestCount };
    const judged = found ? { ...head, fault: found } : head;
    this.#exchange = new ServerExchange(this, facts, { head: judged, body, bytes });
    if (rest.length > 0 || body) this.#readBody(rest);
    this.#options.onRequest(this.#exchange);
  }

  /** `Expect: 100-continue` is answered when somebody asks for the body and nothing of it is there. */
  #bodyOf(decoder: LengthDecoder | ChunkedDecoder, head: RequestHead): RequestBody {
    let expects =
      head.version === "1.1" &&
      valuesOf(head.fields, "expect").some((value) => /^100-continue$/i.test(value));
    const body: RequestBody = new RequestBody(decoder, () => {
      const exchange = this.#exchange;
      if (expects && body.received === 0 && exchange?.responded === false) this.write(CONTINUE);
      expects = false;
      if (!body.complete) this.#deadline.set(this.#limits.bodyTimeoutMs);
      this.#resume();
    });
    return body;
  }

  /** Bytes behind the head of the request in progress: of its body, or of requests to come. */
  #readBody(chunk: Buffer): void {
    const body = this.#exchange?.body;
    let rest = chunk;
    if (body && !body.complete && !body.broken) {
      rest = body.feed(chunk);
      if (body.complete || body.broken || !body.wanted) this.#deadline.clear();
      else this.#deadline.set(this.#limits.bodyTimeoutMs);
      if (!body.complete && !body.wanted) this.socket.pause();
    }
    if (rest.length === 0 || body?.broken === true) return;
    this.#waiting = this.#waiting ? Buffer.concat([this.#waiting, rest]) : rest;
    if (this.#waiting.length >= WAITING_BYTES_MAX) this.socket.pause();
  }

  #resume(): void {
    if (!this.socket.destroyed && this.socket.isPaused()) this.socket.resume();
  }

  #written(): void {
    if (this.#phase === "detached") return;
    if (this.socket.writableLength > 0) {
      this.#sendDeadline.set(this.#limits.sendTimeoutMs);
      return;
    }
    this.#sendDeadline.clear();
    for (const action of this.#drainWaiters.splice(0)) action();
  }

  #clientHasEnded(): void {
    this.#clientEnded = true;
    if (this.#phase === "lingering") this.destroy();
    if (this.#phase === "head") {
      if (!this.#reader.isEmpty) {
        this.#options.onFault("client prematurely closed connection while reading client request");
      }
      this.destroy();
    }
    const exchange = this.#exchange;
    if (!exchange) return;
    const { body } = exchange;
    if (!body || body.complete) return exchange.clientHasEnded();
    body.break(new BodyFault(499, "client prematurely closed connection"));
    exchange.abort();
  }

  #onDeadline(): void {
    if (this.#phase === "lingering") this.destroy();
    else if (this.#phase === "head") this.#headTimedOut();
    else this.#exchange?.body?.break(new BodyFault(408, "client timed out while sending its body"));
  }

  #headTimedOut(): void {
    if (this.#reader.isEmpty) this.destroy();
    else this.#begin(faultyHead(HEAD_TIMED_OUT, this.#reader.line), Buffer.alloc(0), 0);
  }

  #onSendDeadline(): void {
    this.#options.onFault("client timed out (110: Connection timed out) while sending to client");
    this.destroy();
  }

  /** After the last response: with `lingering_close` the client gets to read it before a reset can destroy it. */
  #close(exchange: ServerExchange | undefined): void {
    const { lingering, lingeringTimeMs } = this.#limits;
    const body = exchange?.body;
    const isUnread =
      this.#waiting !== undefined || exchange?.head.fault !== undefined || body?.complete === false;
    body?.break(new BodyFault(499, "the response is complete"));
    const lingers = lingering === "always" || (lingering === "on" && isUnread);
    if (!lingers || this.#clientEnded || this.socket.destroyed) {
      this.socket.destroySoon();
      return;
    }
    this.#phase = "lingering";
    this.#waiting = undefined;
    this.#lingersUntilMs = this.#options.wheel.nowMs() + lingeringTimeMs;
    this.socket.end();
    this.#resume();
    this.#linger();
  }

  #linger(): void {
    const leftMs = this.#lingersUntilMs - this.#options.wheel.nowMs();
    if (leftMs <= 0) this.destroy();
    else this.#deadline.set(Math.min(leftMs, this.#limits.lingeringTimeoutMs));
  }

  #closed(): void {
    if (this.#phase !== "detached") this.#phase = "closed";
    this.#deadline.clear();
    this.#sendDeadline.clear();
    this.#waiting = undefined;
    const exchange = this.#exchange;
    this.#exchange = undefined;
    exchange?.body?.break(new BodyFault(499, "client prematurely closed connection"));
    exchange?.abort();
    for (const action of this.#drainWaiters.splice(0)) action();
  }
}
