/**
 * The question of a deploy to all workers at once: make this candidate ready. Who cannot be reached, or has not heard yet that
 * this is a manager, is asked again until the time is over or it has left the cluster, in which case it does not count.
 * Called by the barrier.
 */
import type { StageAnswer, StageRequest } from "../../depsync/barrier/revision-stage.ts";
import { AppError, messageOf } from "../../errors/app-error.ts";
import { type Clock, sleep } from "../../runtime/clock.ts";
import type { LiveWorker, LiveWorkers } from "./live-workers.ts";
import { leftMeanwhile, letsPass, type WorkerAnswer } from "./worker-answer.ts";

/** Between two attempts to reach a worker. */
const ASK_AGAIN_MS = 500;
/** How long the others are still waited for once one worker has said no. */
export const AFTER_REFUSAL_MS = 2_000;

export interface StageRoundOptions {
  readonly workers: LiveWorkers;
  readonly clock: Clock;
  /** How long workers may take, in milliseconds. */
  readonly timeoutMs: number;
}

export interface StagedWorker {
  readonly worker: LiveWorker;
  readonly answer: WorkerAnswer;
}

/** Why a worker is not waited for any more. */
type Ending = "left" | "time" | "refusal";

/**
 * Asks everybody who is there at this moment, but those that are left out. Never rejects.
 * @param without names that are not asked.
 */
export async function askToStage(
  request: StageRequest,
  without: ReadonlySet<string>,
  options: StageRoundOptions,
): Promise<readonly StagedWorker[]> {
  const { workers, clock, timeoutMs } = options;
  const asked = workers.list().map((worker) => new Asked(worker, request, options));
  const endLeft = workers.onLeft((id) => asked.find((one) => one.id === id)?.end("left"));
  const endAll = (reason: Ending) => (): void => {
    for (const one of asked) one.end(reason);
  };
  const timer = clock.after(timeoutMs, endAll("time"));
  let refusal: ReturnType<Clock["after"]> | undefined;
  const ask = async (one: Asked): Promise<StagedWorker> => {
    if (without.has(one.worker.name)) return { worker: one.worker, answer: leftOut(one.worker) };
    const answer = await one.ask();
    if (!letsPass(answer)) refusal ??= clock.after(AFTER_REFUSAL_MS, endAll("refusal"));
    return { worker: one.worker, answer };
  };
  try {
    return await Promise.all(asked.map(ask));
  } finally {
    endLeft();
    timer.cancel();
    refusal?.cancel();
  }
}

/** One worker while it is asked. */
class Asked {
  readonly worker: LiveWorker;
  readonly #request: StageRequest;
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #ended = Promise.withResolvers<Ending>();
  readonly #abort = new AbortController();
  /** Why the last attempt failed; "": none has. */
  #lastFailure = "";

  constructor(worker: LiveWorker, request: StageRequest, options: StageRoundOptions) {
    this.worker = worker;
    this.#request = request;
    this.#clock = options.clock;
    this.#timeoutMs = options.timeoutMs;
  }

  get id(): string {
    return this.worker.id;
  }

  end(reason: Ending): void {
    this.#ended.resolve(reason);
    this.#abort.abort(new Error("it took too long"));
  }

  async ask(): Promise<WorkerAnswer> {
    const startedMs = this.#clock.monotonicMs();
    const answered = this.#askUntilAnswered().then((answer) => {
      const stageMs = Math.round(this.#clock.monotonicMs() - startedMs);
      return toWorkerAnswer(this.worker.name, answer, stageMs);
    });
    const ended = this.#ended.promise.then((reason) => this.#unanswered(reason));
    return Promise.race([answered, ended]);
  }

  /** Resolves never, once it has been ended. */
  async #askUntilAnswered(): Promise<StageAnswer> {
    const { stage } = this.worker;
    const { signal } = this.#abort;
    while (!signal.aborted) {
      try {
        return await stage.stage(this.#request, signal);
      } catch (error) {
        if (signal.aborted) break;
        const isAway = error instanceof AppError && error.retryable;
        if (!isAway) return { kind: "failed", reason: messageOf(error) };
        this.#lastFailure = messageOf(error);
      }
      await sleep(this.#clock, ASK_AGAIN_MS);
    }
    return Promise.withResolvers<never>().promise;
  }

  #unanswered(reason: Ending): WorkerAnswer {
    const node = this.worker.name;
    if (reason === "left") return leftMeanwhile(node);
    const base = { node, problems: [], stageMs: undefined, switchMs: undefined, late: false };
    const sentence =
      reason === "time"
        ? `did not answer within ${this.#timeoutMs / 1000} s`
        : `had not answered ${AFTER_REFUSAL_MS / 1000} s after another one had refused`;
    const why = this.#lastFailure === "" ? "" : `: ${this.#lastFailure}`;
    return { ...base, answer: "silent", reason: `${node} ${sentence}${why}` };
  }
}

function toWorkerAnswer(node: string, answer: StageAnswer, stageMs: number): WorkerAnswer {
  const base = { node, problems: [], reason: "", stageMs, switchMs: undefined, late: false };
  if (answer.kind === "ready") return { ...base, answer: "ready" };
  if (answer.kind === "failed")
    return { ...base, answer: "failed", reason: `${node} cannot take it: ${answer.reason}` };
  const { problems, more = 0 } = answer;
  const told = more > 0 ? `, of which the first ${problems.length} are told` : "";
  const reason = `${node} found ${problems.length + more} problem(s) in the artifacts${told}`;
  return { ...base, answer: "faulty", problems, reason };
}

function leftOut({ name }: LiveWorker): WorkerAnswer {
  const reason = `${name} was left out; it follows by itself`;
  const base = { node: name, problems: [], stageMs: undefined, switchMs: undefined };
  return { ...base, answer: "without", reason, late: true };
}
