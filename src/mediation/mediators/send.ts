/**
 * `send`: hands the message to an endpoint, to its To address, or (a response without endpoint) back to the
 * client; always ends the list. The response of the endpoint goes to the `receive` sequence, else to the
 * out flow, on a message of its own with the same fault handlers. Implements SendMediator.
 */
import { callEndpoint, recipientCopies } from "../endpoints/call-endpoint.ts";
import type { Endpoint } from "../endpoints/endpoint.ts";
import { isAnonymous } from "../message/addressing.ts";
import type { Message } from "../message/message.ts";
import { runGuarded, type Work } from "../run/fault-handling.ts";
import { type KeyReference, keyOf } from "./key-reference.ts";
import type { Mediator, Verdict } from "./mediator.ts";
import { requireSequence, runSequence } from "./sequence.ts";
import { refuseSoapFault } from "./soap-fault-check.ts";

export interface SendOptions {
  /** Undefined: to the message's To, or back to the client. */
  readonly endpoint: Endpoint | undefined;
  /** The sequence that gets the response. */
  readonly receive: KeyReference | undefined;
  /** Parse the body before it is sent. */
  readonly buildMessage: boolean;
}

export class SendMediator implements Mediator {
  readonly kind = "send";
  readonly #options: SendOptions;

  constructor(options: SendOptions) {
    this.#options = options;
  }

  mediate(message: Message): Verdict {
    const { endpoint, receive: receiver, buildMessage } = this.#options;
    if (buildMessage || receiver) return this.#prepareAndSend(message);
    return sendMessage(message, endpoint, undefined)?.then(() => false) ?? false;
  }

  async #prepareAndSend(message: Message): Promise<boolean> {
    const { endpoint, receive: receiver, buildMessage } = this.#options;
    if (buildMessage) await message.payload();
    await sendMessage(message, endpoint, receiver && (await keyOf(receiver, message)));
    return false;
  }
}

/**
 * Sends a message and mediates the response; the copies of a recipient list each for itself, with the fault handlers of
 * the message.
 * @param receiver key of the sequence for the response; undefined: the out flow.
 * @throws MediationFault when the message could not be sent.
 */
export function sendMessage(
  message: Message,
  endpoint: Endpoint | undefined,
  receiver: string | undefined,
): Promise<void> | undefined {
  if (!endpoint && (message.direction === "response" || isAnonymous(message.addressing.To)))
    return message.exchange.answer(message);
  return sendOut(message, endpoint, receiver);
}

async function sendOut(
  message: Message,
  endpoint: Endpoint | undefined,
  receiver: string | undefined,
): Promise<void> {
  const asked = endpoint && recipientCopies(message, endpoint);
  const copies = asked && (await asked);
  if (copies) {
    const sent = copies.map((copy) =>
      runGuarded(copy.message, () => sendMessage(copy.message, copy.endpoint, receiver)),
    );
    message.handedOver?.();
    for (const work of sent) await work;
    return;
  }
  const called = callEndpoint(message, endpoint);
  message.handedOver?.();
  const result = await called;
  if (result.kind !== "response") return;
  const response = message.responseTo(result.response);
  await runGuarded(response, () => {
    if (!result.learn) return receive(response, receiver);
    return result.learn(response).then(() => receive(response, receiver));
  });
}

function receive(response: Message, receiver: string | undefined): Work {
  const mediate = (): Verdict =>
    receiver === undefined
      ? response.exchange.receive(response)
      : runSequence(requireSequence(response, receiver), response);
  return refuseSoapFault(response)?.then(mediate) ?? mediate();
}
