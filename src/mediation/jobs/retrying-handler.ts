/**
 * What forwarding to an endpoint and forwarding to another store have in common (ForwardingService): one message at a time,
 * tried again after an interval, and after the last attempt dropped, put aside into another store, or left where
 * it is while the processor deactivates itself. A message leaves its store only when it was delivered or dropped.
 */
import { messageOf } from "../../errors/app-error.ts";
import type { Message } from "../message/message.ts";
import { runSequence } from "../mediators/sequence.ts";
import { detachedRequest, runDetached } from "../run/detached-flow.ts";
import { restoredMessage, type StoredMessage } from "../stores/stored-message.ts";
import type { HandlerContext, ProcessorHandler } from "./message-processor.ts";
import { pause } from "./pause.ts";

export interface RetryOptions {
  /** max.delivery.attempts; undefined: for ever. */
  readonly attemptsMax: number | undefined;
  /** client.retry.interval */
  readonly retryMs: number;
  /** max.delivery.drop: after the last attempt the message goes and the processor stays. */
  readonly dropsFailed: boolean;
  /** Store for messages that are dropped (the dead letters); undefined: they are gone. */
  readonly failedStore: string | undefined;
  /** message.processor.deactivate.sequence */
  readonly deactivateSequence: string | undefined;
}

/** However short the retry interval, a back end that is down gets no more than so many attempts: one in 20 ms. */
const RETRY_MS_MIN = 20;

/** "failed": try again. "refused": the processor cannot go on, and says why; the message was delivered. */
export type Delivery =
  | { readonly kind: "delivered" }
  | { readonly kind: "failed" }
  | { readonly kind: "refused"; readonly reason: string };

/** Delivers one message once. Never rejects. */
export type Deliver = (stored: StoredMessage, context: HandlerContext) => Promise<Delivery>;

export class RetryingHandler implements ProcessorHandler {
  readonly #options: RetryOptions;
  readonly #context: HandlerContext;
  readonly #deliver: Deliver;

  constructor(options: RetryOptions, context: HandlerContext, deliver: Deliver) {
    this.#options = options;
    this.#context = context;
    this.#deliver = deliver;
  }

  async round(): Promise<boolean> {
    const stored = await this.#context.consumer.receive();
    if (!stored) return false;
    // What is not forwarded now stays in hand.
    await this.#forward(stored);
    return true;
  }

  settled(): Promise<void> {
    return Promise.resolve();
  }

  async #forward(stored: StoredMessage): Promise<void> {
    const { consumer, signal, mayAct, world, definition } = this.#context;
    const { log, clock } = world.environment;
    const { attemptsMax = Infinity, retryMs } = this.#options;
    for (let attempt = 1; mayAct(); attempt += 1) {
      const delivery = await this.#deliver(stored, this.#context);
      if (delivery.kind !== "failed") {
        if (attempt > 1) log.info(`Resuming the service of message processor [${definition.name}]`);
        await consumer.acknowledge();
        if (delivery.kind === "refused") await this.#deactivate(stored, delivery.reason);
        return;
      }
      if (attempt === 1) log.info(`Pausing the service of message processor [${definition.name}]`);
      if (attempt >= attemptsMax) return this.#giveUp(stored);
      await pause(clock, Math.max(retryMs, RETRY_MS_MIN), signal);
    }
  }

  async #giveUp(stored: StoredMessage): Promise<void> {
    const { attemptsMax, dropsFailed } = this.#options;
    if (!dropsFailed)
      return this.#deactivate(stored, `the message was not delivered in ${attemptsMax} attempts`);
    if (!(await this.#putAside(stored))) return;
    await this.#context.consumer.acknowledge();
    this.#context.world.environment.log.info(
      `Removed failed message and continue the message processor [${this.#context.definition.name}]`,
    );
  }

  /** @returns false when the store of failed messages did not take it: then nothing may be lost. */
  async #putAside(stored: StoredMessage): Promise<boolean> {
    const { failedStore } = this.#options;
    if (failedStore === undefined) return true;
    const { environment } = this.#context.world;
    try {
      const store = environment.store(failedStore);
      if (!store) throw new Error(`the store ${failedStore} is not deployed`);
      await store.add(stored);
      return true;
    } catch (error) {
      await this.#deactivate(stored, `a failed message cannot be put aside: ${messageOf(error)}`);
      return false;
    }
  }

  async #deactivate(stored: StoredMessage, reason: string): Promise<void> {
    const { world, definition, deactivate } = this.#context;
    world.environment.log.error(
      `Deactivating the message processor [${definition.name}]: ${reason}`,
    );
    const { deactivateSequence: key } = this.#options;
    if (key !== undefined) await runProcessorSequence(stored, key, this.#context);
    deactivate();
  }
}

/** Runs a sequence on a stored message. Never rejects. */
export async function runProcessorSequence(
  stored: StoredMessage,
  key: string,
  context: HandlerContext,
  prepare?: (message: Message) => void,
): Promise<void> {
  const { environment, services } = context.world;
  const sequence = environment.sequence(key);
  if (!sequence) {
    environment.log.warn(
      `Message processor [${context.definition.name}]: Sequence [${key}] does not Exist.`,
    );
    return;
  }
  try {
    await runDetached(
      { environment, services, request: detachedRequest(stored) },
      (exchange) => restoredMessage(stored, exchange, environment),
      async (message) => {
        prepare?.(message);
        await runSequence(sequence, message);
      },
    );
  } catch (error) {
    environment.log.error(
      `Message processor [${context.definition.name}]: Sequence [${key}] failed: ${messageOf(error)}`,
    );
  }
}
