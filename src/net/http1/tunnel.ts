/**
 * Joins two connections after an upgrade: bytes go both ways, each side at the pace of the other. A side that ends its
 * half lets the other half go on; a side that breaks takes the other with it. When neither has sent
 * anything for `idleMs` both are closed (ngx_http_upstream_process_upgraded).
 */
import type { Deadline, TimerWheel } from "./timer-wheel.ts";

/** What a tunnel does with one of its connections. */
export interface TunnelEnd {
  /** @returns false: wait for `drained`. */
  send(chunk: Buffer): boolean;
  /** Nothing more will be sent. */
  endSending(): void;
  pauseReading(): void;
  resumeReading(): void;
  destroy(): void;
  /** Sends what is left, then closes. */
  destroySoon(): void;
}

/** What a connection tells its tunnel. */
export interface TunnelSide {
  /** `chunk` is overwritten after the call. */
  received(chunk: Buffer): void;
  /** What was sent has gone out. */
  drained(): void;
  /** The other party has ended its half. */
  ended(): void;
  closed(): void;
}

export interface TunnelOptions {
  readonly wheel: TimerWheel;
  /** Longest silence of both sides, in milliseconds. */
  readonly idleMs: number;
  /** Bytes for the client. */
  readonly onBytes: (count: number) => void;
  /** Both sides are closed. */
  readonly onOver: () => void;
}

export class Tunnel {
  readonly client: TunnelSide;
  readonly peer: TunnelSide;
  readonly #options: TunnelOptions;
  readonly #idle: Deadline;
  #openSides = 2;

  constructor(client: TunnelEnd, peer: TunnelEnd, options: TunnelOptions) {
    this.#options = options;
    this.client = this.#side(client, peer, () => {});
    this.peer = this.#side(peer, client, options.onBytes);
    this.#idle = options.wheel.deadline(() => {
      client.destroy();
      peer.destroy();
    });
    this.#idle.set(options.idleMs);
  }

  #side(own: TunnelEnd, other: TunnelEnd, onBytes: (count: number) => void): TunnelSide {
    return {
      received: (chunk) => {
        this.#idle.set(this.#options.idleMs);
        onBytes(chunk.length);
        if (!other.send(Buffer.from(chunk))) own.pauseReading();
      },
      drained: () => other.resumeReading(),
      ended: () => other.endSending(),
      closed: () => {
        other.destroySoon();
        if (--this.#openSides > 0) return;
        this.#idle.clear();
        this.#options.onOver();
      },
    };
  }
}
