/** What `bascule drain`, `resume` and `restart` have in common: their words and flags, beside those of every command that asks a manager. */
import { AppError } from "../errors/app-error.ts";
import { readManagerArguments } from "./manager-arguments.ts";
import type { ManagerAccess } from "./manager-client.ts";

const UNITS_MS = { s: 1_000, m: 60_000, h: 3_600_000 } as const;

export interface DrainFlags {
  /** Undefined: not given. */
  readonly deadlineMs: number | undefined;
  /** Of --stop, --force, --rolling, ...: those that stood there. */
  readonly given: ReadonlySet<string>;
}

export interface DrainArguments extends DrainFlags {
  readonly access: ManagerAccess;
  /** The node; "" where none is wanted. */
  readonly name: string;
}

/**
 * @param flags of the command, each without a value; --deadline TIME beside them where `hasDeadline`.
 * @param wantsName whether a node is to be named, from the flags that were given.
 * @throws AppError USAGE.
 */
export async function readDrainArguments(
  args: readonly string[],
  flags: readonly string[],
  wantsName: (given: ReadonlySet<string>) => boolean,
): Promise<DrainArguments> {
  const { rest, ...own } = takeFlags(args, flags);
  const { access, positionals } = await readManagerArguments(rest, process.env, (names) => {
    const isWanted = wantsName(own.given);
    if (names.length === (isWanted ? 1 : 0)) return;
    throw new AppError("USAGE", isWanted ? "name one node" : "--rolling takes no node: it is all");
  });
  return { ...own, access, name: positionals[0] ?? "" };
}

/** Takes the command's own flags out; what is left is for `readManagerArguments`. */
export function takeFlags(
  args: readonly string[],
  flags: readonly string[],
): DrainFlags & { readonly rest: readonly string[] } {
  const given = new Set<string>();
  const rest: string[] = [];
  let deadlineMs: number | undefined;
  for (let at = 0; at < args.length; at++) {
    const word = args[at] ?? "";
    if (word === "--deadline") deadlineMs = parseDeadline(args[++at] ?? "");
    else if (word.startsWith("--deadline=")) deadlineMs = parseDeadline(word.slice(11));
    else if (flags.includes(word)) given.add(word);
    else rest.push(word);
  }
  return { deadlineMs, given, rest };
}

/** "90" and "90s" are seconds, "10m" minutes, "1h" an hour. @throws AppError USAGE. */
export function parseDeadline(text: string): number {
  const [, digits, unit = "s"] = /^(\d{1,6})([smh]?)$/.exec(text) ?? [];
  if (digits === undefined)
    throw new AppError("USAGE", `--deadline takes a time like 90s, 10m or 1h, not "${text}"`);
  return Number(digits) * (unit === "m" || unit === "h" ? UNITS_MS[unit] : UNITS_MS.s);
}
