/**
 * Message stores as mediators and processors see them (MessageStore, MessageProducer, MessageConsumer): a bounded queue of
 * stored messages, in memory or on a server. A consumer takes the oldest message, and the store forgets it only
 * when the consumer acknowledges it.
 */
import { AppError } from "../../errors/app-error.ts";
import type { StoredMessage } from "./stored-message.ts";

export interface MessageStore {
  readonly name: string;
  /** Whether other nodes see the same messages. */
  readonly isShared: boolean;
  /** Where messages go that this store cannot take; undefined: nowhere. */
  readonly failoverStore: string | undefined;
  /** Appends a message. @throws StoreFailure when the store is full or its server does not answer. */
  add(message: StoredMessage): Promise<void>;
  /** A consumer of that name; the same name means the same consumer on every node and in every generation. */
  consumer(name: string): StoreConsumer;
  /** Closes connections; what is asked for afterwards opens them again. */
  close(): Promise<void>;
}

/** Has at most one message in hand. */
export interface StoreConsumer {
  /**
   * The message in hand, or else the oldest that nobody has in hand; undefined when there is none.
   * @throws StoreFailure when the server does not answer.
   */
  receive(): Promise<StoredMessage | undefined>;
  /** The message that was received last is done with: the store forgets it, and no other one. @throws StoreFailure */
  acknowledge(): Promise<void>;
  /**
   * Gives the message in hand back, in front of the others. `isOurs` false: the consumer's name belongs to another node by now; what
   * that one may have in hand is left to it. Never rejects.
   */
  release(isOurs: boolean): Promise<void>;
}

/** A store cannot take or give messages now. */
export class StoreFailure extends AppError {
  constructor(message: string, cause?: unknown) {
    super("MEDIATION_FAULT", message, { side: "upstream", retryable: true, cause });
    this.name = "StoreFailure";
  }
}

/** The sentence of a store that is full. */
export function fullStore(name: string, limit: string): StoreFailure {
  return new StoreFailure(
    `The message store ${name} is full: it holds ${limit}. Let a message processor empty it, or raise the parameter store.capacity`,
  );
}
