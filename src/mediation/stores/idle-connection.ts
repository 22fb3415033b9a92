/**
 * A connection that is made when somebody needs it and closed when nobody has for a while. Stores of a generation that
 * was replaced may still be asked by messages in progress; this is what ends their connections.
 */
import { messageOf } from "../../errors/app-error.ts";
import type { Clock, Timer } from "../../runtime/clock.ts";
import { StoreFailure } from "./message-store.ts";

/** A connection that nobody used for so long is closed: 60 s. */
export const IDLE_MS = 60_000;
/** A store whose server does not answer within it fails, and its connection is given up: 10 s. */
export const ANSWER_MS = 10_000;
/** An orderly close that takes longer becomes a break: 2 s. */
export const CLOSE_MS = 2_000;

export interface IdleConnectionOptions<Connection> {
  /** "message store S at redis://host:port", for errors. */
  readonly title: string;
  readonly clock: Clock;
  readonly open: () => Promise<Connection>;
  /** In order; what is under way is finished. */
  readonly close: (connection: Connection) => Promise<void>;
  /** At once, without a word to the other side, which may be gone. What is under way fails. */
  readonly break: (connection: Connection) => void;
}

export class IdleConnection<Connection> {
  readonly #options: IdleConnectionOptions<Connection>;
  #opening: Promise<Connection> | undefined;
  #idle: Timer | undefined;
  #users = 0;

  constructor(options: IdleConnectionOptions<Connection>) {
    this.#options = options;
  }

  /** Runs an action on the connection. @throws StoreFailure for whatever goes wrong, also after `answerMs`. */
  async use<Result>(
    action: (connection: Connection) => Promise<Result>,
    answerMs = ANSWER_MS,
  ): Promise<Result> {
    this.#idle?.cancel();
    this.#users += 1;
    try {
      const work = this.#run(action);
      return await this.#within(answerMs, work, this.#opening);
    } catch (error) {
      if (error instanceof StoreFailure) throw error;
      throw new StoreFailure(`The ${this.#options.title} failed: ${messageOf(error)}`, error);
    } finally {
      this.#users -= 1;
      if (this.#users === 0 && this.#opening) this.#closeWhenIdle();
    }
  }

  /** The connection broke: the next use makes a new one. */
  forget(): void {
    this.#opening = undefined;
  }

  async close(): Promise<void> {
    this.#idle?.cancel();
    const opening = this.#opening;
    this.#opening = undefined;
    if (!opening) return;
    const late = Promise.withResolvers<void>();
    const timer = this.#options.clock.after(CLOSE_MS, () => {
      this.#break(opening);
      late.resolve();
    });
    // One that was broken already cannot be closed.
    const closing = opening.then(this.#options.close).catch(() => undefined);
    await Promise.race([closing, late.promise]);
    timer.cancel();
  }

  /** A connection that gives no answer may be half-open for hours: the next use makes another. */
  #break(opening: Promise<Connection>): void {
    if (this.#opening === opening) this.#opening = undefined;
    opening.then(this.#options.break, () => undefined);
  }

  async #run<Result>(action: (connection: Connection) => Promise<Result>): Promise<Result> {
    const opening = (this.#opening ??= this.#options.open());
    let connection: Connection;
    try {
      connection = await opening;
    } catch (error) {
      if (this.#opening === opening) this.#opening = undefined;
      throw error;
    }
    return action(connection);
  }

  async #within<Result>(
    answerMs: number,
    work: Promise<Result>,
    opening: Promise<Connection> | undefined,
  ): Promise<Result> {
    const late = Promise.withResolvers<never>();
    const timer = this.#options.clock.after(answerMs, () => {
      late.reject(new Error(`no answer within ${answerMs / 1000} s`));
      if (opening) this.#break(opening);
    });
    try {
      return await Promise.race([work, late.promise]);
    } finally {
      timer.cancel();
    }
  }

  #closeWhenIdle(): void {
    this.#idle?.cancel();
    this.#idle = this.#options.clock.after(IDLE_MS, () => {
      if (this.#users === 0) void this.close();
    });
  }
}
