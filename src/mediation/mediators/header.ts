/**
 * `header`: sets or removes an addressing field (To, From, Action, ...), a SOAP header block, or with
 * scope="transport" an HTTP header (HeaderMediator). To decides where `send` without endpoint goes.
 */
import type { AddressingField } from "../message/addressing.ts";
import type { Message } from "../message/message.ts";
import {
  appendCopy,
  appendElement,
  elementsOf,
  parseDocument,
  rootOf,
  type XmlElementNode,
} from "../xml/dom.ts";
import { ensureHeader, headerOf } from "../xml/soap.ts";
import type { Mediator } from "./mediator.ts";
import { type ValueSource, valueText } from "./named-value.ts";

export type HeaderTarget =
  | { readonly kind: "transport"; readonly name: string }
  | { readonly kind: "addressing"; readonly field: AddressingField }
  | {
      readonly kind: "soap";
      readonly prefix: string;
      readonly name: string;
      readonly namespace: string;
    }
  /** Texts of elements that are added as header blocks. */
  | { readonly kind: "blocks"; readonly xml: readonly string[] };

export interface HeaderOptions {
  readonly target: HeaderTarget;
  /** Undefined removes. */
  readonly value: ValueSource | undefined;
}

export class HeaderMediator implements Mediator {
  readonly kind = "header";
  readonly #options: HeaderOptions;

  constructor(options: HeaderOptions) {
    this.#options = options;
  }

  async mediate(message: Message): Promise<boolean> {
    const { target, value } = this.#options;
    const text = value && (await valueText(value, message));
    switch (target.kind) {
      case "transport":
        if (text === undefined) message.headers.remove(target.name);
        else message.headers.set(target.name, text);
        break;
      case "addressing":
        await setAddressing(message, target.field, text);
        break;
      case "soap":
        await setBlock(message, target, text);
        break;
      case "blocks": {
        const header = ensureHeader(await message.editableEnvelope());
        for (const xml of target.xml) appendCopy(header, rootOf(parseDocument(xml)));
      }
    }
    return true;
  }
}

/** Builds the body first: later building must not bring the old field of the envelope back. */
async function setAddressing(
  message: Message,
  field: AddressingField,
  text: string | undefined,
): Promise<void> {
  await message.payload();
  if (text === undefined || text === "") delete message.addressing[field];
  else message.addressing[field] = text;
}

/** A block is added to those of the same name; removing takes all of them. */
async function setBlock(
  message: Message,
  target: Extract<HeaderTarget, { kind: "soap" }>,
  text: string | undefined,
): Promise<void> {
  const envelope = await message.editableEnvelope();
  if (text === undefined) {
    const header = headerOf(envelope);
    for (const block of header ? elementsOf(header) : [])
      if (isBlock(block, target)) header?.removeChild(block);
    return;
  }
  const name = target.prefix === "" ? target.name : `${target.prefix}:${target.name}`;
  appendElement(ensureHeader(envelope), target.namespace, name, text);
}

function isBlock(block: XmlElementNode, target: Extract<HeaderTarget, { kind: "soap" }>): boolean {
  return block.localName === target.name && block.namespaceURI === target.namespace;
}
