/**
 * One service request on its way through the engine and back: its bytes become a `ServiceRequest`, the answer goes
 * out with the framing that its body allows. Made by service-listener.ts for each request.
 */
import { STATUS_CODES } from "node:http";
import type { Engine, HeaderList, ServiceRequest, ServiceResponse } from "../mediation/engine.ts";
import type { ByteSink, ByteStream } from "../net/byte-stream.ts";
import { CONNECTION_FIELDS } from "../net/connection-fields.ts";
import { firstValue, type HeaderField, isToken, safeValue } from "../net/http1/header-field.ts";
import type { RequestBody } from "../net/http1/request-body.ts";
import type { ServerExchange } from "../net/http1/server-exchange.ts";
import { RequestStream } from "./request-stream.ts";

/** What all requests of a port have in common. */
export type PortFacts = Pick<ServiceRequest, "transport" | "addressPrefixes">;

export interface ServiceExchangeOptions {
  readonly facts: PortFacts;
  /** The value of a Date field, of this second. */
  readonly date: () => string;
  /** The request is answered or gone, and the engine has let go of it. */
  readonly onDone: () => void;
}

/** The rest of a request that nobody reads is read up to this size, so that its connection can go on. */
const UNREAD_BYTES_MAX = 64 * 1024;

export class ServiceExchange implements ByteSink {
  readonly #exchange: ServerExchange;
  readonly #options: ServiceExchangeOptions;
  readonly #requestStream: RequestStream | undefined;
  /** Of the answer. */
  #stream: ByteStream | undefined;
  #handled = false;
  #over = false;

  constructor(exchange: ServerExchange, options: ServiceExchangeOptions) {
    this.#exchange = exchange;
    this.#options = options;
    const { body } = exchange;
    if (body) this.#requestStream = new RequestStream(body);
    exchange.onOver(() => this.#isOver());
  }

  /** Has the engine answer the request. */
  run(engine: Pick<Engine, "handle">): void {
    engine.handle(this.#request()).then(
      (answer) => this.#answer(answer),
      () => this.#answer({ status: 500, headers: [], body: undefined }),
    );
  }

  /** Answers without the engine. */
  refuse(status: number, headers: HeaderList, text: string): void {
    const type = ["Content-Type", "text/plain; charset=UTF-8"] as const;
    this.#answer({ status, headers: [type, ...headers], body: Buffer.from(text) });
  }

  onBodyData(chunk: Buffer, stays: boolean): boolean {
    const exchange = this.#exchange;
    exchange.write(chunk, stays);
    if (exchange.flush()) return true;
    exchange.whenDrained(() => this.#stream?.resume());
    return false;
  }

  onBodyEnd(): void {
    this.#exchange.end();
  }

  /** What has gone out does not look complete: the connection closes in the middle of the body. */
  onBodyFault(): void {
    this.#exchange.breakOff();
  }

  #request(): ServiceRequest {
    const { head, connection } = this.#exchange;
    const { transport, addressPrefixes } = this.#options.facts;
    return {
      method: head.method,
      target: originForm(head.target),
      headers: head.fields,
      body: this.#requestStream?.takeWhole() ?? this.#requestStream,
      transport,
      remoteAddress: plainAddress(connection.remoteAddress),
      addressPrefixes,
    };
  }

  #answer(answer: ServiceResponse): void {
    this.#handled = true;
    const { body } = answer;
    if (this.#over) {
      if (body && !Buffer.isBuffer(body)) body.discard();
      this.#options.onDone();
      return;
    }
    const unread = this.#unreadBody();
    if (unread) skip(unread, () => this.#write(answer));
    else this.#write(answer);
  }

  /** The body of a request that was not read and whose short rest may still be on its way. */
  #unreadBody(): RequestBody | undefined {
    const { body, head } = this.#exchange;
    if (!body || body.complete || body.broken || this.#requestStream?.isTaken === true)
      return undefined;
    const length = Number(firstValue(head.fields, "content-length") ?? Number.NaN);
    const expects = firstValue(head.fields, "expect") !== undefined;
    return length <= UNREAD_BYTES_MAX && !expects ? body : undefined;
  }

  #write(answer: ServiceResponse): void {
    const { status } = answer;
    const body = answer.body && !Buffer.isBuffer(answer.body) ? wholeOf(answer.body) : answer.body;
    if (this.#over) {
      if (body && !Buffer.isBuffer(body)) body.discard();
      return;
    }
    const isHead = this.#exchange.head.method === "HEAD";
    const isBare = isHead || status === 204 || status === 304;
    if (body === undefined || Buffer.isBuffer(body)) this.#writeWhole(answer, body, isBare);
    else if (isBare) {
      body.discard();
      this.#start(answer, this.#fieldsOf(answer.headers, status !== 204), true);
      this.#exchange.end();
    } else {
      this.#stream = body;
      // A client that has ended its side waits for nothing that takes time, as with WSO2's listener.
      this.#exchange.onAbort(() => body.discard());
      this.#start(answer, this.#fieldsOf(answer.headers, true), true);
      body.consume(this);
    }
  }

  /** An answer to HEAD, and a 304, tell the length of the body that they leave out. */
  #writeWhole(answer: ServiceResponse, body: Buffer | undefined, isBare: boolean): void {
    const { status } = answer;
    const length = body?.length ?? 0;
    const isOwn = !isBare || (length > 0 && status !== 204 && status !== 304);
    const fields = this.#fieldsOf(answer.headers, !isOwn && status !== 204);
    if (isOwn) fields.push(["Content-Length", String(length), "content-length"]);
    this.#start(answer, fields, body !== undefined);
    if (body && !isBare) this.#exchange.write(body, true);
    this.#exchange.end();
  }

  #start(answer: ServiceResponse, fields: readonly HeaderField[], hasBody: boolean): void {
    this.#exchange.start({ status: answer.status, reason: reasonOf(answer), fields }, hasBody);
  }

  /** The fields of the answer without the connection's; `Content-Length` only where the body's own is right. */
  #fieldsOf(headers: HeaderList, keepsLength: boolean): HeaderField[] {
    const fields: HeaderField[] = [];
    let hasDate = false;
    for (const field of headers) {
      // A script may have made up a name that is none.
      if (field[2] === undefined && !isToken(field[0])) continue;
      const lower = field[2] ?? field[0].toLowerCase();
      if (CONNECTION_FIELDS.has(lower) || (lower === "content-length" && !keepsLength)) continue;
      if (lower === "date") hasDate = true;
      fields.push(field);
    }
    if (!hasDate) fields.push(["Date", this.#options.date(), "date"]);
    return fields;
  }

  #isOver(): void {
    this.#over = true;
    this.#stream?.discard();
    this.#stream = undefined;
    if (this.#handled) this.#options.onDone();
  }
}

/** Reads the rest of a body and throws it away. */
function skip(body: RequestBody, then: () => void): void {
  body.consume({ onBodyData: () => true, onBodyEnd: then, onBodyFault: then });
}

function wholeOf(stream: ByteStream): ByteStream | Buffer {
  return stream.takeWhole() ?? stream;
}

/** The standard phrase where the answer has none of its own: some clients do not take an empty one. */
function reasonOf({ status, reason = "" }: ServiceResponse): string {
  return reason.trim() === "" ? (STATUS_CODES[status] ?? "Unknown") : safeValue(reason);
}

/** A client that takes the worker for a proxy names scheme and host as well (RFC 9112 3.2.2). */
function originForm(target: string): string {
  if (target.startsWith("/")) return target;
  const path = /^https?:\/\/[^/?#]*(.*)$/i.exec(target)?.[1];
  if (path === undefined) return target;
  return path.startsWith("/") ? path : `/${path}`;
}

/** IPv4 on a socket for both families comes as "::ffff:10.1.2.3". */
function plainAddress(address: string): string {
  return address.startsWith("::ffff:") ? address.slice("::ffff:".length) : address;
}
