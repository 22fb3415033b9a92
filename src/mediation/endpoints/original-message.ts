/**
 * A message as it was before the first try of a group, to be sent anew when a child fails: trying changes it (format,
 * addressing headers), and bytes that are still to come can be sent once only.
 */
import type { Message } from "../message/message.ts";
import { MessageBody } from "../message/message-body.ts";
import type { Payload } from "../message/payload-builder.ts";
import { cloneDocument } from "../xml/dom.ts";

const ERROR_PROPERTIES = [
  "ERROR_CODE",
  "ERROR_MESSAGE",
  "ERROR_DETAIL",
  "ERROR_EXCEPTION",
] as const;

export class OriginalMessage {
  readonly #message: Message;
  readonly #headers;
  readonly #axis2;
  readonly #addressing;
  readonly #payload: Payload | undefined;
  readonly #bytes: Buffer | undefined;

  private constructor(message: Message, body: Payload | Buffer | undefined) {
    this.#message = message;
    this.#headers = message.headers.copy();
    this.#axis2 = [...message.axis2];
    this.#addressing = { ...message.addressing };
    this.#bytes = Buffer.isBuffer(body) ? body : undefined;
    this.#payload = Buffer.isBuffer(body) ? undefined : body;
  }

  /**
   * Keeps a message; reads its body into memory, without parsing it.
   * @throws MediationFault when the body is too large or broke off.
   */
  static async of(message: Message): Promise<OriginalMessage> {
    const { payload } = message.body;
    if (payload) return new OriginalMessage(message, copyOf(payload));
    await message.body.buffer();
    const bytes = message.body.takeRaw();
    return new OriginalMessage(message, Buffer.isBuffer(bytes) ? bytes : undefined);
  }

  /** Makes the message what it was. May be called again. */
  restore(): void {
    const message = this.#message;
    message.headers = this.#headers.copy();
    message.addressing = { ...this.#addressing };
    message.axis2.clear();
    for (const [name, value] of this.#axis2) message.axis2.set(name, value);
    for (const name of ERROR_PROPERTIES) message.properties.delete(name);
    if (this.#payload) message.body.replace(copyOf(this.#payload));
    else message.body = new MessageBody(this.#bytes, message.environment.bodyBytesMax);
  }
}

function copyOf(payload: Payload): Payload {
  if (payload.kind === "json") return payload;
  return { ...payload, envelope: cloneDocument(payload.envelope) };
}
