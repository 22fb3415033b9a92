/**
 * The body of a response that is taken from its peer at the pace of `proxy_limit_rate`: what a read brings beyond it is
 * held, and the peer is not read from meanwhile (ngx_event_pipe_read_upstream). Stands between the try
 * and its relay; only buffered responses with a rate have one.
 */
import type { ClientConnection } from "../../../net/http1/client-connection.ts";
import type { HeaderField } from "../exchange.ts";
import type { Pace } from "../pace.ts";
import type { BodyRelay, RelayPeer } from "./response-relay.ts";

export class PacedRelay implements BodyRelay {
  readonly #pace: Pace;
  readonly #peer: ClientConnection;
  readonly #relay: BodyRelay;
  #held: Buffer | undefined;
  #byteCount = 0;
  /** The relay behind takes no more. */
  #relayIsFull = false;
  /** What comes behind the held bytes. */
  #ending: (() => void) | undefined;
  #over = false;

  /** @param makeRelay of the relay behind; it is to pause and resume what it is given instead of the peer. */
  constructor(peer: ClientConnection, pace: Pace, makeRelay: (peer: RelayPeer) => BodyRelay) {
    this.#peer = peer;
    this.#pace = pace;
    this.#relay = makeRelay({
      pause: () => {
        this.#relayIsFull = true;
        peer.pause();
      },
      resume: () => {
        this.#relayIsFull = false;
        this.#resumePeer();
      },
    });
  }

  get byteCount(): number {
    return this.#byteCount;
  }

  take(chunk: Buffer): void {
    this.#byteCount += chunk.length;
    if (this.#held) this.#held = Buffer.concat([this.#held, chunk]);
    else this.#pass(chunk);
  }

  readDone(): void {
    this.#relay.readDone();
    if (this.#held) this.#peer.pause();
  }

  end(trailers: readonly HeaderField[]): void {
    if (this.#held) this.#ending = () => this.#relay.end(trailers);
    else this.#relay.end(trailers);
  }

  break(): void {
    const held = this.#held;
    this.#held = undefined;
    if (held) this.#relay.take(held);
    this.#relay.break();
  }

  dispose(): void {
    this.#over = true;
    this.#held = undefined;
    this.#relay.dispose();
  }

  #pass(chunk: Buffer): void {
    const bytes = this.#pace.take(chunk.length);
    if (bytes > 0) this.#relay.take(chunk.subarray(0, bytes));
    if (bytes === chunk.length) return;
    const rest = Buffer.from(chunk.subarray(bytes));
    this.#held = rest;
    this.#pace.wheel.deadline(() => this.#goOn()).set(this.#pace.waitMs(rest.length));
  }

  #goOn(): void {
    const held = this.#held;
    if (!held || this.#over) return;
    this.#held = undefined;
    this.#pass(held);
    this.#relay.readDone();
    if (this.#held) return;
    if (this.#ending) this.#ending();
    else this.#resumePeer();
  }

  /** After its response the connection is no longer ours. */
  #resumePeer(): void {
    if (!this.#held && !this.#relayIsFull && !this.#ending && !this.#over) this.#peer.resume();
  }
}
