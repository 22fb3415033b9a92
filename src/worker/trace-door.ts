/**
 * Traces of messages on a worker's management port: /traces (heads, newest first), /traces/ID (every step) and
 * /traces/token (a token for the header X-Bascule-Trace). Traces hold what clients sent, so that the door
 * is open to the manager alone. Form and bounds: docs/tracing.md.
 */
import type { IncomingMessage } from "node:http";
import type { MessageTrace } from "../mediation/trace/message-trace.ts";
import { TRACE_HEADER, type TraceRing } from "../mediation/trace/trace-ring.ts";
import { isFromManager, type ManagerCheck } from "./manager-door.ts";

export const TRACES_PATH = "/traces";

export interface TraceAnswer {
  readonly status: number;
  readonly body: object;
}

const REFUSED: TraceAnswer = {
  status: 403,
  body: {
    Error:
      "A worker shows its traces to the manager only: read them at /carbon/nodes/NAME/traces of the manager.",
    code: "ACCESS_DENIED",
  },
};

export class TraceDoor {
  readonly #ring: TraceRing;
  readonly #isManager: ManagerCheck;

  constructor(ring: TraceRing, isManager: ManagerCheck) {
    this.#ring = ring;
    this.#isManager = isManager;
  }

  /** Undefined: the path is none of the traces'. */
  page(request: IncomingMessage, path: string): TraceAnswer | undefined {
    if (path !== TRACES_PATH && !path.startsWith(`${TRACES_PATH}/`)) return undefined;
    return isFromManager(request, this.#isManager) ? tracePage(this.#ring, path) : REFUSED;
  }
}

/** The page at a path below TRACES_PATH for somebody who may read it. */
export function tracePage(ring: TraceRing, path: string): TraceAnswer {
  if (path === TRACES_PATH) {
    const list = ring.traces.map((trace) => summaryOf(trace));
    return { status: 200, body: { count: list.length, list } };
  }
  const name = path.slice(TRACES_PATH.length + 1);
  if (name === "token") {
    const { token, expiresInMs } = ring.issueToken();
    return { status: 200, body: { header: TRACE_HEADER, token, expiresInMs } };
  }
  const trace = ring.find(name);
  if (!trace) {
    const Error = `There is no trace ${name}: it may have made room for newer ones.`;
    return { status: 404, body: { Error, code: "RESOURCE_UNKNOWN" } };
  }
  return { status: 200, body: { ...summaryOf(trace), list: trace.steps } };
}

function summaryOf({ head, steps, dropped }: MessageTrace): object {
  const faults = steps.filter(({ result }) => result === "fault").length;
  const { atMs, service, ...others } = head;
  const at = new Date(atMs).toISOString();
  return { ...others, at, service: service ?? null, steps: steps.length, dropped, faults };
}
