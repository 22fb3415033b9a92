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
}

export const USAGE = `usage: npm run bench:engine -- [options]
  --case NAME     measure this case only; may be repeated: ${CASES.map(({ name }) => name).join(", ")}
  --size NAME     with this message size only; may be repeated: ${SIZES.map(([name]) => name).join(", ")}
  --seconds N     duration of one measurement (default 4)
  --rounds N      measurements of each service in each case (default 3); the median counts
  --write         write the tables into docs/performance.md (takes a whole run)`;

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
  return { cases, sizes, seconds: whole(seconds), rounds: whole(rounds), write };
}

function whole(text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text))
    throw new Error(`${text} must be a whole number from 1 to 9999`);
  return Number(text);
}
