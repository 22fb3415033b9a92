/**
 * Sampling (SamplingProcessor): each round takes up to `concurrency` messages out of the store and runs a sequence on each,
 * without waiting for its end. A message is out of the store once it was taken. Rounds stop taking while
 * SAMPLES_MAX messages are on their way.
 */
import { runDetached, detachedRequest } from "../run/detached-flow.ts";
import { restoredMessage, type StoredMessage } from "../stores/stored-message.ts";
import { messageOf } from "../../errors/app-error.ts";
import { runSequence, requireSequence } from "../mediators/sequence.ts";
import type { HandlerContext, HandlerFactory, ProcessorHandler } from "./message-processor.ts";

/** Messages of one member on their way at once. */
export const SAMPLES_MAX = 1_000;

export interface SamplingOptions {
  /** Key of the sequence. */
  readonly sequence: string;
  /** Messages a round. */
  readonly concurrency: number;
}

export function sampling(options: SamplingOptions): HandlerFactory {
  return (context) => new Sampler(options, context);
}

class Sampler implements ProcessorHandler {
  readonly #options: SamplingOptions;
  readonly #context: HandlerContext;
  readonly #onTheirWay = new Set<Promise<void>>();

  constructor(options: SamplingOptions, context: HandlerContext) {
    this.#options = options;
    this.#context = context;
  }

  async round(): Promise<boolean> {
    const { consumer, world, definition, mayAct } = this.#context;
    const { sequence, concurrency } = this.#options;
    if (!world.environment.sequence(sequence)) {
      world.environment.log.error(
        `Message processor [${definition.name}] takes nothing: its sequence ${sequence} is not deployed`,
      );
      return false;
    }
    for (let count = 0; count < concurrency && mayAct(); count += 1) {
      if (this.#onTheirWay.size >= SAMPLES_MAX) return false;
      const stored = await consumer.receive();
      if (!stored || !mayAct()) return false;
      await consumer.acknowledge();
      this.#dispatch(stored);
    }
    return true;
  }

  async settled(): Promise<void> {
    await Promise.all(this.#onTheirWay);
  }

  #dispatch(stored: StoredMessage): void {
    const work = this.#mediate(stored).catch((error: unknown) =>
      this.#context.world.environment.log.error(
        `Error occurred while executing the message: ${messageOf(error)}`,
      ),
    );
    this.#onTheirWay.add(work);
    void work.finally(() => this.#onTheirWay.delete(work));
  }

  #mediate(stored: StoredMessage): Promise<void> {
    const { environment, services } = this.#context.world;
    return runDetached(
      { environment, services, request: detachedRequest(stored) },
      (exchange) => restoredMessage(stored, exchange, environment),
      async (message) => runSequence(requireSequence(message, this.#options.sequence), message),
    );
  }
}
