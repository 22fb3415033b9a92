/**
 * `npm run bench:deploy`: how long a deploy of one changed artifact takes until all workers of a cluster of real processes answer with it,
 * under load, and whether a request failed or met two revisions. Exit status 1: a promise is broken.
 */
import { loadavg } from "node:os";
import { type Figure, figureTable, isMissed, quantile } from "../cluster/figure.ts";
import { BenchCluster } from "./bench-cluster.ts";
import { type DeployMeasures, measureDeploys } from "./deploy-rounds.ts";
import { type DeployBenchOptions, parseOptions, USAGE } from "./options.ts";
import { StolenTime } from "./stolen-time.ts";

/** Without the making of the repository. Ten thousand artifacts are compiled by eleven processes, which takes two cores a minute or two. */
const START_MS_MAX = 900_000;
/** From how many artifacts or commits on the promises are twice as long. */
const LARGE = { artifacts: 5_000, commits: 2_500 } as const;

process.exitCode = await main();

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2));
  if (!options) {
    console.log(USAGE);
    return 0;
  }
  const say = (text: string): void => console.error(text);
  const { workers, artifacts, commits } = options;
  say(
    `starting 1 manager, ${workers} workers, 1 gateway: ${artifacts} artifacts, ${commits} commits`,
  );
  const startedMs = performance.now();
  await using cluster = await BenchCluster.start(options, START_MS_MAX);
  const ended = Promise.withResolvers<never>();
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => ended.reject(new Error(`ended by ${signal}`)));
  say(`ready after ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
  const stolen = new StolenTime();
  const measures = await Promise.race([measureDeploys(cluster, options, say), ended.promise]);
  const stolenPercent = round(stolen.share * 100);
  const figures = figuresOf(measures, options);
  if (options.json) console.log(JSON.stringify({ ...toJson(measures), stolenPercent }));
  else console.log(figureTable(figures));
  say(`the slowest deploys: ${slowest(measures.activeMs)}`);
  for (const example of measures.examples) say(`went wrong: ${example}`);
  for (const [phase, times] of measures.phases)
    say(
      `  ${phase.padEnd(8)} p50 ${round(quantile(times, 0.5))} ms, p99 ${round(quantile(times, 0.99))} ms`,
    );
  say(`each start: ${measures.bootMs.map((ms) => `${round(ms)} ms`).join(", ")}`);
  say(`load average of the machine: ${loadavg().map(round).join(", ")}`);
  say(`processor time that the host gave to others meanwhile: ${stolenPercent} %`);
  return figures.some(isMissed) ? 1 : 0;
}

function toJson(measures: DeployMeasures): Readonly<Record<string, number>> {
  const { activeMs, refusedMs, failed, mixed, bootMs, requests } = measures;
  return {
    activeMsP50: round(quantile(activeMs, 0.5)),
    activeMsP99: round(quantile(activeMs, 0.99)),
    refusedMsP99: round(quantile(refusedMs, 0.99)),
    failedRequests: failed,
    mixedRequests: mixed,
    bootMs: round(quantile(bootMs, 0.5)),
    bootMsMax: round(Math.max(...bootMs)),
    deploys: activeMs.length,
    requests,
  };
}

function figuresOf(
  { activeMs, refusedMs, failed, mixed, bootMs, requests }: DeployMeasures,
  { artifacts, commits }: DeployBenchOptions,
): readonly Figure[] {
  const factor = artifacts >= LARGE.artifacts || commits >= LARGE.commits ? 2 : 1;
  const ms = (what: string, value: number, limit?: number): Figure => {
    return { what, value, unit: "ms", ...(limit !== undefined && { limit }) };
  };
  return [
    { what: "deploys", value: activeMs.length, unit: "" },
    ms("call to all workers on the new revision, median", quantile(activeMs, 0.5), 500 * factor),
    ms("the same, 99 of 100", quantile(activeMs, 0.99), 2_000 * factor),
    ms("a faulty artifact refused, 99 of 100", quantile(refusedMs, 0.99), 2_000),
    { what: "requests through the gateway meanwhile", value: requests, unit: "" },
    { what: "of these failed", value: failed, unit: "", limit: 0 },
    { what: "of these mixed", value: mixed, unit: "", limit: 0 },
    ms(
      `a worker's start to its first answer, no manager there, median of ${bootMs.length}`,
      quantile(bootMs, 0.5),
      factor === 1 ? 2_000 : undefined,
    ),
    ms("the same, the slowest", Math.max(...bootMs)),
  ];
}

/** Their numbers, and how long they took. */
function slowest(activeMs: readonly number[]): string {
  const numbered = activeMs.map((ms, index) => ({ ms, number: index + 1 }));
  const worst = numbered.toSorted((one, other) => other.ms - one.ms).slice(0, 5);
  return worst.map(({ ms, number }) => `${number} (${round(ms)} ms)`).join(", ");
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
