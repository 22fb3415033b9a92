/**
 * Keeps a worker on the revision that its source names. It takes part in deploys (RevisionStage): a candidate is made
 * ready beside the running generation, and the switch is one assignment. It looks at the source as well, when a cluster
 * message asks for it and on every tick, so that it follows even when nobody tells it anything. A revision that is faulty
 * or untrusted changes nothing and is logged once with every reason. Looks never overlap.
 */
import type {
  OutcomesAnswer,
  RevisionStage,
  StageAnswer,
  StageRequest,
  SwitchAnswer,
} from "../depsync/barrier/revision-stage.ts";
import { messageOf } from "../errors/app-error.ts";
import { formatProblem } from "../errors/config-error.ts";
import type { Log } from "../observability/log.ts";
import type { Clock, Timer } from "../runtime/clock.ts";
import {
  type Compile,
  type Generation,
  GenerationMaker,
  type MadeGeneration,
} from "./generation-maker.ts";
import { logDifference, logProblems, short } from "./revision-log.ts";
import type { RevisionSource } from "./revision-source.ts";
import { StagedCandidate } from "./staged-candidate.ts";

export interface RefusedRevision {
  readonly revision: string;
  readonly problems: readonly string[];
}

export interface RevisionFollowerOptions {
  readonly source: RevisionSource;
  readonly compile: Compile;
  /** Called after each switch, before anything else is done. */
  readonly onSwitch: (generation: Generation) => void;
  readonly log: Log;
  readonly clock: Clock;
  /** Time between two looks without a message. */
  readonly tickMs: number;
}

/** After a failed look the next one comes sooner than the tick: 1 s. */
const RETRY_MS = 1_000;
/** Between two looks that messages ask for: a storm of them costs two looks a second at most. */
const MESSAGE_GAP_MS = 1_000;
/** A start waits so long for its first look where a good revision runs already, and where none does. */
const START_LOOK_MS = { good: 1_000, nothing: 5_000 };

const STOPPING = "this worker is stopping";

export class RevisionFollower implements RevisionStage {
  readonly #options: RevisionFollowerOptions;
  readonly #maker: GenerationMaker;
  readonly #candidate: StagedCandidate;
  readonly #running = (): string | undefined => this.#current?.revision;
  #current: Generation | undefined;
  #refused: RefusedRevision | undefined;
  /** A live revision that was compiled and is faulty: it stays so. */
  #faulty: string | undefined;
  /** What was read of the source before a switch may be older than the switch. */
  #switches = 0;
  #looking: Promise<void> | undefined;
  #lookAgain = false;
  #lookedMs = Number.NEGATIVE_INFINITY;
  #timer: Timer | undefined;
  #messageTimer: Timer | undefined;
  #remembering: Promise<void> = Promise.resolve();
  #unreachableSaid = false;
  /** Of which revision it was said that it cannot be remembered. */
  #forgottenSaid: string | undefined;
  #closed = false;

  constructor(options: RevisionFollowerOptions) {
    this.#options = options;
    this.#maker = new GenerationMaker(options.source, options.compile);
    this.#candidate = new StagedCandidate(options.clock);
  }

  get current(): Generation | undefined {
    return this.#current;
  }

  get refused(): RefusedRevision | undefined {
    return this.#refused;
  }

  /**
   * Starts on the newest good revision that can be read and compiled, then follows the source, once `near` has resolved: what
   * the source is asked for is known by then. The first look is waited for, but not for long: the repository may be out of
   * reach. @throws what `near` rejects with.
   */
  async start(near?: Promise<void>): Promise<void> {
    await Promise.all([near, this.#startOnGood()]);
    const { clock } = this.#options;
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const waitMs = this.#current ? START_LOOK_MS.good : START_LOOK_MS.nothing;
    const timer = clock.after(waitMs, resolve);
    await Promise.race([this.look(), late]);
    timer.cancel();
  }

  /** Looks now; a call during a look makes one more look follow it. Never rejects. */
  look(): Promise<void> {
    if (this.#looking) {
      this.#lookAgain = true;
      return this.#looking;
    }
    this.#timer?.cancel();
    this.#looking = this.#lookUntilSettled();
    return this.#looking;
  }

  /** Looks because a message says so: now, or a moment later where a look has just begun. */
  lookSoon(): void {
    if (this.#messageTimer || this.#closed) return;
    const { clock } = this.#options;
    const waitMs = this.#lookedMs + MESSAGE_GAP_MS - clock.monotonicMs();
    if (waitMs <= 0) {
      void this.look();
      return;
    }
    this.#messageTimer = clock.after(waitMs, () => {
      this.#messageTimer = undefined;
      void this.look();
    });
  }

  async stage(request: StageRequest, signal?: AbortSignal): Promise<StageAnswer> {
    const { deployment, commit } = request;
    if (this.#closed) return { kind: "failed", reason: STOPPING };
    if (this.#running() === commit) return { kind: "ready" };
    const { log } = this.#options;
    const onAbort = (): void => this.#candidate.forget(commit, "given up by the manager");
    signal?.addEventListener("abort", onAbort);
    try {
      const make = (ending: AbortSignal): Promise<MadeGeneration> =>
        this.#maker.makeCandidate(request, this.#running, ending);
      const made = await this.#candidate.hold(commit, make);
      if (made.kind === "made") log.info(`Candidate ${short(commit)} is ready`, { deployment });
      return this.#stageAnswer(commit, made);
    } catch (error) {
      const reason = messageOf(error);
      log.warn(`Candidate ${short(commit)} was not made ready: ${reason}`, { deployment });
      return { kind: "failed", reason };
    } finally {
      signal?.removeEventListener("abort", onAbort);
    }
  }

  /** What was not staged here, or comes without a word that counts, is looked for: what the repository says is live counts. */
  async activate(commit: string, _signal?: AbortSignal, seal?: string): Promise<SwitchAnswer> {
    const made = await this.#candidate.of(commit)?.catch(() => undefined);
    const isAdmitted = made?.kind === "made" && (await this.#admits(commit, seal));
    const isReady = isAdmitted && !this.#closed && this.#running() !== commit;
    if (isReady) void this.#switchTo(made);
    else if (this.#running() !== commit) await this.look();
    return { revision: this.#running() };
  }

  abandon(commit: string): Promise<void> {
    this.#candidate.forget(commit, "abandoned by the manager");
    return Promise.resolve();
  }

  /** Services that no message has reached are left out. */
  outcomes(): Promise<OutcomesAnswer> {
    const all = this.#current?.engine.outcomes() ?? [];
    const services = all.filter(({ messages }) => messages > 0);
    return Promise.resolve({ revision: this.#running(), services });
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    this.#messageTimer?.cancel();
    this.#candidate.clear(STOPPING);
    await this.#looking;
    await this.#remembering;
  }

  async #admits(commit: string, seal: string | undefined): Promise<boolean> {
    const { source, log } = this.#options;
    const admits = await source.admits(commit, seal);
    if (!admits)
      log.warn(
        `Asked to switch to ${short(commit)} without a manager's word that it is live: looking at ${source.description}`,
      );
    return admits;
  }

  #stageAnswer(commit: string, made: MadeGeneration): StageAnswer {
    const { log } = this.#options;
    if (made.kind === "made") return { kind: "ready" };
    if (made.kind === "faulty") {
      logProblems(log, made.problems);
      log.error(`Candidate ${short(commit)} is refused; nothing changes`);
      return { kind: "faulty", problems: made.problems };
    }
    log.warn(`Candidate ${short(commit)} is not trusted: ${made.reason}`);
    return { kind: "failed", reason: made.reason };
  }

  async #startOnGood(): Promise<void> {
    const { source, log } = this.#options;
    const good = await source.goodRevisions().catch((error: unknown) => {
      log.warn(`The good revisions cannot be told, starting without them: ${messageOf(error)}`);
      return [];
    });
    for (const [index, id] of good.entries()) {
      const made = await this.#makeGood(id);
      if (made?.kind !== "made") continue;
      // A message may have brought a newer one meanwhile.
      if (this.#current || this.#closed) return;
      log.info(`Starting on the ${index === 0 ? "last " : ""}good revision ${short(id)}`);
      void this.#switchTo(made);
      return;
    }
  }

  async #makeGood(id: string): Promise<MadeGeneration | undefined> {
    const { log } = this.#options;
    try {
      const made = await this.#maker.makeGood(id);
      if (made.kind !== "faulty") return made;
      logProblems(log, made.problems);
      log.warn(`The good revision ${short(id)} is faulty under this version, going without it`);
    } catch (error) {
      log.warn(
        `The good revision ${short(id)} cannot be read, going without it: ${messageOf(error)}`,
      );
    }
    return undefined;
  }

  async #lookUntilSettled(): Promise<void> {
    let reached = true;
    do {
      this.#lookAgain = false;
      reached = await this.#lookOnce();
    } while (this.#lookAgain && !this.#closed);
    this.#looking = undefined;
    if (this.#closed) return;
    const { clock, tickMs } = this.#options;
    const soon = !reached || this.#current === undefined;
    this.#timer = clock.after(soon ? Math.min(RETRY_MS, tickMs) : tickMs, () => void this.look());
  }

  /** @returns whether the source could be reached. */
  async #lookOnce(): Promise<boolean> {
    const { source, log, clock } = this.#options;
    this.#lookedMs = clock.monotonicMs();
    const switches = this.#switches;
    try {
      const wanted = await source.live();
      if (this.#unreachableSaid) log.info(`${source.description} can be reached again`);
      this.#unreachableSaid = false;
      if (wanted !== undefined) await this.#follow(wanted, switches);
      return true;
    } catch (error) {
      if (!this.#unreachableSaid) {
        log.warn(`Cannot read ${source.description}, trying again: ${messageOf(error)}`);
      }
      this.#unreachableSaid = true;
      return false;
    }
  }

  /** `switches`: as many as there were before the source was asked. */
  async #follow(wanted: string, switches: number): Promise<void> {
    if (wanted === this.#running()) return this.#remember(wanted);
    if (switches !== this.#switches) {
      this.#lookAgain = true;
      return;
    }
    if (wanted === this.#faulty && wanted === this.#refused?.revision) return;
    const staged = await this.#candidate.of(wanted)?.catch(() => undefined);
    const made = staged ?? (await this.#maker.make(wanted, this.#running));
    if (switches !== this.#switches) this.#lookAgain = true;
    else if (made.kind === "made") await this.#switchTo(made);
    else this.#refuse(wanted, made);
  }

  /** Resolves when the revision is remembered; the switch itself is over at once. */
  #switchTo({ generation, warnings }: MadeGeneration & { readonly kind: "made" }): Promise<void> {
    const { log, onSwitch } = this.#options;
    const { revision, engine } = generation;
    const before = this.#current;
    this.#current = generation;
    this.#switches += 1;
    this.#refused = undefined;
    onSwitch(generation);
    this.#candidate.forget(revision, "taken");
    logDifference(log, before?.engine.artifacts ?? [], engine.artifacts);
    for (const warning of warnings) log.warn(formatProblem(warning));
    log.info(`Running revision ${short(revision)} with ${engine.artifacts.length} artifacts`);
    this.#remembering = this.#remembering.then(() => this.#remember(revision));
    return this.#remembering;
  }

  /** What cannot be remembered (a full disk) runs all the same; only the next start would not know it. Said once. */
  async #remember(id: string): Promise<void> {
    if (id !== this.#running()) return;
    const { source, log } = this.#options;
    try {
      const [newest] = await source.goodRevisions();
      if (newest !== id) await source.rememberGood(id);
      this.#forgottenSaid = undefined;
    } catch (error) {
      if (this.#forgottenSaid === id) return;
      this.#forgottenSaid = id;
      log.warn(
        `Revision ${short(id)} runs but cannot be remembered for the next start: ${messageOf(error)}`,
      );
      // The source may mend itself then.
      this.lookSoon();
    }
  }

  #refuse(wanted: string, made: Exclude<MadeGeneration, { readonly kind: "made" }>): void {
    const { log } = this.#options;
    const problems = made.kind === "faulty" ? made.problems.map(formatProblem) : [made.reason];
    const isNew = this.#refused?.revision !== wanted || this.#refused.problems[0] !== problems[0];
    this.#refused = { revision: wanted, problems };
    this.#faulty = made.kind === "faulty" ? wanted : undefined;
    if (!isNew) return;
    if (made.kind === "faulty") logProblems(log, made.problems);
    else log.error(`Revision ${short(wanted)} is not trusted: ${made.reason}`);
    const running = this.#running();
    const kept =
      running === undefined ? "nothing runs yet" : `revision ${short(running)} keeps running`;
    log.error(`Revision ${short(wanted)} is refused; ${kept}`);
  }
}
