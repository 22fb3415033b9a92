/**
 * One try of one peer: takes a connection, sends the request, and tells its owner what the peer says. Keeps the
 * record that variables and logs read. What follows from a failure is the owner's to decide (proxy-request.ts).
 */
import type { ClientConnection } from "../../../net/http1/client-connection.ts";
import type { PeerFailure } from "../../../net/http1/peer-failure.ts";
import type { PeerHead } from "../../../net/http1/peer-head.ts";
import type { PeerHandler } from "../../../net/http1/peer-request.ts";
import { type AttemptRecord, startAttemptRecord } from "../../upstream/attempt-record.ts";
import type { Peer } from "../../upstream/peer.ts";
import type { RequestContext } from "../request-context.ts";
import type { BodySender } from "./body-sender.ts";
import type { BodyRelay } from "./response-relay.ts";

/** Whoever makes the tries. */
export interface TryOwner {
  readonly context: RequestContext;
  /** Takes a connection for the peer; the try begins its request on it. */
  connect(peer: Peer, mayReuse: boolean): ClientConnection;
  /** The connection stands. @returns the head of the request, and who sends the body after it. */
  prepareRequest(connection: ClientConnection): {
    readonly text: string;
    readonly sender: BodySender | undefined;
  };
  readonly sentMethod: string;
  /** 103, before the response. */
  onEarlyHints(head: PeerHead): void;
  onResponse(current: PeerTry, head: PeerHead): void;
  /** The peer has sent all of its response. */
  onResponseEnd(current: PeerTry): void;
  /** Before the head of a response, or in its body. */
  onTryFailed(current: PeerTry, failure: PeerFailure): void;
}

/** What is given up is read to its end up to this size, so that the connection can be kept. */
const DISCARD_BYTES_MAX = 64 * 1024;

export class PeerTry implements PeerHandler {
  readonly peer: Peer;
  readonly record: AttemptRecord;
  /** For the error log. */
  readonly url: string;
  relay: BodyRelay | undefined;
  readonly #owner: TryOwner;
  #connection: ClientConnection | undefined;
  #sender: BodySender | undefined;
  #discarded = false;

  constructor(owner: TryOwner, peer: Peer, url: string) {
    this.peer = peer;
    this.url = url;
    this.#owner = owner;
    this.record = startAttemptRecord(peer.address, owner.context.clock.monotonicMs());
  }

  /** Undefined: there is none yet, or the response is complete. */
  get connection(): ClientConnection | undefined {
    return this.#connection;
  }

  /** @param mayReuse a kept connection will do. */
  start(mayReuse: boolean): void {
    const { context } = this.#owner;
    const { proxy } = context.location.settings;
    const connection = this.#owner.connect(this.peer, mayReuse);
    this.#connection = connection;
    connection.begin({
      method: this.#owner.sentMethod,
      handler: this,
      connectTimeoutMs: proxy.connectTimeoutMs,
      sendTimeoutMs: proxy.sendTimeoutMs,
      readTimeoutMs: proxy.readTimeoutMs,
      headBytesMax: proxy.bufferBytes,
    });
  }

  /** Gives the try up; nothing more is heard of it. */
  abort(): void {
    this.#discarded = true;
    this.#connection?.destroy();
    this.relay?.dispose();
  }

  /** The response is not wanted: a short one is read to its end. */
  discard({ bodyBytes }: PeerHead): void {
    this.#discarded = true;
    if (bodyBytes === undefined || bodyBytes > DISCARD_BYTES_MAX) this.#connection?.destroy();
  }

  noteEnd(): void {
    this.record.responseMs = this.#elapsedMs();
  }

  onConnected(): void {
    const connection = this.#connection;
    if (!connection) return;
    this.record.connectMs = connection.isReused ? 0 : this.#elapsedMs();
    const { text, sender } = this.#owner.prepareRequest(connection);
    this.#sender = sender;
    if (sender) return sender.start(text);
    connection.write(text);
    connection.endRequest();
  }

  onEarlyHints(head: PeerHead): void {
    if (!this.#discarded) this.#owner.onEarlyHints(head);
  }

  onHead(head: PeerHead): void {
    const { record } = this;
    record.status = head.status;
    record.fields = head.fields;
    record.headMs = this.#elapsedMs();
    this.#owner.onResponse(this, head);
  }

  onData(chunk: Buffer): void {
    if (!this.#discarded) this.relay?.take(chunk);
  }

  onReadDone(): void {
    if (!this.#discarded) this.relay?.readDone();
  }

  onEnd(): void {
    // From here on the connection serves others.
    const trailers = this.#connection?.trailers ?? [];
    this.#connection = undefined;
    if (this.#discarded) return;
    this.#owner.onResponseEnd(this);
    this.relay?.end(trailers);
  }

  onDrain(): void {
    this.#sender?.drained();
  }

  onFailure(failure: PeerFailure): void {
    if (!this.#discarded) this.#owner.onTryFailed(this, failure);
  }

  #elapsedMs(): number {
    return this.#owner.context.clock.monotonicMs() - this.record.startedMs;
  }
}
