/**
 * The only paths of a worker's management port that change something, and for a manager alone: whoever shows, by TLS, a
 * manager's certificate (`manager-door.ts`). Deploys and draining are such doors; their bodies are JSON of bounded size.
 */
import type { IncomingMessage } from "node:http";
import { AppError, messageOf } from "../errors/app-error.ts";
import { isFromManager, type ManagerCheck } from "./manager-door.ts";
import { readJsonBody } from "./request-body.ts";

/** Largest body of a change that names no other bound, in bytes. */
export const CHANGE_BYTES_MAX = 64 * 1024;

export interface ChangeAnswer {
  readonly status: number;
  readonly body: object;
}

/** One change: gets the body as JSON (undefined: there was none) and gives the answer's. */
export interface Change {
  readonly method: "GET" | "POST";
  /** Largest body, in bytes. Default: CHANGE_BYTES_MAX. */
  readonly bodyBytesMax?: number;
  readonly run: (body: unknown) => Promise<object> | object;
}

const REFUSED: ChangeAnswer = {
  status: 403,
  body: {
    Error: "A worker is deployed to, drained and resumed by a manager of its cluster only.",
    code: "ACCESS_DENIED",
  },
};

export class ChangeDoor {
  readonly #changes: Readonly<Record<string, Change>>;
  readonly #isManager: ManagerCheck;

  /** `changes`: by path. */
  constructor(changes: Readonly<Record<string, Change>>, isManager: ManagerCheck) {
    this.#changes = changes;
    this.#isManager = isManager;
  }

  /** Undefined: method and path are none of the door's. Never rejects. */
  answer(request: IncomingMessage, path: string): Promise<ChangeAnswer> | undefined {
    const change = Object.hasOwn(this.#changes, path) ? this.#changes[path] : undefined;
    if (change?.method !== request.method) return undefined;
    if (!isFromManager(request, this.#isManager)) {
      request.resume();
      return Promise.resolve(REFUSED);
    }
    return change && runChange(change, request);
  }
}

async function runChange(change: Change, request: IncomingMessage): Promise<ChangeAnswer> {
  try {
    const body = await readJsonBody(request, change.bodyBytesMax ?? CHANGE_BYTES_MAX);
    return { status: 200, body: await change.run(body) };
  } catch (error) {
    const code = error instanceof AppError ? error.code : "INTERNAL";
    const status = code === "REQUEST_INVALID" ? 400 : 500;
    return { status, body: { Error: messageOf(error), code } };
  }
}
