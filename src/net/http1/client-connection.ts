/**
 * One connection to a peer: sends requests one after the other, finds the end of each response, and tells the
 * handler of the request what comes. What a read brought is handed over within the call. A deadline of
 * the wheel bounds every wait. Pools keep connections between requests (connection-pool.ts).
 */
import type { Socket } from "node:net";
import { type BodyDecoder, ChunkedDecoder, UntilCloseDecoder } from "./body-decoder.ts";
import type { HeaderField } from "./header-field.ts";
import { type PeerFailure, type PeerState, PHASES } from "./peer-failure.ts";
import { type PeerHead, PeerHeadReader } from "./peer-head.ts";
import type { PeerRequest } from "./peer-request.ts";
import type { SendSlabs } from "./send-slabs.ts";
import { unsentBytes } from "./shared-reads.ts";
import type { Deadline, TimerWheel } from "./timer-wheel.ts";
import type { TunnelEnd, TunnelSide } from "./tunnel.ts";

export interface ClientConnectionOptions {
  readonly wheel: TimerWheel;
  /** Makes the socket; what it receives goes to `receive`. */
  readonly open: (receive: (chunk: Buffer) => void) => Socket;
  readonly isSecure: boolean;
  /** Where `writeCopy` copies to. Default: memory of its own each time. */
  readonly slabs?: SendSlabs;
  /** A response is complete and the connection stands ready for the next request. @returns false: close it. */
  readonly onFree: (connection: ClientConnection) => boolean;
  readonly onClosed: (connection: ClientConnection) => void;
}

export class ClientConnection implements TunnelEnd {
  readonly socket: Socket;
  readonly openedMs: number;
  /** Requests that were begun. */
  requestCount = 0;
  /** The pool's: where the connection waits. */
  poolKey = "";
  /** The pool's: counts up with each time a connection began to wait. */
  poolOrder = 0;
  /** The pool's: how long it may wait idle beside what the pool allows; 0: it serves no other request. */
  idleMsMax = Infinity;
  readonly #options: ClientConnectionOptions;
  readonly #reader = new PeerHeadReader();
  readonly #deadline: Deadline;
  #state: PeerState = "connecting";
  #request: PeerRequest | undefined;
  #decoder: BodyDecoder | undefined;
  #keepsAlive = false;
  /** Bytes received before the response to this request, heads of interim responses above all. */
  #interimBytes = 0;
  #requestSent = false;
  /** The end of the request was written while the system had not taken all of it. */
  #flushing = false;
  readonly #onFlushed = (): void => this.#flushed();
  #paused = false;
  /** Received while the reader was paused. */
  #held: Buffer | undefined;
  /** The peer has sent its last byte. */
  #ended = false;
  #drainWanted = false;
  #unsentBytes = 0;
  #tunnel: TunnelSide | undefined;

  constructor(options: ClientConnectionOptions) {
    this.#options = options;
    this.openedMs = options.wheel.nowMs();
    this.#deadline = options.wheel.deadline(() => this.#onDeadline());
    this.socket = options.open((chunk) => this.#receive(chunk));
    const { socket } = this;
    socket.on("error", (error) => this.#fail("error", error));
    socket.once("end", () => this.#peerHasEnded());
    socket.once("close", () => this.#closed());
    socket.on("drain", () => this.#drained());
    socket.once("connect", () => this.#advance(options.isSecure ? "handshake" : "idle"));
    if (options.isSecure) socket.once("secureConnect", () => this.#advance("idle"));
  }

  /** The connection has served a request before this one. */
  get isReused(): boolean {
    return this.requestCount > 1;
  }

  /** Something of the response, or before it, has come. */
  get hasAnswered(): boolean {
    return this.#interimBytes > 0 || this.#state === "body";
  }

  /** Fields behind a chunked body, complete at `onEnd`. */
  get trailers(): readonly HeaderField[] {
    return this.#decoder instanceof ChunkedDecoder ? this.#decoder.trailers : [];
  }

  /** Starts a request: `onConnected` says when it may be written. */
  begin(request: PeerRequest): void {
    this.#request = request;
    this.requestCount++;
    this.#requestSent = false;
    this.#interimBytes = 0;
    this.#unsentBytes = 0;
    if (this.#state === "idle") {
      this.#state = "head";
      request.handler.onConnected();
    } else {
      this.#deadline.set(request.connectTimeoutMs);
    }
  }

  /** Text: one character a byte. @returns false: wait for `onDrain`. */
  write(data: string | Buffer): boolean {
    const { socket } = this;
    if (socket.destroyed) return true;
    return this.#written(
      typeof data === "string" ? socket.write(data, "latin1") : socket.write(data),
    );
  }

  /** Text and data that is overwritten after the call, in one call to the system. @returns false: wait for `onDrain`. */
  writeCopy(text: string, data: Buffer): boolean {
    const { socket } = this;
    if (socket.destroyed) return true;
    const { slabs } = this.#options;
    if (slabs) return this.#written(slabs.write(socket, text, data));
    return this.#written(socket.write(Buffer.concat([Buffer.from(text, "latin1"), data])));
  }

  /** The request is written; from now on the peer's answer is waited for. */
  endRequest(): void {
    const { socket } = this;
    this.#requestSent = true;
    this.#flushing = socket.writableLength > 0 && !socket.destroyed;
    // An empty write: its call comes when everything before it has gone out.
    if (this.#flushing) socket.write("", this.#onFlushed);
    else if (this.#request) this.#awaitHead(this.#request);
  }

  /** No data until `resume`; the peer is not slow meanwhile. */
  pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#deadline.clear();
    this.socket.pause();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    const held = this.#held;
    this.#held = undefined;
    if (held) this.#receive(held);
    if (this.#paused || this.#state === "closed") return;
    if (this.#ended) return this.#peerHasEnded();
    if (this.#request) this.#deadline.set(this.#request.readTimeoutMs);
    this.socket.resume();
  }

  /** The pool's: the connection waits for so long at most. */
  waitIdle(idleMs: number): void {
    this.#deadline.set(idleMs);
  }

  /** After 101: everything from here on goes through the tunnel. */
  detach(tunnel: TunnelSide): void {
    this.#state = "tunnel";
    this.#tunnel = tunnel;
    this.#request = undefined;
    this.#deadline.clear();
  }

  send(chunk: Buffer): boolean {
    if (this.socket.destroyed) return true;
    const goesOn = this.socket.write(chunk);
    if (!goesOn) this.#drainWanted = true;
    return goesOn;
  }

  endSending(): void {
    this.socket.end();
  }

  pauseReading(): void {
    this.socket.pause();
  }

  resumeReading(): void {
    this.socket.resume();
  }

  destroySoon(): void {
    this.socket.destroySoon();
  }

  /** Closes the connection; the handler hears no more of it. */
  destroy(): void {
    this.#request = undefined;
    this.#held = undefined;
    this.socket.destroy();
  }

  #written(goesOn: boolean): boolean {
    if (!goesOn) {
      this.#drainWanted = true;
      this.#unsentBytes = unsentBytes(this.socket);
    }
    this.#deadline.set(this.#request?.sendTimeoutMs ?? 0);
    return goesOn;
  }

  #advance(state: "handshake" | "idle"): void {
    const request = this.#request;
    this.#state = state;
    if (!request) return this.destroy();
    if (state === "handshake") return this.#deadline.set(request.connectTimeoutMs);
    this.#state = "head";
    request.handler.onConnected();
  }

  #receive(chunk: Buffer): void {
    if (this.#paused) {
      this.#held = this.#held ? Buffer.concat([this.#held, chunk]) : Buffer.from(chunk);
      return;
    }
    const request = this.#request;
    if (this.#state === "tunnel") return this.#tunnel?.received(chunk);
    if (!request) return this.destroy();
    const isBounded = request.headTimeoutMs !== undefined && this.#state === "head";
    if (!isBounded) this.#deadline.set(this.#waitMs(request));
    let at = 0;
    while (this.#request === request && this.#state === "head") {
      const used = this.#readHead(request, at === 0 ? chunk : chunk.subarray(at));
      if (used === -1) return;
      at += used;
    }
    if (this.#tunnel && at < chunk.length) this.#tunnel.received(chunk.subarray(at));
    if (this.#request === request) this.#readBody(request, chunk, at);
    if (this.#request === request) request.handler.onReadDone();
  }

  /** @returns bytes that belong to the head; -1: there is nothing more to read. */
  #readHead(request: PeerRequest, input: Buffer): number {
    const step = this.#reader.take(input, request.headBytesMax, request.method);
    if (step.kind === "more") {
      this.#interimBytes += input.length;
      return -1;
    }
    if (step.kind === "fault") {
      this.#fail("invalid_header", undefined, step.sentence);
      return -1;
    }
    const { head, used } = step;
    if (head.status < 200 && head.status !== 101) {
      this.#noteInterim(request, head, used);
      return used < input.length ? used : -1;
    }
    this.#decoder = head.body;
    this.#keepsAlive = head.keepsAlive;
    this.#state = "body";
    if (request.headTimeoutMs !== undefined) this.#deadline.set(request.readTimeoutMs);
    request.handler.onHead(head);
    return used;
  }

  /** A peer may send any number of interim responses, but no more of them than fits where a head fits. */
  #noteInterim(request: PeerRequest, head: PeerHead, used: number): void {
    this.#interimBytes += used;
    if (this.#interimBytes > request.headBytesMax) {
      return this.#fail("invalid_header", undefined, "upstream sent too big early hints");
    }
    if (head.status === 103) request.handler.onEarlyHints?.(head);
  }

  #readBody(request: PeerRequest, chunk: Buffer, from: number): void {
    let at = from;
    for (;;) {
      const step = this.#decoder?.take(chunk, at) ?? { kind: "end", used: 0 };
      if (step.kind === "more") return;
      if (step.kind === "fault") {
        const sentence = `upstream sent invalid chunked response: ${step.what}`;
        return this.#fail("error", undefined, sentence);
      }
      at += step.used;
      if (step.kind === "end") return this.#finish(request, at === chunk.length);
      request.handler.onData(step.data);
      if (this.#request !== request) return;
      if (this.#paused && at < chunk.length) {
        this.#held = Buffer.from(chunk.subarray(at));
        return;
      }
    }
  }

  /** @param isClean nothing came behind the response. */
  #finish({ handler }: PeerRequest, isClean: boolean): void {
    this.#request = undefined;
    this.#deadline.clear();
    const { socket } = this;
    const mayServe =
      isClean && this.#keepsAlive && this.#requestSent && !this.#ended && !socket.destroyed;
    this.#state = "idle";
    if (mayServe && socket.writableLength === 0) this.#free();
    else this.#giveUp();
    handler.onEnd();
  }

  #free(): void {
    // A reader that paused with the last byte wants nothing of what comes next.
    if (this.#paused) {
      this.#paused = false;
      this.socket.resume();
    }
    if (!this.#options.onFree(this)) this.#giveUp();
  }

  /** At once: a peer that has answered need not take what is left of the request, and may never. */
  #giveUp(): void {
    this.#state = "closed";
    this.socket.destroy();
  }

  #drained(): void {
    if (!this.#drainWanted) return;
    this.#drainWanted = false;
    if (this.#tunnel) return this.#tunnel.drained();
    const request = this.#request;
    if (!request) return;
    this.#deadline.set(this.#waitMs(request));
    request.handler.onDrain();
  }

  /** The peer has the whole request: from now on it is its turn. */
  #flushed(): void {
    if (!this.#flushing) return;
    this.#flushing = false;
    if (this.#request) this.#awaitHead(this.#request);
  }

  #awaitHead({ headTimeoutMs, readTimeoutMs }: PeerRequest): void {
    this.#deadline.set(headTimeoutMs ?? readTimeoutMs);
  }

  /** What bounds the wait after something has moved. */
  #waitMs({ readTimeoutMs, sendTimeoutMs }: PeerRequest): number {
    return this.#requestSent || this.#state === "body" ? readTimeoutMs : sendTimeoutMs;
  }

  #peerHasEnded(): void {
    if (this.#tunnel) return this.#tunnel.ended();
    this.#ended = true;
    // The end comes behind what is held.
    if (this.#held) return;
    const request = this.#request;
    if (request && this.#state === "body" && this.#decoder instanceof UntilCloseDecoder) {
      return this.#finish(request, false);
    }
    this.#fail("error", undefined);
    this.socket.destroy();
  }

  #closed(): void {
    this.#deadline.end();
    this.#fail("error", undefined);
    this.#state = "closed";
    this.#options.onClosed(this);
    const tunnel = this.#tunnel;
    this.#tunnel = undefined;
    tunnel?.closed();
  }

  #onDeadline(): void {
    const request = this.#request;
    if (!request) return this.destroy();
    // The peer is waited for no longer: our side takes nothing.
    if (this.#paused) return;
    if (this.#state === "head") {
      const unsent = this.socket.writableLength === 0 ? 0 : unsentBytes(this.socket);
      const isSlow = unsent > 0 && unsent === this.#unsentBytes;
      this.#unsentBytes = unsent;
      // Until all is written the peer need not answer; what is missing may be the client's to send.
      if (!isSlow && unsent > 0) return this.#deadline.set(request.sendTimeoutMs);
      if (!this.#requestSent && unsent === 0) return;
      if (this.#flushing && unsent === 0) {
        this.#flushing = false;
        return this.#awaitHead(request);
      }
    }
    this.#fail("timeout", undefined);
  }

  #fail(reason: PeerFailure["reason"], error: Error | undefined, sentence?: string): void {
    const request = this.#request;
    const phase = PHASES[this.#state];
    this.#request = undefined;
    if (!request) return;
    this.socket.destroy();
    request.handler.onFailure({ reason, phase, error, sentence });
  }
}
