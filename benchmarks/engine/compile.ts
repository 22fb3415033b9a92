/**
 * Times of compiling a deployment: whole, in slices (with the longest time for which the event loop stood still), and after a change
 * of one artifact out of many. Run: ./bin/fitting-node benchmarks/engine/compile.ts [--json]
 */
import { EngineCompiler } from "../../src/mediation/engine-compiler.ts";
import type { ArtifactFile, EngineOptions } from "../../src/mediation/engine.ts";
import { createLog } from "../../src/observability/log.ts";

const COUNTS = [500, 10_000];
const CHANGES = 20;

interface Figures {
  readonly artifacts: number;
  readonly wholeMs: number;
  readonly slicedMs: number;
  /** Longest time between two turns of the event loop during the sliced one, in time of this thread's own. */
  readonly turnMsMax: number;
  readonly oneChangedMsP50: number;
  readonly oneChangedMsMax: number;
  readonly oneChangedSlicedMsP50: number;
}

const NAMESPACE = "http://ws.apache.org/ns/synapse";

/** A fifth each of proxies, sequences, endpoints, APIs and local entries. */
function artifactFile(index: number, word: string): ArtifactFile {
  const [folder, text] = kindOf(index, word);
  return {
    path: `synapse-configs/default/${folder}/a${String(index).padStart(6, "0")}.xml`,
    content: Buffer.from(text),
    blob: `${index} ${word}`,
  };
}

function kindOf(index: number, word: string): readonly [folder: string, text: string] {
  const root = `xmlns="${NAMESPACE}" name="a${index}"`;
  const steps = `<log level="custom"><property name="word" value="${word}"/></log><property name="x" expression="//*[local-name()='symbol']"/><filter source="get-property('x')" regex="IBM.*"><then><payloadFactory media-type="xml"><format><q xmlns="">$1</q></format><args><arg expression="//symbol"/></args></payloadFactory></then><else><drop/></else></filter>`;
  const address = '<endpoint><address uri="http://localhost:9000/services/S"/></endpoint>';
  switch (index % 5) {
    case 0:
      return [
        "proxy-services",
        `<proxy ${root}><target><inSequence>${steps}<send>${address}</send></inSequence><outSequence><send/></outSequence></target></proxy>`,
      ];
    case 1:
      return ["sequences", `<sequence ${root}>${steps}</sequence>`];
    case 2:
      return ["endpoints", `<endpoint ${root}><address uri="http://host/${word}"/></endpoint>`];
    case 3:
      return [
        "api",
        `<api ${root} context="/a${index}"><resource methods="GET POST" uri-template="/{id}"><inSequence>${steps}<respond/></inSequence></resource></api>`,
      ];
    default:
      return [
        "local-entries",
        `<localEntry xmlns="${NAMESPACE}" key="a${index}"><facts><fact>${word}</fact></facts></localEntry>`,
      ];
  }
}

function measure(artifacts: number, options: EngineOptions): Promise<Figures> {
  const made = Array.from({ length: artifacts }, (_, index) => artifactFile(index, "first"));
  // git lists a tree in the order of its paths.
  const files = made.toSorted((one, other) => (one.path < other.path ? -1 : 1));
  return figuresOf(files, options);
}

async function figuresOf(files: readonly ArtifactFile[], options: EngineOptions): Promise<Figures> {
  new EngineCompiler(options).compile(files.slice(0, 500));
  const wholeMs = timed(() => new EngineCompiler(options).compile(files));
  const compiler = new EngineCompiler(options);
  const turns = new TurnWatch();
  const begunMs = performance.now();
  await compiler.compileSliced(files);
  const slicedMs = performance.now() - begunMs;
  turns.stop();
  const changes: number[] = [];
  const sliced: number[] = [];
  for (let change = 0; change < CHANGES; change += 1) {
    const next = changed(files, change * 7);
    changes.push(timed(() => compiler.compile(next)));
    const other = changed(files, change * 7 + 1);
    const startMs = performance.now();
    await compiler.compileSliced(other);
    sliced.push(performance.now() - startMs);
  }
  return {
    artifacts: files.length,
    wholeMs,
    slicedMs,
    turnMsMax: turns.longestMs,
    oneChangedMsP50: median(changes),
    oneChangedMsMax: Math.max(...changes),
    oneChangedSlicedMsP50: median(sliced),
  };
}

/** Counts in processor time, so that a busy machine does not look like a busy loop. */
class TurnWatch {
  longestMs = 0;
  #lastMs = threadMs();
  #next = setImmediate(() => this.#turn());

  stop(): void {
    clearImmediate(this.#next);
  }

  #turn(): void {
    const nowMs = threadMs();
    this.longestMs = Math.max(this.longestMs, nowMs - this.#lastMs);
    this.#lastMs = nowMs;
    this.#next = setImmediate(() => this.#turn());
  }
}

function threadMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

/** The files with another text of one of them. */
function changed(files: readonly ArtifactFile[], at: number): readonly ArtifactFile[] {
  const index = Number(/\d+/.exec(files[at]?.path ?? "")?.[0]);
  return files.with(at, artifactFile(index, "changed"));
}

function timed(action: () => unknown): number {
  const begunMs = performance.now();
  action();
  return performance.now() - begunMs;
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[values.length >> 1] ?? 0;
}

const options: EngineOptions = {
  log: createLog({ node: "bench", sinks: [] }),
  systemProperties: {},
  callEndpoint: () => Promise.reject(new Error("no back end")),
};
const figures: Figures[] = [];
for (const count of COUNTS) figures.push(await measure(count, options));
if (process.argv.includes("--json")) console.log(JSON.stringify(figures));
else
  console.table(
    figures.map((row) =>
      Object.fromEntries(
        Object.entries(row).map(([name, value]) => [name, Math.round(value * 10) / 10]),
      ),
    ),
  );
