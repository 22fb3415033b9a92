/**
 * `npm run bench:engine`: the worker's engine beside a hand-written service in one run, the service under test alone on
 * one CPU, as WSO2's published performance round has it. docs/performance.md tells how to read it. Exit status:
 * 0 when every answer was right, 1 otherwise, 2 when the command line is not understood.
 */
import { turned } from "../gateway/case-run.ts";
import { writeFigures } from "../gateway/figures-page.ts";
import { bindSelf, chooseCpus, describeMachine, missingPackages } from "../gateway/machine.ts";
import { asMarkdown, asText, type Table } from "../gateway/report.ts";
import { figuresOf, perCpuSecond, ratioByRound, type Sample } from "../gateway/sample.ts";
import { closeWorkplace, makeWorkplace, type Workplace } from "../gateway/workplace.ts";
import { startBackend } from "./backend.ts";
import { CASES, type EngineCase } from "./cases.ts";
import { SIZES } from "./messages.ts";
import { type EngineOptions, parseOptions, USAGE } from "./options.ts";
import { soak } from "./soak.ts";
import { type RunSite, SubjectRun } from "./subject-run.ts";
import { SERVICE_NAME, SUBJECTS, type Subject, WORKER_NAME } from "./subjects.ts";

const HEAD = [
  "service",
  "size",
  "per second",
  "per CPU-second",
  "of the hand-written",
  "p50 ms",
  "p99 ms",
  "memory MB",
];

interface Entrant {
  readonly subject: Subject;
  readonly samples: Sample[];
  run: SubjectRun | undefined;
  failure: string | undefined;
}

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  if (args.includes("--help")) return say(USAGE, 0);
  let options: EngineOptions;
  try {
    options = parseOptions(args);
  } catch (error) {
    return say(
      `bench:engine: ${error instanceof Error ? error.message : String(error)}\n${USAGE}`,
      2,
    );
  }
  if (options.soakMinutes !== undefined) return soak(options.soakMinutes);
  const missing = missingPackages();
  if (missing.length > 0)
    return say(`bench:engine: as root: apt-get install ${missing.join(" ")}`, 1);
  const cpus = chooseCpus();
  bindSelf(cpus.load);
  const workplace = await makeWorkplace(cpus);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => void closeWorkplace(workplace).finally(() => process.exit(130)));
  }
  try {
    return await benchmark(workplace, options);
  } finally {
    await closeWorkplace(workplace);
  }
}

async function benchmark(workplace: Workplace, options: EngineOptions): Promise<number> {
  const { proxy, load } = workplace.cpus;
  const machine = [
    `${new Date().toISOString().slice(0, 10)}, median of ${options.rounds} rounds of ${options.seconds} s; the service on CPU ${proxy}, the load on CPU ${load}`,
    ...describeMachine(),
  ];
  console.log(machine.join("\n"));
  const backend = await startBackend(workplace);
  const sections = [machine.map((line) => `- ${line}`).join("\n")];
  let isGood = true;
  for (const measured of CASES.filter(({ name }) => isWanted(options.cases, name))) {
    const rows: (readonly string[])[] = [];
    const faults: string[] = [];
    for (const size of SIZES.filter(([name]) => isWanted(options.sizes, name))) {
      const site = { workplace, backend, measured, size, seconds: options.seconds };
      const entrants = await runRounds(site, options.rounds);
      rows.push(...rowsOf(entrants, size[0]));
      faults.push(...faultsOf(entrants, size[0]));
    }
    const table: Table = [HEAD, ...rows];
    console.log(`\n${titleOf(measured)}\n${asText(table)}`);
    for (const fault of faults) console.log(`FAULT ${fault}`);
    if (faults.length > 0) isGood = false;
    const lost = faults.length > 0 ? `\n\n${faults.map((fault) => `- ${fault}`).join("\n")}` : "";
    sections.push(`### ${titleOf(measured)}\n\n${asMarkdown(table)}${lost}`);
  }
  if (options.write) console.log(await writeFigures(sections.join("\n\n"), "bench:engine"));
  return isGood ? 0 : 1;
}

function titleOf({ title, least }: EngineCase): string {
  if (least === undefined) return title;
  return `${title} (500 bytes: at least ${least.toLocaleString("en")} per CPU-second)`;
}

/** All services are measured one after the other in turning order, so that what disturbs the machine meets each. */
async function runRounds(site: RunSite, rounds: number): Promise<readonly Entrant[]> {
  const isComparable = site.measured.kind !== "xslt";
  const subjects = SUBJECTS.filter(({ name }) => isComparable || name === WORKER_NAME);
  const entrants = subjects.map((subject): Entrant => {
    return { subject, samples: [], run: undefined, failure: undefined };
  });
  try {
    for (let round = 0; round < rounds; round++) {
      for (const entrant of turned(entrants, round)) await measure(site, entrant);
    }
  } finally {
    for (const { run } of entrants) await run?.stop();
  }
  return entrants;
}

async function measure(site: RunSite, entrant: Entrant): Promise<void> {
  if (entrant.failure !== undefined) return;
  try {
    entrant.run ??= await SubjectRun.start(site, entrant.subject);
    entrant.samples.push(await entrant.run.measure());
  } catch (error) {
    entrant.failure = error instanceof Error ? error.message : String(error);
  }
}

function rowsOf(entrants: readonly Entrant[], size: string): Table {
  const baseline = entrants.find(({ subject }) => subject.name === SERVICE_NAME)?.samples ?? [];
  return entrants.map(({ subject, samples }) => {
    const { perSecond, perCpuSecond: perCpu, p50Ms, p99Ms, rssBytes } = figuresOf(samples);
    const ratio = ratioByRound(samples, baseline, perCpuSecond);
    const cells = [perSecond, perCpu].map((value) => Math.round(value).toLocaleString("en"));
    const times = [ratio, p50Ms, p99Ms].map((value) =>
      Number.isNaN(value) ? "-" : value.toFixed(2),
    );
    return [subject.name, size, ...cells, ...times, (rssBytes / 2 ** 20).toFixed(0)];
  });
}

function faultsOf(entrants: readonly Entrant[], size: string): readonly string[] {
  return entrants.flatMap(({ subject, samples, failure }) =>
    [...figuresOf(samples).faults, ...(failure === undefined ? [] : [failure])].map(
      (fault) => `${subject.name}, ${size}: ${fault.replaceAll(/\s+/g, " ").slice(0, 300)}`,
    ),
  );
}

function isWanted(names: readonly string[], name: string): boolean {
  return names.length === 0 || names.includes(name);
}

function say(text: string, status: number): number {
  console.log(text);
  return status;
}
