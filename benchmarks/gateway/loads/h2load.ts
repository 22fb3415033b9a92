/**
 * h2load in HTTP/1.1 mode, at full speed or at a fixed rate. It prints no percentiles in Debian's version, so
 * they come from its log, a line for each request: start time, status, microseconds.
 */
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type LoadResult, quantile } from "../sample.ts";
import type { Workplace } from "../workplace.ts";
import { runTool } from "./tool-run.ts";

export interface H2loadRun {
  readonly url: string;
  readonly connections: number;
  readonly seconds: number;
  /** Requests per second of all connections together; undefined: as many as go. */
  readonly rate: number | undefined;
}

export async function runH2load(workplace: Workplace, run: H2loadRun): Promise<LoadResult> {
  const log = join(workplace.folder, "h2load.log");
  rmSync(log, { force: true });
  const perConnection =
    run.rate === undefined ? [] : [`--rps=${(run.rate / run.connections).toFixed(2)}`];
  const output = await runTool(
    workplace,
    [
      "h2load",
      "--h1",
      "-t1",
      `-c${run.connections}`,
      `-D${run.seconds}`,
      `--log-file=${log}`,
      ...perConnection,
      run.url,
    ],
    run.seconds + 30,
  );
  return parseH2load(output, readFileSync(log, "latin1"), run.seconds);
}

const REQUESTS = /^requests: .* (\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout$/m;

/** @param seconds how long the load was meant to last. @throws Error when the closing lines are not there. */
export function parseH2load(output: string, log: string, seconds: number): LoadResult {
  const found = REQUESTS.exec(output);
  if (!found) throw new Error(`h2load printed no result: ${output.trim().slice(-500)}`);
  const [done = 0, ...bad] = found.slice(1).map(Number);
  const micros = Float64Array.from(latencies(log)).sort();
  const kinds = ["failed", "errored", "timed out"];
  return {
    done,
    seconds,
    p50Ms: quantile(micros, 0.5) / 1000,
    p99Ms: quantile(micros, 0.99) / 1000,
    faults: kinds.flatMap((kind, index) =>
      (bad[index] ?? 0) > 0 ? [`${bad[index]} requests of h2load ${kind}`] : [],
    ),
  };
}

function latencies(log: string): readonly number[] {
  return log
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => Number(line.split("\t")[2]));
}
