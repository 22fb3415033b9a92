/**
 * Compiles one generation after another. What has not changed since the last compilation, its file and the files that it looked up
 * there, is taken from it; what depends on the rest of the deployment (names, templates in use, scripts, APIs
 * of one address) is checked each time. A manager and a worker keep one compiler each.
 */
import { setImmediate } from "node:timers/promises";
import { childElements } from "../config/xml-query.ts";
import { parseXml } from "../config/xml.ts";
import { ConfigProblems } from "../errors/config-error.ts";
import { type Clock, systemClock } from "../runtime/clock.ts";
import { type ArtifactUnit, type FilesByPath, isCurrent, readUnit } from "./artifact-unit.ts";
import { CarbonApps, type ExpandedFiles } from "./carbonapp/carbon-apps.ts";
import { isCarbonApp } from "./carbonapp/app-paths.ts";
import { ArtifactRegistry } from "./artifact-registry.ts";
import { DEFAULT_SEQUENCES } from "./default-sequences.ts";
import type { AppSummary, ArtifactFile, CompileResult, EngineOptions } from "./engine.ts";
import { FlowMemory } from "./flow-memory.ts";
import { LinkedDeployment } from "./linked-deployment.ts";
import { LinkedUnits } from "./linked-units.ts";
import type { Sequence } from "./mediators/mediator.ts";
import { sequenceBy } from "./resolve-entries.ts";
import { ScriptChecks } from "./script/script-check.ts";
import { SynapseEngine } from "./synapse-engine.ts";
import { MEDIATOR_READERS } from "./xml/read/mediator-readers.ts";
import { ReadContext } from "./xml/read/read-context.ts";
import { readSequence } from "./xml/read/sequence.ts";

/** How long `compileSliced` works before it lets others in, in milliseconds. One file is never cut. */
export const SLICE_MS = 10;

const NO_APPS =
  "Carbon applications (.car) cannot be deployed in this way: deploy their artifacts and registry resources as files";

/** Steps that take no time worth a look at the clock. */
const LINKS_PER_STEP = 256;

type Steps = Generator<void, CompileResult>;

export class EngineCompiler {
  readonly #options: EngineOptions;
  readonly #flowMemory = new FlowMemory();
  readonly #apps: CarbonApps;
  readonly #scripts = new ScriptChecks();
  readonly #defaults = readDefaults();
  /** Of the last compilation, good or faulty, by path. */
  #units: ReadonlyMap<string, ArtifactUnit> = new Map();
  /** Of the last good compilation without carbon applications. */
  #linked: LinkedDeployment | undefined;

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#apps = new CarbonApps(options.serverRoles);
  }

  /**
   * Compiles a deployment without carbon applications in one go. Never throws for faulty artifacts. A .car is refused: its
   * unpacking takes `compileSliced`.
   */
  compile(files: readonly ArtifactFile[]): CompileResult {
    const problems = new ConfigProblems();
    for (const { path } of files.filter(isCarbonApp))
      problems.error({ file: path, line: 0 }, NO_APPS);
    const steps = this.#steps({ files, problems, apps: [] });
    for (;;) {
      const step = steps.next();
      if (step.done === true) return step.value;
    }
  }

  /**
   * Compiles a deployment, its carbon applications included, and lets the event loop go on every SLICE_MS. Never rejects
   * for faulty artifacts. @throws the reason of `signal` once that is aborted.
   */
  async compileSliced(
    files: readonly ArtifactFile[],
    signal?: AbortSignal,
  ): Promise<CompileResult> {
    const clock: Clock = this.#options.clock ?? systemClock;
    const steps = this.#steps(await this.#apps.expand(files, signal));
    let begunMs = clock.monotonicMs();
    for (;;) {
      const step = steps.next();
      if (step.done === true) return step.value;
      if (clock.monotonicMs() - begunMs < SLICE_MS) continue;
      await setImmediate();
      signal?.throwIfAborted();
      begunMs = clock.monotonicMs();
    }
  }

  *#steps({ files, problems, apps }: ExpandedFiles): Steps {
    const isPlain = problems.isEmpty && apps.length === 0;
    // In one step: overlapping compilations must not find it half changed.
    if (isPlain && this.#linked?.becomes(files)) return this.#engineOf(this.#linked, apps);
    const units = yield* this.#read(files);
    yield;
    const linked = new LinkedUnits(problems);
    for (const [index, unit] of units.entries()) {
      linked.add(unit);
      if (index % LINKS_PER_STEP === 0) yield;
    }
    const all = linked.checked(this.#scripts);
    yield;
    if (all.errors.length > 0) return { kind: "faulty", problems: all.errors };
    const { claims } = linked;
    const { warnings } = all;
    const deployment = new LinkedDeployment({ files, units: byPathOf(units), claims, warnings });
    if (isPlain) this.#linked = deployment;
    return this.#engineOf(deployment, apps);
  }

  /** A generation puts more into its registry while it runs (resolve-entries.ts): it has one of its own. */
  #engineOf({ claims, warnings }: LinkedDeployment, apps: readonly AppSummary[]): CompileResult {
    const registry = new ArtifactRegistry(claims.registry);
    for (const sequence of this.#defaults)
      if (!sequenceBy(sequence.name, registry)) registry.sequences.set(sequence.name, sequence);
    const lists = { artifacts: claims.summaries, apps };
    const options = { ...this.#options, flowMemory: this.#flowMemory };
    return { kind: "compiled", engine: new SynapseEngine(registry, lists, options), warnings };
  }

  /** The units of all files of the engine, in the order of their paths. */
  *#read(files: readonly ArtifactFile[]): Generator<void, readonly ArtifactUnit[]> {
    const before = this.#units;
    const byPath = ownFiles(files);
    const units: ArtifactUnit[] = [];
    for (const file of files.toSorted(byPathOrder)) {
      const known = before.get(file.path);
      const isKept = known !== undefined && isCurrent(known, file, byPath);
      const unit = isKept ? known : readUnit(file, byPath);
      if (unit) units.push(unit);
      if (!isKept || units.length % LINKS_PER_STEP === 0) yield;
    }
    this.#units = byPathOf(units);
    return units;
  }
}

function byPathOf(units: readonly ArtifactUnit[]): Map<string, ArtifactUnit> {
  return new Map(units.map((unit) => [unit.file.path, unit]));
}

/** What an artifact may name as a file: the repository's own, not those inside applications. */
function ownFiles(files: readonly ArtifactFile[]): FilesByPath {
  const own = new Map<string, ArtifactFile>();
  for (const file of files) if (!file.part) own.set(file.path, file);
  return own;
}

function byPathOrder({ path: one }: ArtifactFile, { path: other }: ArtifactFile): number {
  return one < other ? -1 : Number(one > other);
}

/** `main` and `fault`, for deployments that have none. */
function readDefaults(): readonly Sequence[] {
  const problems = new ConfigProblems();
  const context = new ReadContext(problems, MEDIATOR_READERS);
  const root = parseXml(DEFAULT_SEQUENCES, "default sequences");
  const sequences = childElements(root).map((element) => readSequence(element, context));
  problems.throwIfErrors();
  return sequences.filter((sequence) => sequence !== undefined);
}
