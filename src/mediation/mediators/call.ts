/**
 * `call`: sends the message to an endpoint and goes on with the response in its place, still in request direction.
 * With OUT_ONLY a copy is sent and the message itself goes on. Implements CallMediator; `blocking="true"`
 * differs only in the code of its faults, since waiting costs no thread here.
 */
import { callEndpoint } from "../endpoints/call-endpoint.ts";
import type { Endpoint } from "../endpoints/endpoint.ts";
import { FAULT_CODES, MediationFault } from "../mediation-fault.ts";
import type { Message } from "../message/message.ts";
import type { Mediator } from "./mediator.ts";
import { refuseSoapFault } from "./soap-fault-check.ts";

export interface CallOptions {
  /** Undefined: to the message's To. */
  readonly endpoint: Endpoint | undefined;
  readonly blocking: boolean;
}

export class CallMediator implements Mediator {
  readonly kind = "call";
  readonly #options: CallOptions;

  constructor(options: CallOptions) {
    this.#options = options;
  }

  async mediate(message: Message): Promise<boolean> {
    if (message.flag("OUT_ONLY")) await message.body.buffer();
    const result = await this.#call(message);
    if (result.kind === "dropped") return false;
    if (result.kind === "one-way") return true;
    message.continueWith(result.response);
    await result.learn?.(message);
    if (!this.#options.blocking) message.resumed = true;
    await refuseSoapFault(message);
    return true;
  }

  async #call(message: Message): ReturnType<typeof callEndpoint> {
    try {
      return await callEndpoint(message, this.#options.endpoint);
    } catch (error) {
      if (!this.#options.blocking || !(error instanceof MediationFault) || !error.sending)
        throw error;
      const { message: text, detail } = error;
      const faultCode = FAULT_CODES.blockingCall;
      throw new MediationFault(text, { faultCode, detail, sending: true, cause: error });
    }
  }
}
