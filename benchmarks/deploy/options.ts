/** The command line of `npm run bench:deploy`. */
import { parseArgs } from "node:util";
import { WORKERS_MAX } from "../../src/cli/up/cluster-plan.ts";

export const USAGE = `Usage: npm run bench:deploy -- [--json] [--workers N] [--artifacts N] [--commits N] [--deploys N] [--load N] [--seconds-load N] [--boots N] [--large]

  --workers N        worker processes (default: 10)
  --artifacts N      proxy services in the repository (default: 500)
  --commits N        commits before the first deploy (default: 1)
  --deploys N        deploys of one changed artifact (default: 200); every tenth is followed by a faulty one
  --load N           requests a second through the gateway meanwhile (default: 100; 0: none)
  --seconds-load N   no further deploy is begun after so many seconds under load (default: 600)
  --boots N          starts of one worker while no manager is there (default: 5)
  --large            10000 artifacts, 5000 commits and 50 deploys, where nothing else is said
  --json             one line of JSON on standard output instead of the table; progress goes to standard error`;

export interface DeployBenchOptions {
  readonly json: boolean;
  readonly workers: number;
  readonly artifacts: number;
  readonly commits: number;
  readonly deploys: number;
  /** Requests a second; 0: none. */
  readonly load: number;
  readonly secondsLoadMax: number;
  /** Starts of a worker that are measured at the end. */
  readonly boots: number;
}

/** Undefined: help is wanted. @throws Error that says which option is wrong. */
export function parseOptions(args: readonly string[]): DeployBenchOptions | undefined {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: "boolean", default: false },
      large: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
      workers: text,
      artifacts: text,
      commits: text,
      deploys: text,
      load: text,
      "seconds-load": text,
      boots: text,
    },
  });
  if (values.help) return undefined;
  const { large } = values;
  return {
    json: values.json,
    workers: whole("--workers", values.workers ?? "10", [1, WORKERS_MAX]),
    artifacts: whole("--artifacts", values.artifacts ?? (large ? "10000" : "500"), [1, 19_000]),
    commits: whole("--commits", values.commits ?? (large ? "5000" : "1"), [1, 100_000]),
    deploys: whole("--deploys", values.deploys ?? (large ? "50" : "200"), [1, 10_000]),
    load: whole("--load", values.load ?? "100", [0, 10_000]),
    secondsLoadMax: whole("--seconds-load", values["seconds-load"] ?? "600", [1, 3_600]),
    boots: whole("--boots", values.boots ?? "5", [1, 1_000]),
  };
}

function whole(flag: string, text: string, [min, max]: readonly [number, number]): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= min && value <= max) return value;
  throw new Error(`${flag} takes a whole number from ${min} to ${max}, not "${text}"`);
}
