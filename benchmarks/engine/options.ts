/** The command line of `npm run bench:engine`. Called by run.ts. */
import { parseArgs } from "node:util";
import { CASES } from "./cases.ts";
import { SIZES } from "./messages.ts";

export interface EngineOptions {
  /** Empty: all cases. */
  readonly cases: readonly string[];
  /** Empty: all sizes. */
  readonly sizes: readonly string[];
  readonly seconds: number;
  readonly rounds: number;
  readonly write: boolean;
  /** Minutes of the soak run; undefined: speed is measured. */
  readonly soakMinutes: number | undefined;
}

export const USAGE = `usage: npm run bench:engine -- [options]
  --case NAME     measure this case only; may be repeated: ${CASES.map(({ name }) => name).join(", ")}
  --size NAME     with this message size only; may be repeated: ${SIZES.map(([name]) => name).join(", ")}
  --seconds N     duration of one measurement (default 4)
  --rounds N      measurements of each service in each case (default 3); the median counts
  --write         write the tables into docs/performance.md (takes a whole run)
  --soak 10m      no measurement of speed: a low load for so many minutes, and what the memory of the worker does`;

/** @throws Error with one sentence when the command line is not understood. */
export function parseOptions(args: readonly string[]): EngineOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      case: { type: "string", multiple: true },
      size: { type: "string", multiple: true },
      seconds: { type: "string", default: "4" },
      rounds: { type: "string", default: "3" },
      write: { type: "boolean", default: false },
      soak: { type: "string" },
    },
  });
  const cases = values.case ?? [];
  const sizes = values.size ?? [];
  if (values.write && cases.length + sizes.length > 0) {
    throw new Error("--write takes a whole run: leave --case and --size away");
  }
  const { seconds, rounds, write } = values;
  const known = [...CASES.map(({ name }) => name), ...SIZES.map(([name]) => name)] as string[];
  const unknown = [...cases, ...sizes].find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`${unknown} is not known`);
  const soakMinutes = values.soak === undefined ? undefined : minutesOf(values.soak);
  return { cases, sizes, seconds: whole(seconds), rounds: whole(rounds), write, soakMinutes };
}

function minutesOf(text: string): number {
  if (!text.endsWith("m")) throw new Error(`--soak takes minutes, for example 10m, not ${text}`);
  return whole(text.slice(0, -1));
}

function whole(text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text))
    throw new Error(`${text} must be a whole number from 1 to 9999`);
  return Number(text);
}
