/**
 * The stage of a worker on another node: its management port over HTTPS, with the manager's certificate and pinned to the worker's own,
 * over connections that are kept. Answers are bounded in time and size and read strictly. Used by the
 * barrier of a deploy, through `ClusterWorkers`.
 */
import { request, type RequestOptions } from "node:https";
import type { ClientRequest, IncomingMessage } from "node:http";
import type { Cluster, Member } from "../../cluster/cluster.ts";
import { MEMBER_PROPERTIES } from "../../cluster/member-properties.ts";
import type {
  OutcomesAnswer,
  RevisionStage,
  StageAnswer,
  StageRequest,
  SwitchAnswer,
} from "../../depsync/barrier/revision-stage.ts";
import {
  ANSWER_BYTES_MAX,
  readOutcomesAnswer,
  readStageAnswer,
  readSwitchAnswer,
  STAGE_PATHS,
} from "../../depsync/barrier/revision-stage-messages.ts";
import { AppError, messageOf } from "../../errors/app-error.ts";
import type { LiveIdentity } from "../../net/tls/live-identity.ts";
import type { TrustView } from "../../net/trust/trust-view.ts";
import type { Clock } from "../../runtime/clock.ts";
import { joinAddress } from "../node-view.ts";
import { PinnedAgent } from "../relay/pinned-agent.ts";
import type { StageMaker } from "./live-workers.ts";

/** For everything that does not bring its own bound. */
const ASK_MS_MAX = 10_000;

export interface RemoteStagesOptions {
  readonly cluster: Pick<Cluster, "members">;
  /** The manager's certificate, which workers know from membership. */
  readonly identity: LiveIdentity;
  readonly trust: TrustView | undefined;
  readonly clock: Clock;
}

/** Makes the ways to workers; each asks membership anew where its worker is. */
export class RemoteStages implements StageMaker {
  readonly #options: RemoteStagesOptions;

  constructor(options: RemoteStagesOptions) {
    this.#options = options;
  }

  make({ id, name }: Member): RemoteStage {
    return new RemoteStage(id, name, this.#options);
  }
}

interface Question {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly body?: object;
  /** Undefined: ASK_MS_MAX counts. */
  readonly signal: AbortSignal | undefined;
}

export class RemoteStage implements RevisionStage {
  readonly #id: string;
  readonly #name: string;
  readonly #options: RemoteStagesOptions;
  /** With what it was made for: another certificate on either side asks for another one. */
  #agent: { readonly agent: PinnedAgent; readonly key: string } | undefined;

  constructor(id: string, name: string, options: RemoteStagesOptions) {
    this.#id = id;
    this.#name = name;
    this.#options = options;
  }

  async stage(body: StageRequest, signal?: AbortSignal): Promise<StageAnswer> {
    const question = { method: "POST", path: STAGE_PATHS.stage, body, signal } as const;
    return readStageAnswer(await this.#ask(question));
  }

  async activate(commit: string, signal?: AbortSignal, seal?: string): Promise<SwitchAnswer> {
    const body = { commit, seal };
    const question = { method: "POST", path: STAGE_PATHS.activate, body, signal } as const;
    return readSwitchAnswer(await this.#ask(question));
  }

  async abandon(commit: string, signal?: AbortSignal): Promise<void> {
    await this.#ask({ method: "POST", path: STAGE_PATHS.abandon, body: { commit }, signal });
  }

  async outcomes(signal?: AbortSignal): Promise<OutcomesAnswer> {
    return readOutcomesAnswer(
      await this.#ask({ method: "GET", path: STAGE_PATHS.outcomes, signal }),
    );
  }

  /** Ends the connections that are kept. */
  close(): void {
    this.#agent?.agent.destroy();
    this.#agent = undefined;
  }

  async #ask({ method, path, body, signal }: Question): Promise<unknown> {
    const ending = new AbortController();
    const end = (): void => ending.abort(signal?.reason);
    if (signal?.aborted === true) end();
    signal?.addEventListener("abort", end, { once: true });
    const late = signal ? undefined : this.#options.clock.after(ASK_MS_MAX, end);
    const payload = body && JSON.stringify(body);
    try {
      const target = this.#target();
      const answer = await send({ ...target, method, path, signal: ending.signal }, payload);
      return await this.#read(answer);
    } catch (error) {
      throw error instanceof AppError ? error : this.#unreachable(messageOf(error), error);
    } finally {
      late?.cancel();
      signal?.removeEventListener("abort", end);
    }
  }

  async #read(answer: IncomingMessage): Promise<unknown> {
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > ANSWER_BYTES_MAX) throw this.#refused("its answer is too long");
      chunks.push(chunk);
    }
    const text = Buffer.concat(chunks).toString("utf8");
    const { statusCode = 0 } = answer;
    if (statusCode === 404)
      throw this.#refused(
        "it does not know the deploys of this version: bring it to the manager's",
      );
    if (statusCode === 403) throw this.#doorClosed(text);
    if (statusCode < 200 || statusCode > 299)
      throw this.#refused(`it answered ${statusCode} ${text.slice(0, 300)}`);
    if (text === "") return {};
    try {
      return JSON.parse(text) as unknown;
    } catch {
      throw this.#refused("its answer is no JSON");
    }
  }

  /** Who has not heard of this manager's certificate yet will soon: it is asked again. Any other 403 is for good. */
  #doorClosed(text: string): AppError {
    if (codeIn(text) !== "ACCESS_DENIED")
      return this.#refused(
        "it changes nothing on a manager's word (403): it runs a version that knows no such deploys; bring it to the manager's",
      );
    const message = `${this.#name} takes this manager for none (403): it has not heard of the manager's certificate yet, or its cluster's authority has not made it`;
    return new AppError("NODE_UNREACHABLE", message, { side: "peer", retryable: true });
  }

  #target(): RequestOptions {
    const { identity, clock, trust, cluster } = this.#options;
    const member = cluster.members().find(({ id }) => id === this.#id);
    const port = member?.ports.management;
    const fingerprint = member?.properties[MEMBER_PROPERTIES.managementCertificate];
    if (!member || port === undefined || fingerprint === undefined)
      throw this.#unreachable("membership does not tell its management port and certificate");
    const { name, host } = member;
    const shown = identity.shown;
    const key = [host, port, fingerprint, identity.fingerprint].join("|");
    if (this.#agent?.key !== key || trust?.isRevoked(fingerprint) === true) {
      this.close();
      const options = { name, host, port, fingerprint, identity: shown, clock, trust };
      this.#agent = { agent: new PinnedAgent({ ...options, keepsAlive: true }), key };
    }
    return { agent: this.#agent.agent, host, port };
  }

  #unreachable(reason: string, cause?: unknown): AppError {
    const member = this.#options.cluster.members().find(({ id }) => id === this.#id);
    const at = member && joinAddress(member.host, member.ports.management ?? 0);
    const message = `${this.#name} does not answer at its management port ${at ?? ""}: ${reason}`;
    return new AppError("NODE_UNREACHABLE", message, { side: "peer", retryable: true, cause });
  }

  #refused(reason: string): AppError {
    const message = `${this.#name} cannot take part in a deploy: ${reason}`;
    return new AppError("NODE_UNREACHABLE", message, { side: "peer" });
  }
}

/** Of an answer with an error. */
function codeIn(text: string): unknown {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === "object" && body !== null && "code" in body ? body.code : undefined;
  } catch {
    return undefined;
  }
}

/** A kept connection may have been closed by the worker at that very moment: the question, which may be asked twice, goes out once more. */
async function send(
  options: RequestOptions,
  payload: string | undefined,
): Promise<IncomingMessage> {
  const first = sendOnce(options, payload);
  try {
    return await first.answer;
  } catch (error) {
    if (!first.outgoing.reusedSocket || options.signal?.aborted === true) throw error;
    return sendOnce(options, payload).answer;
  }
}

interface Sent {
  readonly outgoing: ClientRequest;
  readonly answer: Promise<IncomingMessage>;
}

function sendOnce(options: RequestOptions, payload: string | undefined): Sent {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const headers =
    payload === undefined
      ? {}
      : { "content-type": "application/json", "content-length": Buffer.byteLength(payload) };
  const outgoing = request({ ...options, headers }, resolve);
  outgoing.once("error", reject);
  outgoing.end(payload);
  return { outgoing, answer: promise };
}
