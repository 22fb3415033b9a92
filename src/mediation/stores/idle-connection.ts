/**
 * A connection that is made when somebody needs it and closed when nobody has for a while. Stores of a generation that
 * was replaced may still be asked by messages in progress; this is what ends their connections.
 */
import { messageOf } from "../../errors/app-error.ts";
import type { Clock, Timer } from "../../runtime/clock.ts";
import { StoreFailure } from "./message-store.ts";

/** A connection that nobody used for so long is closed: 60 s. */
export const IDLE_MS = 60_000;
/** A store whose server does not answer within it fails: 10 s. */
export const ANSWER_MS = 10_000;

export interface IdleConnectionOptions<Connection> {
  /** "message store S at redis://host:port", for errors. */
  readonly title: string;
  readonly clock: Clock;
  readonly open: () => Promise<Connection>;
  readonly close: (connection: Connection) => Promise<void>;
}

export class IdleConnection<Connection> {
  readonly #options: IdleConnectionOptions<Connection>;
  #opening: Promise<Connection> | undefined;
  #idle: Timer | undefined;
  #users = 0;

  constructor(options: IdleConnectionOptions<Connection>) {
    this.#options = options;
  }

  /** Runs an action on the connection. @throws StoreFailure for whatever goes wrong, also after ANSWER_MS. */
  async use<Result>(action: (connection: Connection) => Promise<Result>): Promise<Result> {
    this.#idle?.cancel();
    this.#users += 1;
    try {
      return await this.#within(this.#run(action));
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
    try {
      await this.#options.close(await opening);
    } catch {
      // It was broken already.
    }
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

  async #within<Result>(work: Promise<Result>): Promise<Result> {
    const late = Promise.withResolvers<never>();
    const timer = this.#options.clock.after(ANSWER_MS, () =>
      late.reject(new Error(`no answer within ${ANSWER_MS / 1000} s`)),
    );
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
