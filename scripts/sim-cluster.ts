/**
 * `npm run sim:cluster`: the whole simulation of membership. One day of ten nodes with 5 % loss, 10,000 seeds of an eventful minute,
 * 20 seeds of 200 nodes, and packets a second and node by size of the cluster. About half an hour on two cores; flags make it smaller
 * (`--help`). Exit status 1 when a promise is broken; the sentence names the seed, which --seed repeats.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { seedOfRun } from "../test/simulation/seeded-random.ts";
import {
  calmFor,
  crashOne,
  eventfulMinute,
  simulate,
  splitAndHeal,
} from "../test/simulation/swim-scenarios.ts";

const HOUR_MS = 3_600_000;
const PART = "part";
const LARGE = 200;
const LARGE_SEEN_MS = 8000;

const USAGE = `Usage: npm run sim:cluster -- [--hours N] [--minutes N] [--large N] [--seed N]

  --hours N     length of the calm day of ten nodes, 0: none (default: 24)
  --minutes N   seeds of an eventful minute of ten nodes (default: 10000)
  --large N     seeds of 200 nodes (default: 20); 0 leaves the traffic of 200 nodes out too
  --seed N      the first seed (default: $SEED, else 2026)`;

/** What runs, and from which seed on. */
interface Bounds {
  readonly hours: number;
  readonly minutes: number;
  readonly large: number;
  readonly seed: number;
}

// A part that this program has started: its name, first seed and amount.
const [mark, part = "", from = "0", count = "0"] = process.argv.slice(2);
if (mark === PART) process.send?.(await runPart(part, Number(from), Number(count)));
else process.exitCode = await runAll();

async function runAll(): Promise<number> {
  const { values } = parseArgs({
    options: {
      hours: { type: "string", default: "24" },
      minutes: { type: "string", default: "10000" },
      large: { type: "string", default: "20" },
      seed: { type: "string", default: String(seedOfRun()) },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const tasks = tasksOf({
    hours: whole("--hours", values.hours),
    minutes: whole("--minutes", values.minutes),
    large: whole("--large", values.large),
    seed: whole("--seed", values.seed),
  });
  const results: Result[] = [];
  const work = async (): Promise<void> => {
    for (let task = tasks.shift(); task; task = tasks.shift()) {
      results.push(await runElsewhere(task));
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return report(results);
}

function tasksOf({ hours, minutes, large, seed: first }: Bounds): string[][] {
  const share = 250;
  const tasks: string[][] = hours > 0 ? [["day", String(first), String(hours)]] : [];
  for (let seed = 0; seed < large; seed += 1) tasks.push(["large", String(first + seed), "1"]);
  for (let seed = 0; seed < minutes; seed += share)
    tasks.push(["minute", String(first + seed), String(Math.min(share, minutes - seed))]);
  const sizes = large > 0 ? [10, 50, LARGE] : [10, 50];
  for (const size of sizes) tasks.push(["traffic", String(first), String(size)]);
  return tasks;
}

/** What one part has measured. */
interface Result {
  readonly part: string;
  readonly runs: number;
  readonly crashMs: readonly number[];
  readonly healMs: readonly number[];
  readonly notes: readonly string[];
  readonly failures: readonly string[];
}

async function runElsewhere(task: readonly string[]): Promise<Result> {
  const child = fork(import.meta.filename, [PART, ...task]);
  const [result] = (await Promise.race([
    once(child, "message"),
    once(child, "exit").then(() => [failed(task)]),
  ])) as [Result];
  for (const sentence of [...result.notes, ...result.failures]) console.log(sentence);
  return result;
}

function failed(task: readonly string[]): Result {
  const failures = [`${task.join(" ")} ended without a result`];
  return { part: task[0] ?? "", runs: 1, crashMs: [], healMs: [], notes: [], failures };
}

async function runPart(name: string, first: number, amount: number): Promise<Result> {
  const crashMs: number[] = [];
  const healMs: number[] = [];
  const notes: string[] = [];
  const failures: string[] = [];
  const runs = name === "minute" ? amount : 1;
  for (let seed = first; seed < first + runs; seed += 1) {
    try {
      if (name === "day") notes.push(await day(seed, amount));
      else if (name === "traffic") notes.push(await traffic(seed, amount));
      else {
        const measured =
          name === "minute" ? await eventfulMinute(seed, 10) : await largeCluster(seed);
        crashMs.push(measured.crashMs);
        healMs.push(measured.healMs);
      }
    } catch (error) {
      failures.push(`FAILED ${name}: ${sentenceOf(error)}`);
    }
  }
  return { part: name, runs, crashMs, healMs, notes, failures };
}

async function day(seed: number, hours: number): Promise<string> {
  const rate = await simulate(seed, 10, (simulation, members) =>
    calmFor(simulation, members, hours * HOUR_MS),
  );
  return `${hours} hours of 10 nodes with 5 % loss: nobody taken for dead, ${rate.toFixed(1)} packets a second and node`;
}

async function traffic(seed: number, members: number): Promise<string> {
  const rate = await simulate(seed, members, (simulation, all) => calmFor(simulation, all, 60_000));
  return `${members} nodes: ${rate.toFixed(1)} packets a second and node`;
}

async function largeCluster(seed: number) {
  return simulate(seed, LARGE, async (simulation, members) => {
    await calmFor(simulation, members, 10_000);
    const crashMs = await crashOne(simulation, LARGE_SEEN_MS);
    const healMs = await splitAndHeal(simulation, 5000);
    return { crashMs, healMs };
  });
}

function report(results: readonly Result[]): number {
  for (const name of ["minute", "large"]) {
    const parts = results.filter((result) => result.part === name);
    const runs = parts.reduce((sum, result) => sum + result.runs, 0);
    const crash = percentiles(parts.flatMap((result) => result.crashMs));
    const heal = percentiles(parts.flatMap((result) => result.healMs));
    if (runs === 0) continue;
    const size = name === "minute" ? 10 : LARGE;
    console.log(`${runs} seeds of ${size} nodes: crash known to all ${crash}; healed ${heal}`);
  }
  const failures = results.flatMap((result) => result.failures);
  const late = results
    .filter((result) => result.part === "minute")
    .flatMap((result) => result.crashMs)
    .toSorted((one, other) => one - other);
  const p99 = late[Math.ceil(late.length * 0.99) - 1] ?? 0;
  if (p99 > 3000) console.log(`FAILED: a crash is known to all after ${p99} ms (p99), not 3000`);
  console.log(failures.length === 0 ? "all promises kept" : `${failures.length} runs failed`);
  return failures.length === 0 && p99 <= 3000 ? 0 : 1;
}

function percentiles(values: readonly number[]): string {
  const sorted = values.toSorted((one, other) => one - other);
  const at = (share: number): number => sorted[Math.ceil(sorted.length * share) - 1] ?? 0;
  return `p50 ${at(0.5)}, p99 ${at(0.99)}, longest ${at(1)} ms`;
}

function whole(flag: string, text: string): number {
  const value = Number(text);
  if (text === "" || !Number.isSafeInteger(value) || value < 0)
    throw new Error(`${flag} takes a whole number, not "${text}"\n\n${USAGE}`);
  return value;
}

function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause ? `${error.message}: ${sentenceOf(error.cause)}` : error.message;
}
