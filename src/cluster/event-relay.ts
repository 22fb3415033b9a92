/**
 * Hands cluster events to the handlers of this node: one at a time, in order, also when a handler itself
 * causes further events. Messages that arrive before anyone listens are held and handed over with
 * the first registration, so that none is lost while a node still starts. Used by every provider.
 */
import { messageOf } from "../errors/app-error.ts";
import type { Log } from "../observability/log.ts";
import type { ClusterEvents } from "./cluster.ts";

/** Messages held for a first handler, at most; the oldest is given up, for nobody wanted it so far. */
const HELD_MESSAGES_MAX = 256;

type EventName = keyof ClusterEvents;
type Handlers = { readonly [Name in EventName]: Set<ClusterEvents[Name]> };

export class EventRelay {
  readonly #log: Log;
  readonly #handlers: Handlers = {
    joined: new Set(),
    left: new Set(),
    updated: new Set(),
    message: new Set(),
    trouble: new Set(),
  };
  readonly #queue: (() => void)[] = [];
  #held: Parameters<ClusterEvents["message"]>[] = [];
  #draining = false;

  /** A handler that throws is reported to `log` and does not keep the others from being called. */
  constructor(log: Log) {
    this.#log = log;
  }

  /** Registers a handler and returns the function that removes it. */
  on<Name extends EventName>(event: Name, handler: ClusterEvents[Name]): () => void {
    const handlers: Set<ClusterEvents[Name]> = this.#handlers[event];
    handlers.add(handler);
    if (event === "message") this.#releaseHeld();
    return () => void handlers.delete(handler);
  }

  emit<Name extends EventName>(event: Name, ...args: Parameters<ClusterEvents[Name]>): void {
    this.#queue.push(() => this.#callAll(event, args));
    this.#drain();
  }

  /** As `emit`, but a message that nobody listens to is held. */
  emitMessage(...args: Parameters<ClusterEvents["message"]>): void {
    if (this.#handlers.message.size > 0) {
      this.emit("message", ...args);
      return;
    }
    this.#held.push(args);
    if (this.#held.length > HELD_MESSAGES_MAX) this.#held.shift();
  }

  #releaseHeld(): void {
    const held = this.#held;
    this.#held = [];
    for (const args of held) this.emit("message", ...args);
  }

  #drain(): void {
    if (this.#draining) return;
    this.#draining = true;
    for (let call = this.#queue.shift(); call; call = this.#queue.shift()) call();
    this.#draining = false;
  }

  #callAll<Name extends EventName>(event: Name, args: Parameters<ClusterEvents[Name]>): void {
    for (const handler of this.#handlers[event]) {
      try {
        (handler as (...args: Parameters<ClusterEvents[Name]>) => void)(...args);
      } catch (error) {
        this.#log.error(`a handler of the cluster event "${event}" failed: ${messageOf(error)}`, {
          error,
        });
      }
    }
  }
}
