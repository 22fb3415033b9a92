/** One kept connection to a service port: a request at a time, the answer with status and revisions. Used by load and probes. */
import { connect, type Socket } from "node:net";

export interface ServiceAnswer {
  readonly status: number;
  /** Values of X-Bascule-Revision, mostly one. */
  readonly revisions: readonly string[];
}

/** An answer that takes longer has failed. */
const ANSWER_MS_MAX = 10_000;

export class KeptConnection {
  readonly #port: number;
  #socket: Socket | undefined;
  #received = "";
  #waiting: PromiseWithResolvers<ServiceAnswer> | undefined;

  constructor(port: number) {
    this.#port = port;
  }

  /** Connects again where the connection has ended between two requests. @throws Error when no whole answer comes. */
  ask(target: string): Promise<ServiceAnswer> {
    this.#socket ??= this.#connect();
    const socket = this.#socket;
    this.#waiting = Promise.withResolvers();
    const timer = setTimeout(() => socket.destroy(new Error("no answer")), ANSWER_MS_MAX);
    socket.write(
      `GET ${target} HTTP/1.1\r\nHost: esb.localhost\r\nX-Bascule-Revision: ?\r\n\r\n`,
      "latin1",
    );
    return this.#waiting.promise.finally(() => clearTimeout(timer));
  }

  close(): void {
    this.#socket?.destroy();
  }

  #connect(): Socket {
    const socket = connect({ port: this.#port, host: "127.0.0.1", noDelay: true });
    this.#received = "";
    socket.on("data", (chunk: Buffer) => {
      this.#received += chunk.toString("latin1");
      this.#read(socket);
    });
    socket.on("error", (error) => this.#end(socket, error.message));
    socket.on("close", () => this.#end(socket, "closed"));
    return socket;
  }

  #read(socket: Socket): void {
    const headEnd = this.#received.indexOf("\r\n\r\n");
    if (headEnd === -1) return;
    const head = this.#received.slice(0, headEnd);
    const end = bodyEnd(head, this.#received, headEnd + 4);
    if (end === undefined) return;
    this.#received = this.#received.slice(end);
    const revisions = [...head.matchAll(/^X-Bascule-Revision: (\S+)\r?$/gim)];
    const answer = {
      status: Number(head.slice(9, 12)),
      revisions: revisions.map(([, id = ""]) => id),
    };
    // The next request would meet a connection that the other side closes.
    if (/^Connection: close\r?$/im.test(head)) {
      this.#socket = undefined;
      socket.destroy();
    }
    this.#waiting?.resolve(answer);
    this.#waiting = undefined;
  }

  #end(socket: Socket, reason: string): void {
    if (this.#socket !== socket) return;
    this.#socket = undefined;
    this.#waiting?.reject(new Error(`the connection has ended: ${reason}`));
    this.#waiting = undefined;
  }
}

/** Where the answer ends; undefined: not all of it is here. */
function bodyEnd(head: string, received: string, start: number): number | undefined {
  const [, length] = /^Content-Length: (\d+)\r?$/im.exec(head) ?? [];
  if (length !== undefined) {
    const end = start + Number(length);
    return received.length >= end ? end : undefined;
  }
  if (!/^Transfer-Encoding: chunked\r?$/im.test(head)) return start;
  const last = received.indexOf("0\r\n\r\n", start);
  return last === -1 ? undefined : last + 5;
}
