/**
 * The command line of `npm run bench:gateway`: which cases and proxies, how long, how often, and whether the
 * table of docs/performance.md is written. Called by run.ts.
 */
import { parseArgs } from "node:util";

export interface BenchmarkOptions {
  /** Empty: all cases. */
  readonly cases: readonly string[];
  /** Empty: all proxies. */
  readonly proxies: readonly string[];
  /** Duration of one measurement. Default 4. */
  readonly seconds: number;
  /** Measurements of each proxy in each case; the median counts. Default 3. */
  readonly rounds: number;
  /** Write the table into docs/performance.md. */
  readonly write: boolean;
}

/** What may be named on the command line. */
export interface KnownNames {
  readonly cases: readonly string[];
  readonly proxies: readonly string[];
}

/** Text for `--help` and after a mistake. */
export function usageOf({ cases, proxies }: KnownNames): string {
  return `usage: npm run bench:gateway -- [options]
  --case NAME     measure this case only; may be repeated: ${cases.join(", ")}
  --proxy NAME    measure this proxy only; may be repeated: ${proxies.join(", ")}
  --seconds N     duration of one measurement (default 4)
  --rounds N      measurements of each proxy in each case (default 3); the median counts
  --write         write the table into docs/performance.md (takes a whole run)`;
}

/** @throws Error with one sentence when the command line is not understood. */
export function parseOptions(args: readonly string[], known: KnownNames): BenchmarkOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      case: { type: "string", multiple: true },
      proxy: { type: "string", multiple: true },
      seconds: { type: "string" },
      rounds: { type: "string" },
      write: { type: "boolean" },
    },
  });
  const options: BenchmarkOptions = {
    cases: knownNames("case", values.case, known.cases),
    proxies: knownNames("proxy", values.proxy, known.proxies),
    seconds: wholeNumber("seconds", values.seconds, 4),
    rounds: wholeNumber("rounds", values.rounds, 3),
    write: values.write ?? false,
  };
  if (options.write && options.cases.length + options.proxies.length > 0) {
    throw new Error("--write takes a whole run: leave --case and --proxy away");
  }
  return options;
}

function knownNames(
  option: string,
  given: readonly string[] | undefined,
  known: readonly string[],
): readonly string[] {
  const unknown = given?.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new Error(`--${option} ${unknown} is not known, there are: ${known.join(", ")}`);
  }
  return given ?? [];
}

function wholeNumber(option: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  if (!/^[1-9]\d{0,3}$/.test(text)) {
    throw new Error(`--${option} ${text} must be a whole number from 1 to 9999`);
  }
  return Number(text);
}
