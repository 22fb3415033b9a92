/**
 * The requests of one client connection, one after the other, as in nginx. Node hands over pipelined requests
 * all at once: a GET must not overtake the POST before it, and an upgrade must not take the
 * connection away from a response that is still being written. Used by the engine.
 */
import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** Most requests that wait; a connection that sends more is closed (about 3 MB of memory each at the worst). */
export const WAITING_MAX = 1000;

/** Begins a request; the turn is over when its response closes. */
type Turn = () => ServerResponse;

export class RequestTurns {
  readonly #socket: Socket;
  readonly #waiting: Turn[] = [];
  #current: ServerResponse | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Begins at once, or when the requests before are answered; never when the connection closes before. */
  take(turn: Turn): void {
    if (!this.#current) {
      this.#run(turn);
      return;
    }
    if (this.#waiting.length < WAITING_MAX) this.#waiting.push(turn);
    else this.#socket.destroy();
  }

  /** The response in progress: nothing else may be written meanwhile. */
  get current(): ServerResponse | undefined {
    return this.#current;
  }

  #run(begin: Turn): void {
    this.#current = begin();
    this.#current.once("close", () => this.#next());
  }

  #next(): void {
    this.#current = undefined;
    const turn = this.#waiting.shift();
    if (turn && this.#socket.writable) this.#run(turn);
  }
}
