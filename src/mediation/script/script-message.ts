/**
 * The host's side of `mc`: answers what a script asks about the message that is being mediated. One object a run. The body has
 * been built before, so that everything here is synchronous. Arguments and answers are JSON; "" answers nothing.
 */
import { MediationFault } from "../mediation-fault.ts";
import { type AddressingField, addressingField } from "../message/addressing.ts";
import { logText } from "../message/log-text.ts";
import type { Message } from "../message/message.ts";
import { envelopeOf, jsonPayload, type Payload, textEnvelope } from "../message/payload-builder.ts";
import { isElement, parseDocument, rootOf, textContentOf, type XmlDocument } from "../xml/dom.ts";
import { bodyOf, ensureHeader, isFault, payloadOf, versionOf } from "../xml/soap.ts";
import { xmlToJson } from "../xml/xml-to-json.ts";
import { readProperty, removeScriptProperty, writeProperty } from "./script-properties.ts";
import { scriptTree } from "./script-tree.ts";
import { scriptXPath } from "./script-xpath.ts";

/** Lines that one run may log. */
export const LOG_LINES_MAX = 100;
const LOG_LENGTH_MAX = 10_000;

export class ScriptMessage {
  readonly #message: Message;
  #logLines = 0;

  /** The message's body has been built. */
  constructor(message: Message) {
    this.#message = message;
  }

  /** Answers one operation. @throws MediationFault for the script to see. */
  answer(operation: string, args: string): string {
    // XML text comes as it is: it may be large.
    if (operation === "parse") return JSON.stringify(scriptTree(rootOf(parseDocument(args))));
    const values: unknown = JSON.parse(args);
    const answer = this.#operate(operation, Array.isArray(values) ? values : []);
    return answer === undefined ? "" : JSON.stringify(answer);
  }

  #operate(operation: string, args: readonly unknown[]): unknown {
    const [first, second, third] = args;
    const message = this.#message;
    switch (operation) {
      case "getProperty":
        return readProperty(message, textOf(first), textOf(second));
      case "setProperty":
        return writeProperty(message, { name: textOf(first), scope: textOf(second), given: third });
      case "removeProperty":
        return removeScriptProperty(message, textOf(first), textOf(second));
      case "propertyNames":
        return [...message.properties.keys()];
      case "headerNames":
        return message.headers.forRequest().map(([name]) => name);
      case "getAddress":
        return message.addressing[fieldOf(first)];
      case "setAddress":
        return this.#setAddress(textOf(first), second);
      case "setResponse":
        message.direction = first === true ? "response" : "request";
        return undefined;
      case "is":
        return this.#is(textOf(first));
      case "entry":
        return this.#entry(textOf(first));
      case "log":
        return this.#log(textOf(first), textOf(second));
      case "xpath":
        return scriptXPath(message, this.#envelope(), args);
      default:
        return this.#body(operation, first, second);
    }
  }

  #body(operation: string, first: unknown, second: unknown): unknown {
    const payload = this.#payload();
    switch (operation) {
      case "payloadXml":
        return this.#payloadXml();
      case "setPayloadXml":
        return this.#setPayloadXml(textOf(first));
      case "payloadJson":
        return payload.kind === "json" ? payload.value : this.#xmlAsJson();
      case "jsonText":
        return payload.kind === "json" ? payload.text : undefined;
      case "setPayloadJson":
        return this.#message.replacePayload(jsonPayload(textOf(first)));
      case "payloadText":
        return this.#payloadText();
      case "setPayloadText":
        return this.#replaceEnvelope(textEnvelope(textOf(first)), true);
      case "envelope":
        return scriptTree(rootOf(this.#envelope()));
      case "setEnvelope":
        return this.#setEnvelope(textOf(first));
      case "addHeader":
        return this.#addHeader(first === true, textOf(second));
      default:
        throw new MediationFault(`Unknown operation of a script: ${operation}`);
    }
  }

  #payload(): Payload {
    const { payload } = this.#message.body;
    if (!payload) throw new MediationFault("The message has no body that a script could read");
    return payload;
  }

  #envelope(): XmlDocument {
    return envelopeOf(this.#payload());
  }

  #payloadXml(): unknown {
    const element = payloadOf(this.#envelope());
    return element && scriptTree(element);
  }

  #xmlAsJson(): unknown {
    const element = payloadOf(this.#envelope());
    return element ? (JSON.parse(xmlToJson(element)) as unknown) : undefined;
  }

  #payloadText(): string | undefined {
    const payload = this.#payload();
    if (payload.kind === "json") return payload.text;
    const element = payloadOf(payload.envelope);
    return element && textContentOf(element);
  }

  /** Takes the place of the body's first element. */
  #setPayloadXml(text: string): void {
    const payload = this.#payload();
    const envelope = envelopeOf(payload);
    const body = bodyOf(envelope);
    const old = payloadOf(envelope);
    const fresh = envelope.importNode(rootOf(parseDocument(text.trim())), true);
    if (old) body.replaceChild(fresh, old);
    else body.appendChild(fresh);
    this.#replaceEnvelope(envelope, payload.kind === "json" || payload.rest);
  }

  #replaceEnvelope(envelope: XmlDocument, rest: boolean): void {
    this.#message.replacePayload({ kind: "envelope", envelope, rest });
  }

  #setEnvelope(text: string): void {
    const envelope = parseDocument(text.trim());
    if (!versionOf(envelope)) throw new MediationFault("setEnvelope needs a SOAP envelope");
    this.#replaceEnvelope(envelope, false);
  }

  #addHeader(mustUnderstand: boolean, text: string): void {
    const payload = this.#payload();
    const envelope = envelopeOf(payload);
    const { namespaceURI, prefix } = rootOf(envelope);
    const block = envelope.importNode(rootOf(parseDocument(text.trim())), true);
    if (mustUnderstand && isElement(block))
      block.setAttributeNS(namespaceURI, `${prefix ?? "soapenv"}:mustUnderstand`, "1");
    ensureHeader(envelope).appendChild(block);
    this.#replaceEnvelope(envelope, payload.kind === "json" || payload.rest);
  }

  #setAddress(field: string, value: unknown): void {
    const { addressing } = this.#message;
    if (typeof value === "string") addressing[fieldOf(field)] = value;
    else delete addressing[fieldOf(field)];
  }

  #is(what: string): boolean {
    const message = this.#message;
    switch (what) {
      case "response":
        return message.direction === "response";
      case "rest":
        return message.isRest;
      case "get":
        return message.axis2Text("HTTP_METHOD")?.toUpperCase() === "GET";
      case "fault":
        return isFault(this.#envelope());
      default:
        return message.soapVersion === "1.1";
    }
  }

  #entry(key: string): unknown {
    const entry = this.#message.environment.resource(key);
    if (!entry) return undefined;
    if (!entry.element) return { kind: "text", value: entry.text };
    return { kind: "xml", value: scriptTree(rootOf(parseDocument(entry.text))) };
  }

  #log(level: string, text: string): void {
    this.#logLines += 1;
    if (this.#logLines > LOG_LINES_MAX) return;
    const log = this.#message.environment.log.child("ScriptMediator");
    const line = logText(text.slice(0, LOG_LENGTH_MAX));
    if (level === "error" || level === "warn" || level === "debug" || level === "trace")
      log[level](line);
    else log.info(line);
  }
}

function fieldOf(value: unknown): AddressingField {
  const field = addressingField(textOf(value));
  if (!field) throw new MediationFault(`Unknown addressing field ${textOf(value)}`);
  return field;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
