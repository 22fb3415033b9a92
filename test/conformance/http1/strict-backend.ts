/**
 * A server that speaks HTTP/1.1 to the letter and nothing else: whatever two readers could read in two ways breaks it. What a
 * gateway sends to it is recorded, so that a test sees what reached it and that nothing was left over.
 */
import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";

export interface StrictRequest {
  readonly method: string;
  readonly target: string;
  /** Names in lower case; no name stands twice. */
  readonly fields: ReadonlyMap<string, string>;
  readonly body: string;
}

export class StrictBackend implements AsyncDisposable {
  readonly requests: StrictRequest[] = [];
  /** What no strict reader would have taken. */
  readonly offences: string[] = [];
  readonly #server = createServer((socket) => this.#serve(socket));
  readonly #sockets = new Map<Socket, string>();

  /** @returns the port of 127.0.0.1. */
  async start(): Promise<number> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return (this.#server.address() as AddressInfo).port;
  }

  /** Bytes that belong to no complete request, of open connections and of those that have ended. */
  get leftOver(): string {
    return [...this.#sockets.values()].join("");
  }

  clear(): void {
    this.requests.length = 0;
    this.offences.length = 0;
    this.#sockets.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const socket of this.#sockets.keys()) socket.destroy();
    await closed;
  }

  #serve(socket: Socket): void {
    this.#sockets.set(socket, "");
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      const text = (this.#sockets.get(socket) ?? "") + chunk.toString("latin1");
      try {
        this.#sockets.set(socket, this.#answer(socket, text));
      } catch (error) {
        this.offences.push(String(error));
        socket.destroy();
      }
    });
  }

  /** @returns what is not complete yet. */
  #answer(socket: Socket, received: string): string {
    let text = received;
    for (let read = readStrictly(text); read; read = readStrictly(text)) {
      this.requests.push(read.request);
      text = read.rest;
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
      if (read.request.fields.get("connection") === "close") socket.end();
    }
    return text;
  }
}

const LINE = /^([A-Z]+) (\/[!-~\x80-\xff]*) HTTP\/1\.[01]$/;
const FIELD = /^([A-Za-z0-9-]+): ([!-~\x80-\xff](?:[ \t!-~\x80-\xff]*[!-~\x80-\xff])?)?$/;

/** @throws Error for what is not strictly right. @returns undefined: not complete yet. */
function readStrictly(text: string): { request: StrictRequest; rest: string } | undefined {
  const end = text.indexOf("\r\n\r\n");
  if (end === -1) return undefined;
  const [line = "", ...lines] = text.slice(0, end).split("\r\n");
  const [, method, target] = LINE.exec(line) ?? [];
  if (method === undefined || target === undefined) throw new Error(`request line ${quoted(line)}`);
  const fields = readFields(lines);
  if (!fields.has("host")) throw new Error("no Host");
  const tail = text.slice(end + 4);
  const read = readBody(fields, tail);
  if (!read) return undefined;
  return { request: { method, target, fields, body: read.body }, rest: read.rest };
}

function readFields(lines: readonly string[]): Map<string, string> {
  const fields = new Map<string, string>();
  for (const line of lines) {
    const [, name = "", value = ""] = FIELD.exec(line) ?? [];
    if (name === "") throw new Error(`header line ${quoted(line)}`);
    if (fields.has(name.toLowerCase())) throw new Error(`second ${name}`);
    fields.set(name.toLowerCase(), value);
  }
  return fields;
}

function readBody(
  fields: ReadonlyMap<string, string>,
  tail: string,
): { body: string; rest: string } | undefined {
  const length = fields.get("content-length");
  const coding = fields.get("transfer-encoding");
  if (length !== undefined && coding !== undefined) throw new Error("two framings");
  if (coding !== undefined && coding !== "chunked") throw new Error(`coding ${quoted(coding)}`);
  if (coding === "chunked") return readChunks(tail);
  if (length === undefined) return { body: "", rest: tail };
  if (!/^(?:0|[1-9]\d*)$/.test(length)) throw new Error(`length ${quoted(length)}`);
  const bytes = Number(length);
  return tail.length < bytes ? undefined : { body: tail.slice(0, bytes), rest: tail.slice(bytes) };
}

function readChunks(tail: string): { body: string; rest: string } | undefined {
  let body = "";
  for (let at = 0; ;) {
    const end = tail.indexOf("\r\n", at);
    if (end === -1) return undefined;
    const digits = tail.slice(at, end);
    if (!/^[0-9a-f]+$/i.test(digits)) throw new Error(`size of a chunk ${quoted(digits)}`);
    const bytes = Number.parseInt(digits, 16);
    if (tail.length < end + 2 + bytes + 2) return undefined;
    body += tail.slice(end + 2, end + 2 + bytes);
    at = end + 2 + bytes + 2;
    // The gateway has no reason to send a trailer here: none of a request's trailers is its peer's business.
    if (tail.slice(at - 2, at) !== "\r\n") throw new Error("end of a chunk");
    if (bytes === 0) return { body, rest: tail.slice(at) };
  }
}

function quoted(text: string): string {
  return JSON.stringify(text);
}
