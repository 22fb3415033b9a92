/**
 * `Exchange` over node:http. Connection and Transfer-Encoding of the response are decided here; everything
 * else of the head is the caller's. Also carries requests for an upgrade, whose socket Node hands over
 * raw.
 */
import { type IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { type Duplex, Readable } from "node:stream";
import { finished, pipeline } from "node:stream/promises";
import type {
  ConnectionFacts,
  Exchange,
  RequestHead,
  ResponseBody,
  ResponseHead,
} from "./exchange.ts";
import { joinStreams } from "./join-streams.ts";
import { fieldValues, toFields, validRequestFields } from "./header-fields.ts";

/** A request with everything that Node hands over for it. */
export interface NodeRequest {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly connection: ConnectionFacts;
  /** Present when the client asks for an upgrade. */
  readonly upgrade: { readonly socket: Socket; readonly early: Buffer } | undefined;
  /** The connection may serve another request (`keepalive_timeout` is not 0, nobody stops). */
  readonly mayKeepAlive: () => boolean;
}

export class NodeExchange implements Exchange {
  readonly head: RequestHead;
  readonly connection: ConnectionFacts;
  readonly body: Readable | undefined;
  readonly #node: NodeRequest;
  readonly #abortHandlers: (() => void)[] = [];
  #aborted = false;
  #responded = false;
  #upgraded = false;
  #bodyBytesSent = 0;

  constructor(node: NodeRequest) {
    const { request, response, connection } = node;
    this.#node = node;
    this.connection = connection;
    this.head = {
      method: request.method ?? "GET",
      target: request.url ?? "/",
      version: request.httpVersion,
      fields: validRequestFields(toFields(request.rawHeaders)),
    };
    this.body = hasBody(request) ? request : undefined;
    const source = node.upgrade?.socket ?? response;
    source.once("close", () => this.#onClose());
    request.on("error", () => this.#onClose());
  }

  get wantsUpgrade(): boolean {
    return this.#node.upgrade !== undefined;
  }

  get aborted(): boolean {
    return this.#aborted;
  }

  get responded(): boolean {
    return this.#responded;
  }

  get bodyBytesSent(): number {
    return this.#bodyBytesSent;
  }

  onAbort(handler: () => void): void {
    this.#abortHandlers.push(handler);
  }

  async respond(head: ResponseHead, body: ResponseBody): Promise<void> {
    const { response } = this.#node;
    if (this.#aborted) return;
    const keepAlive = this.#mayKeepAlive(head, body);
    const fields = [...head.fields, ["Connection", keepAlive ? "keep-alive" : "close"] as const];
    response.writeHead(head.status, head.reason, fields.flat());
    this.#responded = true;
    // A head whose body is still to come does not wait for it: clients of event streams look at it.
    if (body instanceof Readable && body.readableLength === 0) response.flushHeaders();
    if (body === undefined || Buffer.isBuffer(body)) {
      const bytes = this.head.method === "HEAD" ? undefined : body;
      this.#bodyBytesSent = bytes?.length ?? 0;
      response.end(bytes);
      await finished(response).catch(() => {});
      return;
    }
    await this.#stream(body);
  }

  async upgrade(head: ResponseHead, peer: Duplex, early: Buffer): Promise<void> {
    const { upgrade } = this.#node;
    if (!upgrade || this.#aborted) {
      peer.destroy();
      return;
    }
    const { socket } = upgrade;
    const lines = head.fields.map(([name, value]) => `${name}: ${value}\r\n`).join("");
    const text = `HTTP/1.1 ${head.status} ${head.reason}\r\n${lines}Connection: upgrade\r\n\r\n`;
    socket.write(Buffer.concat([Buffer.from(text, "latin1"), early]));
    if (upgrade.early.length > 0) peer.write(upgrade.early);
    this.#responded = true;
    this.#upgraded = true;
    this.#bodyBytesSent = early.length;
    socket.setTimeout(0);
    peer.on("data", (chunk: Buffer) => {
      this.#bodyBytesSent += chunk.length;
    });
    await joinStreams(socket, peer);
  }

  drop(): void {
    this.#node.upgrade?.socket.destroy();
    this.#node.request.socket.destroy();
  }

  async #stream(body: Readable): Promise<void> {
    const { response } = this.#node;
    body.on("data", (chunk: Buffer) => {
      this.#bodyBytesSent += chunk.length;
    });
    try {
      await pipeline(body, response);
    } catch (error) {
      const clientHasGone = this.#aborted && !body.errored;
      this.drop();
      if (!clientHasGone) throw error;
    }
  }

  #mayKeepAlive(head: ResponseHead, body: ResponseBody): boolean {
    const { response, request, mayKeepAlive, upgrade } = this.#node;
    if (upgrade || head.closes === true || !response.shouldKeepAlive || !mayKeepAlive())
      return false;
    // A body that nobody will read would be taken for the next request.
    if (this.body && !request.complete) return false;
    const isDelimited = this.head.version === "1.1" || body === undefined;
    return isDelimited || fieldValues(head.fields, "content-length").length > 0;
  }

  /** The connection has closed, after the response or instead of it. */
  #onClose(): void {
    if (this.#aborted || this.#upgraded || this.#node.response.writableFinished) return;
    this.#aborted = true;
    for (const handler of this.#abortHandlers.splice(0)) handler();
  }
}

function hasBody(request: IncomingMessage): boolean {
  const { headers } = request;
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}

/** A response for a request whose socket Node has handed over raw: for everything but 101. */
export function responseFor(request: IncomingMessage, socket: Socket): ServerResponse {
  const response = new ServerResponse(request);
  response.assignSocket(socket);
  response.shouldKeepAlive = false;
  response.once("finish", () => socket.end());
  return response;
}
