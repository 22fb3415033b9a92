/**
 * Keeps a worker on the revision that its source names: looks when a cluster message asks for it and on
 * every tick, compiles a generation beside the running one and switches by one assignment. A faulty
 * revision changes nothing; it is logged once with every file, line and reason, and looked at again when
 * the source names another one. Looks never overlap.
 */
import { formatProblem, type ConfigProblem } from "../errors/config-error.ts";
import { messageOf } from "../errors/app-error.ts";
import type { ArtifactSummary, CompileResult, Engine } from "../mediation/engine.ts";
import type { Log } from "../observability/log.ts";
import type { Clock, Timer } from "../runtime/clock.ts";
import type { RevisionSource, SourceRevision } from "./revision-source.ts";

/** One compiled revision; immutable. */
export interface Generation {
  readonly revision: string;
  readonly engine: Engine;
}

export interface RefusedRevision {
  readonly revision: string;
  readonly problems: readonly string[];
}

export interface RevisionFollowerOptions {
  readonly source: RevisionSource;
  readonly compile: (files: SourceRevision["files"]) => CompileResult;
  /** Called after each switch, before the next look. */
  readonly onSwitch: (generation: Generation) => void;
  readonly log: Log;
  readonly clock: Clock;
  /** Time between two looks without a message: DeploymentUpdateInterval. */
  readonly tickMs: number;
}

/** After a failed look the next one comes sooner than the tick: 1 s. */
const RETRY_MS = 1_000;

export class RevisionFollower {
  readonly #options: RevisionFollowerOptions;
  #current: Generation | undefined;
  #refused: RefusedRevision | undefined;
  #looking: Promise<void> | undefined;
  #lookAgain = false;
  #timer: Timer | undefined;
  #unreachableSaid = false;
  #closed = false;

  constructor(options: RevisionFollowerOptions) {
    this.#options = options;
  }

  get current(): Generation | undefined {
    return this.#current;
  }

  get refused(): RefusedRevision | undefined {
    return this.#refused;
  }

  /** Starts on the last good revision if there is one, then looks at the source and keeps following it. */
  async start(): Promise<void> {
    const { source, log } = this.#options;
    try {
      const good = await source.lastGood();
      if (good) {
        log.info(`Starting on the last good revision ${short(good.id)}`);
        await this.#apply(good);
      }
    } catch (error) {
      log.warn(`The last good revision cannot be read, starting without it: ${messageOf(error)}`);
    }
    await this.look();
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

  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    await this.#looking;
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
    const { source, log } = this.#options;
    try {
      const wanted = await source.current();
      if (this.#unreachableSaid) log.info(`${source.description} can be reached again`);
      this.#unreachableSaid = false;
      if (wanted) await this.#apply(wanted);
      return true;
    } catch (error) {
      if (!this.#unreachableSaid) {
        log.warn(`Cannot read ${source.description}, trying again: ${messageOf(error)}`);
      }
      this.#unreachableSaid = true;
      return false;
    }
  }

  async #apply(wanted: SourceRevision): Promise<void> {
    const { compile, onSwitch } = this.#options;
    if (wanted.id === this.#current?.revision || wanted.id === this.#refused?.revision) return;
    const result = compile(wanted.files);
    if (result.kind === "faulty") {
      this.#refuse(wanted, result.problems);
      return;
    }
    const before = this.#current;
    const generation = { revision: wanted.id, engine: result.engine };
    this.#current = generation;
    this.#refused = undefined;
    this.#logDifference(before?.engine.artifacts ?? [], result.engine.artifacts);
    for (const warning of result.warnings) this.#options.log.warn(formatProblem(warning));
    onSwitch(generation);
    await this.#remember(wanted.id);
  }

  /** What cannot be remembered (a full disk) runs all the same; only the next start would not know it. */
  async #remember(id: string): Promise<void> {
    const { source, log } = this.#options;
    try {
      await source.rememberGood(id);
    } catch (error) {
      log.warn(
        `Revision ${short(id)} runs but cannot be remembered for the next start: ${messageOf(error)}`,
      );
    }
  }

  #refuse(wanted: SourceRevision, problems: readonly ConfigProblem[]): void {
    const { log } = this.#options;
    this.#refused = { revision: wanted.id, problems: problems.map(formatProblem) };
    for (const file of new Set(problems.map((problem) => problem.file))) {
      log.error(`Deployment of the Synapse Artifact from file : ${file} : Failed!`);
    }
    for (const problem of problems) log.error(formatProblem(problem));
    const kept = this.#current
      ? `revision ${short(this.#current.revision)} keeps running`
      : "nothing runs yet";
    log.error(`Revision ${short(wanted.id)} is refused; ${kept}`);
  }

  #logDifference(before: readonly ArtifactSummary[], after: readonly ArtifactSummary[]): void {
    const { log } = this.#options;
    const key = (artifact: ArtifactSummary): string => `${artifact.kind} ${artifact.name}`;
    const had = new Set(before.map(key));
    const has = new Set(after.map(key));
    for (const artifact of before) {
      if (!has.has(key(artifact))) log.info(`${title(artifact)} has been undeployed`);
    }
    for (const artifact of after) {
      if (!had.has(key(artifact))) {
        for (const line of startLines(artifact)) log.info(line);
        log.info(`${title(artifact)} has been deployed from file : ${artifact.path}`);
      }
    }
    log.info(
      `Running revision ${short(this.#current?.revision ?? "")} with ${after.length} artifacts`,
    );
  }
}

/** What WSO2 logs while it makes an artifact ready. */
function startLines({ kind, name }: ArtifactSummary): readonly string[] {
  if (kind === "api") return [`Initializing API: ${name}`];
  if (kind !== "proxy-service") return [];
  return [
    `Building Axis service for Proxy service : ${name}`,
    `Adding service ${name} to the Axis2 configuration`,
    `Successfully created the Axis2 service for Proxy service : ${name}`,
  ];
}

/** WSO2's words: "Proxy service named 'P'", "Sequence named 'S'". */
function title(artifact: ArtifactSummary): string {
  const words = artifact.kind === "api" ? "API" : artifact.kind.replaceAll("-", " ");
  return `${words.charAt(0).toUpperCase()}${words.slice(1)} named '${artifact.name}'`;
}

function short(revision: string): string {
  return revision.slice(0, 12);
}
