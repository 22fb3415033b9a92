/**
 * What draining asks of a worker, and the way there: POST /node/drain and /node/resume at its management port, over HTTPS with
 * the manager's certificate and pinned to the worker's own. The worker says "draining" in its member record from then on.
 */
import { request } from "node:https";
import { text } from "node:stream/consumers";
import { AppError, messageOf } from "../../errors/app-error.ts";
import type { LiveIdentity } from "../../net/tls/live-identity.ts";
import type { TrustView } from "../../net/trust/trust-view.ts";
import type { Clock } from "../../runtime/clock.ts";
import { joinAddress } from "../node-view.ts";
import type { RelayedNode } from "../relay/node-relay.ts";
import { PinnedAgent } from "../relay/pinned-agent.ts";

/** What a worker does at the end: nothing, stop, or end so that its supervisor starts it again. */
export type DrainGoal = "stay" | "stop" | "restart";

export interface DrainRequest {
  /** After so long the goal is met whatever is bound to the worker; 0: now. */
  readonly deadlineMs: number;
  /** The field `then` of the message. */
  readonly goal: DrainGoal;
}

/** Every call rejects with AppError NODE_UNREACHABLE when the worker does not do as it is asked. */
export interface WorkerDoor {
  drain(node: RelayedNode, request: DrainRequest): Promise<void>;
  resume(node: RelayedNode): Promise<void>;
}

const PATHS = { drain: "/node/drain", resume: "/node/resume" } as const;
/** Between the request and the end of the answer. */
const ASK_MS_MAX = 10_000;
const SENTENCE_LENGTH_MAX = 300;

export interface RemoteDoorOptions {
  /** The manager's certificate, which workers know from membership. */
  readonly identity: LiveIdentity;
  readonly trust: TrustView | undefined;
  readonly clock: Clock;
}

export class RemoteDoor implements WorkerDoor {
  readonly #options: RemoteDoorOptions;

  constructor(options: RemoteDoorOptions) {
    this.#options = options;
  }

  drain(node: RelayedNode, { deadlineMs, goal }: DrainRequest): Promise<void> {
    const fields = [
      ["deadlineMs", deadlineMs],
      ["then", goal],
    ];
    return this.#post(node, PATHS.drain, Object.fromEntries(fields));
  }

  resume(node: RelayedNode): Promise<void> {
    return this.#post(node, PATHS.resume, {});
  }

  async #post(node: RelayedNode, path: string, body: object): Promise<void> {
    const { name, host, port, fingerprint } = node;
    const { identity, trust, clock } = this.#options;
    const ending = new AbortController();
    const late = clock.after(ASK_MS_MAX, () => ending.abort(new Error("no answer in time")));
    const own = { identity: identity.shown, trust, clock };
    const agent = new PinnedAgent({ name, host, port, fingerprint, ...own });
    try {
      const { status, sentence } = await post({ agent, path, signal: ending.signal }, body);
      if (status !== 200) throw new Error(sentence);
    } catch (cause) {
      const message = `${name} (${joinAddress(host, port)}) did not do as it was asked: ${messageOf(cause)}`;
      throw new AppError("NODE_UNREACHABLE", message, { side: "peer", retryable: true, cause });
    } finally {
      late.cancel();
      agent.destroy();
    }
  }
}

interface Target {
  readonly agent: PinnedAgent;
  readonly path: string;
  readonly signal: AbortSignal;
}

async function post(
  target: Target,
  body: object,
): Promise<{ readonly status: number; readonly sentence: string }> {
  const payload = JSON.stringify(body);
  const { promise, resolve, reject } = Promise.withResolvers<{
    status: number;
    sentence: string;
  }>();
  const headers = {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(payload),
  };
  const outgoing = request({ ...target, method: "POST", headers }, (answer) => {
    const status = answer.statusCode ?? 0;
    text(answer).then((said) => resolve({ status, sentence: sentenceIn(said, status) }), reject);
  });
  outgoing.once("error", reject);
  outgoing.end(payload);
  return promise;
}

function sentenceIn(body: string, status: number): string {
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed === "object" && parsed !== null && "Error" in parsed)
      return String(parsed.Error).slice(0, SENTENCE_LENGTH_MAX);
  } catch {
    // Not from the door of this version.
  }
  return `it answered ${status}; does it run the manager's version?`;
}
