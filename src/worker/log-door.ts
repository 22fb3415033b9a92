/**
 * The door to a worker's log, on its management port: /logs (the last lines) and /logs/tail (a WebSocket). A worker knows no
 * users, so it lets in a manager alone (`manager-door.ts`), which asks its admins for their login. Everybody else is
 * answered 403.
 */
import type { IncomingMessage } from "node:http";
import { refuseUpgrade, type Upgrade, WebSocketDoor } from "../net/web-socket.ts";
import type { LogAnswer, LogService } from "../observability/log-service.ts";
import { isFromManager, type ManagerCheck } from "./manager-door.ts";

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
  readonly #isManager: ManagerCheck;
  readonly #webSockets = new WebSocketDoor();

  constructor(logs: LogService, isManager: ManagerCheck) {
    this.#logs = logs;
    this.#isManager = isManager;
  }

  page(request: IncomingMessage): LogAnswer {
    return isFromManager(request, this.#isManager) ? this.#logs.page(searchOf(request)) : REFUSED;
  }

  tail(upgrade: Upgrade): void {
    const { request, socket } = upgrade;
    socket.on("error", () => socket.destroy());
    const refuse = ({ status, body }: LogAnswer): void => refuseUpgrade(socket, status, body);
    if (!isFromManager(request, this.#isManager)) {
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
}

function searchOf({ url = "" }: IncomingMessage): string {
  const question = url.indexOf("?");
  return question === -1 ? "" : url.slice(question + 1);
}
