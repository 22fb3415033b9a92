/** Forwarding to another store (FailoverScheduledMessageForwardingProcessor): brings messages back to the store they were meant for. */
import { messageOf } from "../../errors/app-error.ts";
import type { StoredMessage } from "../stores/stored-message.ts";
import type { HandlerContext, HandlerFactory } from "./message-processor.ts";
import {
  type Delivery,
  RetryingHandler,
  type RetryOptions,
  runProcessorSequence,
} from "./retrying-handler.ts";

export interface StoreForwardingOptions extends RetryOptions {
  /** message.target.store.name */
  readonly target: string;
  readonly faultSequence: string | undefined;
}

export function storeForwarding(options: StoreForwardingOptions): HandlerFactory {
  return (context) =>
    new RetryingHandler(options, context, (stored) => deliver(stored, options, context));
}

async function deliver(
  stored: StoredMessage,
  { target, faultSequence }: StoreForwardingOptions,
  context: HandlerContext,
): Promise<Delivery> {
  const { environment } = context.world;
  try {
    const store = environment.store(target);
    if (!store) throw new Error(`the store ${target} is not deployed`);
    await store.add(stored);
    return { kind: "delivered" };
  } catch (error) {
    environment.log.error(
      `Message processor [${context.definition.name}] failed to store the message in ${target}: ${messageOf(error)}`,
    );
    if (faultSequence !== undefined) await runProcessorSequence(stored, faultSequence, context);
    return { kind: "failed" };
  }
}
