/**
 * Options of one command beside those that all commands share (`manager-arguments.ts`): they are taken out of the arguments
 * first, and the rest is read as ever. Both forms are understood, `--limit 5` and `--limit=5`; what stands behind `--` is left.
 */
import { AppError } from "../errors/app-error.ts";

/** flag: it takes no value; value: the last one counts; values: it may be given several times. */
export type OptionKind = "flag" | "value" | "values";

export class TakenOptions {
  readonly #given = new Map<string, string[]>();
  /** What was not taken, in its order. */
  readonly rest: readonly string[];

  /** @throws AppError USAGE when a value is missing, or a flag has one. */
  constructor(args: readonly string[], wanted: Readonly<Record<string, OptionKind>>) {
    const end = args.indexOf("--");
    const open = [...(end === -1 ? args : args.slice(0, end))];
    const rest: string[] = [];
    for (let argument = open.shift(); argument !== undefined; argument = open.shift()) {
      const [, name = "", joined] = /^--([a-z-]+)(?:=(.*))?$/s.exec(argument) ?? [];
      const kind = wanted[name];
      if (kind === undefined) rest.push(argument);
      else this.#take(name, kind, kind === "flag" ? joined : (joined ?? open.shift()));
    }
    this.rest = end === -1 ? rest : [...rest, ...args.slice(end)];
  }

  has(name: string): boolean {
    return this.#given.has(name);
  }

  value(name: string): string | undefined {
    return this.#given.get(name)?.at(-1);
  }

  values(name: string): readonly string[] {
    return this.#given.get(name) ?? [];
  }

  #take(name: string, kind: OptionKind, value: string | undefined): void {
    if (kind === "flag" && value !== undefined)
      throw new AppError("USAGE", `--${name} takes no value`);
    if (kind !== "flag" && (value === undefined || value === ""))
      throw new AppError("USAGE", `--${name} needs a value`);
    this.#given.set(name, [...(this.#given.get(name) ?? []), value ?? ""]);
  }
}

/** @throws AppError USAGE. */
export function readCount(text: string, option: string, max: number): number {
  const count = Number(text);
  if (/^\d{1,9}$/.test(text) && count >= 1 && count <= max) return count;
  throw new AppError("USAGE", `${option} must be a number from 1 to ${max}, not "${text}"`);
}
