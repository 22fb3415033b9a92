/**
 * The door to a worker's log, on its management port: /logs (the last lines) and /logs/tail (a WebSocket). A worker knows no
 * users, so it lets in the manager alone, which asks its admins for their login: whoever shows, by TLS, the
 * certificate that a live manager tells through membership. Everybody else is answered 403.
 */
import type { IncomingMessage } from "node:http";
import { TLSSocket } from "node:tls";
import { peerFingerprint } from "../net/tls/certificate-fingerprint.ts";
import { refuseUpgrade, type Upgrade, WebSocketDoor } from "../net/web-socket.ts";
import type { LogAnswer, LogService } from "../observability/log-service.ts";

export const LOG_PATHS = { page: "/logs", tail: "/logs/tail" } as const;

const REFUSED: LogAnswer = {
  status: 403,
  body: {
    Error:
      "A worker shows its log to the manager only: read it in the console, or at /carbon/nodes/NAME/logs of the manager.",
    code: "ACCESS_DENIED",
  },
};

export class LogDoor {
  readonly #logs: LogService;
  readonly #isManager: (fingerprint: string) => boolean;
  readonly #webSockets = new WebSocketDoor();

  /** @param isManager whether a live manager has the certificate of that fingerprint. */
  constructor(logs: LogService, isManager: (fingerprint: string) => boolean) {
    this.#logs = logs;
    this.#isManager = isManager;
  }

  page(request: IncomingMessage): LogAnswer {
    return this.#isOpenTo(request) ? this.#logs.page(searchOf(request)) : REFUSED;
  }

  tail(upgrade: Upgrade): void {
    const { request, socket } = upgrade;
    socket.on("error", () => socket.destroy());
    const refuse = ({ status, body }: LogAnswer): void => refuseUpgrade(socket, status, body);
    if (!this.#isOpenTo(request)) {
      refuse(REFUSED);
      return;
    }
    const result = this.#logs.tail(searchOf(request));
    if (result.kind === "refused") refuse(result.answer);
    else this.#webSockets.open(upgrade, (link) => result.start(link));
  }

  /** Ends every tail. */
  close(): void {
    this.#logs.close();
  }

  #isOpenTo({ socket }: IncomingMessage): boolean {
    const fingerprint = socket instanceof TLSSocket ? peerFingerprint(socket) : undefined;
    return fingerprint !== undefined && this.#isManager(fingerprint);
  }
}

function searchOf({ url = "" }: IncomingMessage): string {
  const question = url.indexOf("?");
  return question === -1 ? "" : url.slice(question + 1);
}
