/**
 * A client on one connection of its own that is kept, also over TLS: sends requests, several at once if asked, and
 * takes each response apart. A connection that ends under a request is an error: nothing is sent twice.
 */
import { connect, type Socket } from "node:net";
import { connect as connectTls, TLSSocket } from "node:tls";

export interface KeptResponse {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

interface Waiting {
  readonly resolve: (response: KeptResponse) => void;
  readonly reject: (error: Error) => void;
}

export class KeptClient {
  readonly socket: Socket;
  readonly #waiting: Waiting[] = [];
  #received = "";
  #ended = false;

  constructor(port: number, { tls = false }: { readonly tls?: boolean } = {}) {
    this.socket = tls
      ? connectTls({ port, host: "127.0.0.1", rejectUnauthorized: false })
      : connect({ port, host: "127.0.0.1", noDelay: true });
    this.socket.on("data", (chunk: Buffer) => {
      this.#received += chunk.toString("latin1");
      this.#read();
    });
    this.socket.on("error", (error) => this.#end(error.message));
    this.socket.on("close", () => this.#end("closed"));
  }

  /** The other side has closed the connection. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Common name of the certificate that the handshake showed. */
  get certificateName(): string {
    return this.socket instanceof TLSSocket
      ? String(this.socket.getPeerCertificate().subject.CN)
      : "";
  }

  get(target: string): Promise<KeptResponse> {
    return this.send(`GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`);
  }

  post(target: string, body: string): Promise<KeptResponse> {
    return this.send(postText(target, body));
  }

  /** The whole text of one request; several may be on their way. */
  send(text: string): Promise<KeptResponse> {
    const { promise, resolve, reject } = Promise.withResolvers<KeptResponse>();
    this.#waiting.push({ resolve, reject });
    if (this.#ended) this.#end("closed before the request");
    else this.socket.write(text, "latin1");
    return promise;
  }

  close(): void {
    this.socket.destroy();
  }

  #read(): void {
    for (;;) {
      const headEnd = this.#received.indexOf("\r\n\r\n");
      if (headEnd === -1) return;
      const head = this.#received.slice(0, headEnd);
      const length = Number(/^Content-Length: (\d+)$/im.exec(head)?.[1] ?? "NaN");
      const end = headEnd + 4 + length;
      if (Number.isNaN(end)) return void this.socket.destroy(new Error(`no length in ${head}`));
      if (this.#received.length < end) return;
      const body = this.#received.slice(headEnd + 4, end);
      this.#received = this.#received.slice(end);
      this.#waiting.shift()?.resolve({ status: Number(head.slice(9, 12)), head, body });
    }
  }

  #end(reason: string): void {
    this.#ended = true;
    for (const { reject } of this.#waiting.splice(0)) reject(new Error(`request lost: ${reason}`));
  }
}

/** The text of a POST with a body of ASCII. */
export function postText(target: string, body: string): string {
  return `POST ${target} HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}
