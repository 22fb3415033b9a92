/**
 * One client connection: heads and bodies out of what it receives, one request after the other, with every
 * bound and time-out of nginx (ngx_http_request.c). What is received while a request is in progress
 * waits, up to a bound; then nothing more is read. Listeners make it from accepted sockets.
 */
import type { Socket } from "node:net";
import { requestFraming } from "./body-framing.ts";
import { ChunkedDecoder, LengthDecoder } from "./body-decoder.ts";
import type { ConnectionLimits } from "./connection-limits.ts";
import { HeadReader, type HeadStep } from "./head-reader.ts";
import { valuesOf } from "./header-field.ts";
import { BodyFault, RequestBody } from "./request-body.ts";
import { faultyHead, HEAD_TIMED_OUT, type HeadFault, type RequestHead } from "./request-head.ts";
import {
  type ConnectionFacts,
  type ExchangeLink,
  ServerExchange,
  type TunnelStart,
  type UpgradedPeer,
} from "./server-exchange.ts";
import { SendSlabs } from "./send-slabs.ts";
import { SocketSender } from "./socket-sender.ts";
import type { Deadline, TimerWheel } from "./timer-wheel.ts";
import { Tunnel, type TunnelSide } from "./tunnel.ts";

/** Bytes that may wait behind the request in progress. */
const WAITING_BYTES_MAX = 16 * 1024;
const CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n";
const NOTHING = Buffer.alloc(0);
const IGNORE = (): void => {};

export interface ServerConnectionOptions {
  /** The socket to use; what it receives goes to `receive`. */
  readonly open: (receive: (chunk: Buffer) => void) => Socket;
  readonly wheel: TimerWheel;
  /** Shared by the connections of a listener. Default: the connection's own. */
  readonly slabs?: SendSlabs;
  /** The bounds in force, asked for with each head. */
  readonly limits: () => ConnectionLimits;
  readonly facts: ConnectionFacts;
  /** Takes a request, also one with a fault; the response is its business. */
  readonly onRequest: (exchange: ServerExchange) => void;
  /** The connection ended without a request being at fault. */
  readonly onFault: (sentence: string) => void;
  /** Every request is refused for this. Default: none. */
  readonly refusal?: HeadFault;
}

type Phase = "head" | "request" | "lingering" | "tunnel" | "closed";

export class ServerConnection implements ExchangeLink {
  readonly socket: Socket;
  readonly #options: ServerConnectionOptions;
  readonly #reader = new HeadReader();
  /** Of the head, the body, the idle time, the lingering: never of two at once. */
  readonly #deadline: Deadline;
  readonly #sender: SocketSender;
  #limits: ConnectionLimits;
  #phase: Phase = "head";
  #exchange: ServerExchange | undefined;
  /** Received, and not yet anybody's. */
  #waiting: Buffer | undefined;
  /** What was received is being looked at: a request that ends meanwhile starts nothing. */
  #reading = false;
  #requestCount = 0;
  #lingersUntilMs = 0;
  #clientEnded = false;
  #retired = false;
  #endsWithResponse = false;
  #tunnel: TunnelSide | undefined;

  constructor(options: ServerConnectionOptions) {
    const { wheel } = options;
    this.#options = options;
    this.#limits = options.limits();
    this.#deadline = wheel.deadline(() => this.#onDeadline());
    this.#deadline.set(this.#limits.headerTimeoutMs);
    this.socket = options.open((chunk) => this.#receive(chunk));
    const { socket } = this;
    this.#sender = new SocketSender(socket, {
      wheel,
      slabs: options.slabs ?? new SendSlabs(),
      timeoutMs: () => (this.#phase === "tunnel" ? undefined : this.#limits.sendTimeoutMs),
      onStalled: () => this.#onStalled(),
      onDrained: () => this.#tunnel?.drained(),
    });
    socket.on("error", IGNORE);
    socket.on("close", () => this.#closed());
    socket.on("end", () => this.#clientHasEnded());
  }

  get clientEnded(): boolean {
    return this.#clientEnded;
  }

  /** Counts the connections of the process from 1. */
  get number(): number {
    return this.#options.facts.number;
  }

  /** Nothing has come yet. */
  get isUnused(): boolean {
    return this.#requestCount === 0 && this.activity === "waiting";
  }

  /** Closes now when idle, else after the response in progress. */
  retire(): void {
    this.#retired = true;
    if (this.#phase === "head" && this.#reader.isEmpty) this.destroy();
  }

  /** Waits for another request as before, and closes after its response. */
  endWithResponse(): void {
    this.#endsWithResponse = true;
  }

  /** What the connection is busy with: a head, a request, or nothing. */
  get activity(): "reading" | "writing" | "waiting" {
    if (this.#phase !== "head") return "writing";
    return this.#reader.isEmpty ? "waiting" : "reading";
  }

  get keepaliveToldSeconds(): number {
    return this.#limits.keepaliveToldSeconds;
  }

  mayKeepAlive(): boolean {
    const { keepaliveTimeoutMs, keepaliveRequests, keepaliveTimeMs } = this.#limits;
    if (this.#retired || this.#endsWithResponse) return false;
    if (this.#clientEnded || keepaliveTimeoutMs === 0) return false;
    if (this.#requestCount >= keepaliveRequests) return false;
    return this.#options.wheel.coarseMs() - this.#options.facts.openedMs < keepaliveTimeMs;
  }

  write(data: string | Buffer): boolean {
    return this.#sender.write(data);
  }

  writeTogether(text: string, data: Buffer): boolean {
    return this.#sender.writeTogether(text, data);
  }

  writeCopy(text: string, data: Buffer): boolean {
    return this.#sender.writeCopy(text, data);
  }

  whenDrained(action: () => void): void {
    this.#sender.whenDrained(action);
  }

  finish(keepsAlive: boolean): void {
    const exchange = this.#exchange;
    this.#exchange = undefined;
    if (!keepsAlive) return this.#close(exchange);
    this.#phase = "head";
    this.#deadline.set(this.#limits.keepaliveTimeoutMs);
    this.#limits = this.#options.limits();
    if (this.#reading) return;
    const received = this.#waiting;
    this.#waiting = undefined;
    this.#readHeads(received ?? NOTHING);
  }

  tunnelTo(peer: UpgradedPeer, start: TunnelStart): void {
    const tunnel = new Tunnel(this, peer, { ...start, wheel: this.#options.wheel });
    this.#phase = "tunnel";
    this.#deadline.clear();
    this.#sender.stopWatch();
    this.#exchange = undefined;
    this.#tunnel = tunnel.client;
    peer.detach(tunnel.peer);
    const received = this.#waiting;
    this.#waiting = undefined;
    if (received) this.#tunnel.received(received);
    this.#resume();
  }

  useLimits(limits: ConnectionLimits): void {
    this.#limits = limits;
  }

  send(chunk: Buffer): boolean {
    return this.write(chunk);
  }

  endSending(): void {
    this.socket.end();
  }

  pauseReading(): void {
    this.socket.pause();
  }

  resumeReading(): void {
    this.#resume();
  }

  destroySoon(): void {
    this.socket.destroySoon();
  }

  destroy(): void {
    this.socket.destroy();
  }

  #receive(chunk: Buffer): void {
    if (this.#phase === "head") this.#readHeads(chunk);
    else if (this.#phase === "request") this.#readBody(chunk);
    else if (this.#phase === "tunnel") this.#tunnel?.received(chunk);
    else if (this.#phase === "lingering") this.#linger();
  }

  /** One request after the other, as long as each is over before the next begins. */
  #readHeads(received: Buffer): void {
    let input = received;
    this.#reading = true;
    while (this.#phase === "head" && input.length > 0) {
      const startsNow = this.#reader.isEmpty;
      const step = this.#reader.take(input, this.#limits.head);
      if (step.kind === "head") {
        input = this.#begin(step);
        continue;
      }
      if (startsNow && !this.#reader.isEmpty) this.#deadline.set(this.#limits.headerTimeoutMs);
      input = NOTHING;
    }
    this.#reading = false;
    if (this.#phase === "head") this.#awaitNext();
    else this.#keepWaiting(input);
  }

  /** Both may have come after the head that promised to go on. */
  #awaitNext(): void {
    if ((this.#retired && this.#reader.isEmpty) || this.#clientEnded) this.socket.destroySoon();
    else this.#resume();
  }

  /** @returns what follows the request in the input. */
  #begin({ head, rest, bytes }: Extract<HeadStep, { kind: "head" }>): Buffer {
    this.#phase = "request";
    this.#deadline.clear();
    const number = ++this.#requestCount;
    const framing = head.fault ? undefined : requestFraming(head);
    const fault = framing?.kind === "fault" ? framing.fault : (head.fault ?? this.#options.refusal);
    const judged = fault ? { ...head, fault } : head;
    const body =
      framing?.kind === "length"
        ? this.#bodyOf(new LengthDecoder(framing.bytes), head)
        : framing?.kind === "chunked"
          ? this.#bodyOf(new ChunkedDecoder(), head)
          : undefined;
    const exchange = new ServerExchange(this, this.#options.facts, {
      head: judged,
      body,
      bytes,
      number,
    });
    this.#exchange = exchange;
    if (rest.length > 0) body?.offer(rest);
    this.#options.onRequest(exchange);
    return body ? this.#restOf(body) : rest;
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
      this.#deadline.set(this.#limits.bodyTimeoutMs);
      this.#resume();
    });
    return body;
  }

  /** Bytes behind the head of the request in progress: of its body, or of requests to come. */
  #readBody(chunk: Buffer): void {
    const body = this.#exchange?.body;
    if (!body || body.complete || body.broken) return this.#keepWaiting(chunk);
    this.#reading = true;
    body.offer(chunk);
    const rest = this.#restOf(body);
    this.#reading = false;
    if (this.#phase === "head") this.#readHeads(rest);
    else this.#keepWaiting(rest);
  }

  /** Ends the look at what was received for the body. */
  #restOf(body: RequestBody): Buffer {
    const rest = body.takeRest();
    if (this.#phase !== "request") return rest;
    if (body.complete || body.broken) this.#deadline.clear();
    else if (body.wanted) this.#deadline.set(this.#limits.bodyTimeoutMs);
    else {
      this.#deadline.clear();
      this.socket.pause();
    }
    return rest;
  }

  #keepWaiting(rest: Buffer): void {
    if (rest.length === 0 || this.#phase !== "request") return;
    if (this.#exchange?.body?.broken === true) return;
    this.#waiting = this.#waiting ? Buffer.concat([this.#waiting, rest]) : Buffer.from(rest);
    if (this.#waiting.length >= WAITING_BYTES_MAX) this.socket.pause();
  }

  #resume(): void {
    const { socket } = this;
    if (!socket.destroyed && socket.isPaused()) socket.resume();
  }

  #clientHasEnded(): void {
    this.#clientEnded = true;
    if (this.#tunnel) return this.#tunnel.ended();
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
    // Nothing can be answered any more, and half a connection would stay for ever.
    this.socket.destroySoon();
  }

  #onDeadline(): void {
    if (this.#phase === "lingering") this.destroy();
    else if (this.#phase === "head") this.#headTimedOut();
    else this.#exchange?.body?.break(new BodyFault(408, "client timed out while sending its body"));
  }

  #headTimedOut(): void {
    if (this.#reader.isEmpty) return this.destroy();
    const head = faultyHead(HEAD_TIMED_OUT, this.#reader.line);
    this.#begin({ kind: "head", head, rest: NOTHING, bytes: 0 });
  }

  /** The client takes nothing: it is given up. */
  #onStalled(): void {
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
      this.#phase = "closed";
      return this.#closeSoon();
    }
    this.#phase = "lingering";
    this.#waiting = undefined;
    this.#lingersUntilMs = this.#options.wheel.nowMs() + lingeringTimeMs;
    this.socket.end();
    this.#resume();
    this.#linger();
  }

  /** Where nothing waits to be sent the system says the end by itself; TLS has a last word of its own. */
  #closeSoon(): void {
    const { socket } = this;
    if (socket.writableLength === 0 && !this.#options.facts.tls) socket.destroy();
    else socket.destroySoon();
  }

  #linger(): void {
    const leftMs = this.#lingersUntilMs - this.#options.wheel.nowMs();
    if (leftMs <= 0) this.destroy();
    else this.#deadline.set(Math.min(leftMs, this.#limits.lingeringTimeoutMs));
  }

  #closed(): void {
    this.#phase = "closed";
    this.#deadline.end();
    this.#waiting = undefined;
    const exchange = this.#exchange;
    this.#exchange = undefined;
    exchange?.body?.break(new BodyFault(499, "client prematurely closed connection"));
    exchange?.abort();
    this.#sender.end();
    const tunnel = this.#tunnel;
    this.#tunnel = undefined;
    tunnel?.closed();
  }
}
