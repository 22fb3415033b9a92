/**
 * `npm run bench:gateway`: the gateway beside nginx, haproxy and http-proxy-3 in one run, the proxy under test
 * alone on one CPU. docs/performance.md tells how it is built and how to read it. Exit status: 0 when every
 * answer was right (a missed target is a result, not an error), 1 otherwise, 2 when the command line is not
 * understood.
 */
import { startBackends } from "./backends.ts";
import { type CaseResult, runCase } from "./case-run.ts";
import { CASES } from "./cases.ts";
import { writeFigures } from "./figures-page.ts";
import { bindSelf, chooseCpus, describeMachine, missingPackages } from "./machine.ts";
import { type BenchmarkOptions, parseOptions, usageOf } from "./options.ts";
import { BASELINE_NAME, GATEWAY_NAME, PROXIES } from "./proxies/proxies.ts";
import type { Proxy } from "./proxies/proxy.ts";
import {
  asText,
  caseTable,
  faultLines,
  figuresMarkdown,
  outcomeOf,
  type Sides,
  targetTable,
} from "./report.ts";
import { closeWorkplace, makeWorkplace, type Workplace } from "./workplace.ts";

const SIDES: Sides = { gateway: GATEWAY_NAME, baseline: BASELINE_NAME };
const KNOWN = {
  cases: CASES.map(({ name }) => name),
  proxies: PROXIES.map(({ name }) => name),
};

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  if (args.includes("--help")) return say(usageOf(KNOWN), 0);
  let options: BenchmarkOptions;
  try {
    options = parseOptions(args, KNOWN);
  } catch (error) {
    const sentence = error instanceof Error ? error.message : String(error);
    return say(`bench:gateway: ${sentence}\n${usageOf(KNOWN)}`, 2);
  }
  const missing = missingPackages();
  if (missing.length > 0) {
    return say(`bench:gateway: as root: apt-get install ${missing.join(" ")}`, 1);
  }
  try {
    return await benchmark(options);
  } catch (error) {
    return say(`bench:gateway: ${error instanceof Error ? error.message : String(error)}`, 1);
  }
}

async function benchmark(options: BenchmarkOptions): Promise<number> {
  const cpus = chooseCpus();
  bindSelf(cpus.load);
  const workplace = await makeWorkplace(cpus);
  stopOnSignals(workplace);
  try {
    const machine = [
      `${new Date().toISOString().slice(0, 10)}, median of ${options.rounds} rounds of ${options.seconds} s; the proxy on CPU ${cpus.proxy}, the load on CPU ${cpus.load}`,
      ...describeMachine(),
    ];
    console.log(machine.join("\n"));
    const results = await runCases(workplace, options);
    const targets = targetTable(results, SIDES);
    if (targets.length > 1) console.log(`\n${asText(targets)}`);
    const good = results.every((result) => faultLines(result).length === 0);
    if (!options.write) return good ? 0 : 1;
    console.log(`\nwritten: ${await writeFigures(figuresMarkdown(results, SIDES, machine))}`);
    return good ? 0 : 1;
  } finally {
    await closeWorkplace(workplace);
  }
}

async function runCases(
  workplace: Workplace,
  options: BenchmarkOptions,
): Promise<readonly CaseResult[]> {
  const { seconds, rounds } = options;
  const backends = await startBackends(workplace);
  const proxies = PROXIES.filter(({ name }) => isWanted(options.proxies, name));
  const results: CaseResult[] = [];
  for (const measured of CASES.filter(({ name }) => isWanted(options.cases, name))) {
    console.log(`\n${measured.name}: ${measured.title}`);
    if (measured.needs.sticky) sayStickiness(proxies);
    const result = await runCase({ workplace, backends, seconds }, measured, { proxies, rounds });
    results.push(result);
    show(result);
  }
  return results;
}

function isWanted(names: readonly string[], name: string): boolean {
  return names.length === 0 || names.includes(name);
}

function sayStickiness(proxies: readonly Proxy[]): void {
  for (const { name, stickiness } of proxies) console.log(`  ${name}: ${stickiness}`);
}

function show(result: CaseResult): void {
  console.log(asText(caseTable(result, SIDES)));
  for (const fault of faultLines(result)) console.log(`FAULT ${fault}`);
  const outcome = outcomeOf(result, SIDES);
  if (outcome) {
    console.log(`target ${outcome.wanted}, reached ${outcome.reached}: ${outcome.verdict}`);
  }
}

/** Ctrl-C leaves no process and no folder behind. */
function stopOnSignals(workplace: Workplace): void {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => {
      void closeWorkplace(workplace).finally(() => process.exit(130));
    });
  }
}

function say(text: string, status: number): number {
  console.log(text);
  return status;
}
