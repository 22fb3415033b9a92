/**
 * The server side of WebSockets (RFC 6455) on a node's management ports: takes over an upgraded socket and offers it as
 * a link that texts are sent over. Nothing is expected of the client but pongs: longer frames than a control frame's
 * are refused, what else it says is dropped. No compression. The only room of ws.
 */
import { type IncomingMessage, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";

/** Longest message of a client, in bytes. */
const MESSAGE_BYTES_MAX = 1_024;
/** How long the client may take to answer a goodbye. */
const GOODBYE_MS_MAX = 1_000;

/** An open WebSocket. Handlers of `onClose` are called once, also for a link that has closed already. */
export class WebSocketLink {
  readonly #socket: WebSocket;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    // What went wrong ends the connection, and the end is what matters here.
    socket.on("error", () => socket.terminate());
  }

  /** Bytes that were sent and have not left the process yet. */
  get waitingBytes(): number {
    return this.#socket.bufferedAmount;
  }

  /** Never throws: on a closed link the text is lost and `onSent` is called all the same. */
  send(text: string, onSent: () => void): void {
    this.#socket.send(text, () => onSent());
  }

  ping(): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.ping();
  }

  /** Closes with a code of RFC 6455, section 7.4. */
  end(code: number, reason: string): void {
    this.#socket.close(code, reason);
  }

  cut(): void {
    this.#socket.terminate();
  }

  onPong(handler: () => void): void {
    this.#socket.on("pong", handler);
  }

  onClose(handler: () => void): void {
    if (this.#socket.readyState === this.#socket.CLOSED) handler();
    else this.#socket.once("close", handler);
  }
}

const OPTIONS = {
  noServer: true,
  clientTracking: false,
  perMessageDeflate: false,
  maxPayload: MESSAGE_BYTES_MAX,
  closeTimeout: GOODBYE_MS_MAX,
} as const;

/** Makes links out of upgraded sockets. */
export class WebSocketDoor {
  readonly #server = new WebSocketServer(OPTIONS);

  /** Answers 101 and hands the link over; a handshake that is wrong is answered 400 or 426, and there is no link. */
  open(upgrade: Upgrade, onLink: (link: WebSocketLink) => void): void {
    const { request, socket, head } = upgrade;
    this.#server.handleUpgrade(request, socket, head, (webSocket) =>
      onLink(new WebSocketLink(webSocket)),
    );
  }
}

/** What Node's event "upgrade" brings. */
export interface Upgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  /** What has come behind the request already. */
  readonly head: Buffer;
}

/** Whether a request asks for a WebSocket. */
export function isWebSocketRequest({ method, headers }: IncomingMessage): boolean {
  return method === "GET" && headers.upgrade?.toLowerCase() === "websocket";
}

/** Answers an upgrade with a status and a JSON body in its place, and closes. */
export function refuseUpgrade(socket: Duplex, status: number, body: object): void {
  if (socket.destroyed || !socket.writable) return;
  const text = `${JSON.stringify(body)}\n`;
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "Unknown"}`,
    "Connection: close",
    "Content-Type: application/json",
    `Content-Length: ${Buffer.byteLength(text)}`,
    "X-Content-Type-Options: nosniff",
    "Cache-Control: no-store",
  ];
  socket.once("finish", () => socket.destroy());
  socket.end(`${head.join("\r\n")}\r\n\r\n${text}`);
}
