/**
 * `store`: puts a copy of the message into a message store, after the sequence that may prepare it, and goes on
 * (MessageStoreMediator). A store that fails hands over to its failover store; without one the message faults.
 */
import { messageOf } from "../../errors/app-error.ts";
import { MediationFault } from "../mediation-fault.ts";
import type { Message } from "../message/message.ts";
import { StoreFailure } from "../stores/message-store.ts";
import { type StoredMessage, storedMessage } from "../stores/stored-message.ts";
import { type KeyReference, keyOf } from "./key-reference.ts";
import type { Mediator } from "./mediator.ts";
import { runSequence } from "./sequence.ts";

export interface StoreOptions {
  readonly store: KeyReference;
  /** Key of the sequence that runs before; one that does not exist is passed over. */
  readonly sequence: string | undefined;
}

export class StoreMediator implements Mediator {
  readonly kind = "store";
  readonly #options: StoreOptions;

  constructor(options: StoreOptions) {
    this.#options = options;
  }

  async mediate(message: Message): Promise<boolean> {
    const { store, sequence } = this.#options;
    const name = await keyOf(store, message);
    if (!message.environment.store(name))
      throw new MediationFault(`Message Store does not exist : ${name}`);
    const before = sequence === undefined ? undefined : message.environment.sequence(sequence);
    if (before) await runSequence(before, message);
    await storeMessage(message, name);
    return true;
  }
}

/** @throws MediationFault when neither the store nor its failover store takes the message. */
async function storeMessage(message: Message, name: string): Promise<void> {
  const stored = await storedMessage(message);
  const failure = await tryStore(message, stored, name);
  if (!failure) return;
  const { log } = message.environment;
  const failover = message.environment.store(name)?.failoverStore;
  if (failover !== undefined) {
    log.warn(`${failure} The message goes to the failover store ${failover}`);
    if (!(await tryStore(message, stored, failover))) return;
  } else log.error(failure);
  const where = failover === undefined ? "store" : "failover store";
  message.axis2.set("HTTP_SC", 500);
  throw new MediationFault(
    `Failed to store message [${stored.id}] in ${where} [${failover ?? name}].`,
    { detail: failure },
  );
}

/** @returns what went wrong. */
async function tryStore(
  message: Message,
  stored: StoredMessage,
  name: string,
): Promise<string | undefined> {
  const store = message.environment.store(name);
  if (!store) return `Message Store does not exist : ${name}.`;
  try {
    await store.add(stored);
    return undefined;
  } catch (error) {
    if (!(error instanceof StoreFailure)) throw error;
    return `${messageOf(error)}.`;
  }
}
