/**
 * What a directive is: one row with its name, the contexts it may stand in, how many arguments it takes, how
 * its value is read, its default and whether inner levels inherit it. Rows live beside the module that
 * they belong to; directives.ts is the ordered list. Takes the idea of nginx's ngx_command_t.
 */
import type { Block } from "./block.ts";
import { DirectiveFault } from "./directive-fault.ts";
import type { DirectiveScope } from "./directive-scope.ts";
import { parseDurationMs, parseFlag, parseNumber, parseSize } from "./units.ts";

export type Context =
  | "main"
  | "events"
  | "http"
  | "server"
  | "server-if"
  | "location"
  | "location-if"
  | "limit-except"
  | "upstream"
  | "map"
  | "types"
  | "cluster";

export interface Arity {
  readonly min: number;
  readonly max: number;
}

interface Row {
  readonly name: string;
  readonly contexts: readonly Context[];
  readonly arity: Arity;
  /** What of nginx's directive is not there, for docs/directives.md. Undefined: nothing is missing. */
  readonly missing?: string;
}

/** A directive with a value. `Initial` is the type of the default where no level sets one. */
export interface Setting<Value, Initial = Value> extends Row {
  readonly kind: "setting";
  readonly initial: Initial;
  /** true: inner levels without the directive take the value of the nearest outer one. */
  readonly inherited: boolean;
  /** Said as a warning wherever the directive stands; undefined: nothing. */
  readonly notice: string | undefined;
  /** The directive is read and nothing else; `notice` says so. */
  readonly hasNoEffect?: true;
  /** The row that keeps the values, where several directives share one order. Default: this row. */
  readonly slot?: Setting<Value, Initial>;
  /**
   * The value after this statement. `previous`: the value from an earlier statement of the same level.
   * @throws DirectiveFault.
   */
  read(previous: Value | undefined, args: readonly string[], scope: DirectiveScope): Value;
}

/** A directive that opens a block. */
export interface BlockDirective extends Row {
  readonly kind: "block";
  readonly opens: Context;
  /** true: the statements inside are entries of a table (`map`, `types`), not directives. */
  readonly table: boolean;
  /** The block takes its place among the values of a setting of the outer block (`if`, `types`). */
  readonly joins: BlockMembership | undefined;
}

export interface BlockMembership {
  readonly slot: Setting<unknown, unknown>;
  /** The setting's value with this block, whose inside is already analysed. @throws DirectiveFault. */
  read(previous: unknown, block: Block, scope: DirectiveScope): unknown;
}

export type Directive = Setting<unknown, unknown> | BlockDirective;

/** Reads the arguments of one statement. @throws DirectiveFault. */
export type ValueReader<Value> = (args: readonly string[], scope: DirectiveScope) => Value;

interface SettingOptions<Value, Initial> {
  readonly name: string;
  readonly contexts: readonly Context[];
  /** A number: exactly so many. Default: 1. */
  readonly arity?: number | Arity;
  readonly value: ValueReader<Value>;
  readonly initial: Initial;
  /** Default: true. */
  readonly inherited?: boolean;
  readonly notice?: string;
  readonly missing?: string;
}

/** The levels on which most directives may stand. */
export const HTTP_LEVELS = ["http", "server", "location"] as const;
/** The levels of directives that may also stand in an `if` of a location. */
export const HTTP_LEVELS_AND_IF = [...HTTP_LEVELS, "location-if"] as const;

function toRow({
  name,
  contexts,
  arity = 1,
  missing,
}: Pick<SettingOptions<unknown, unknown>, "name" | "contexts" | "arity" | "missing">): Row {
  const bounds = typeof arity === "number" ? { min: arity, max: arity } : arity;
  return { name, contexts, arity: bounds, ...(missing === undefined ? {} : { missing }) };
}

/** A directive that may stand once per level: a second one "is duplicate". */
export function single<Value, Initial = Value>(
  options: SettingOptions<Value, Initial>,
): Setting<Value, Initial> {
  return {
    kind: "setting",
    ...toRow(options),
    initial: options.initial,
    inherited: options.inherited ?? true,
    notice: options.notice,
    read(previous, args, scope) {
      if (previous !== undefined) {
        throw new DirectiveFault(`"${options.name}" directive is duplicate`);
      }
      return options.value(args, scope);
    },
  };
}

/** A directive that may stand several times per level; a level's list replaces the outer one as a whole. */
export function list<Item>(
  options: Omit<SettingOptions<Item, readonly Item[]>, "initial"> & {
    readonly initial?: readonly Item[];
  },
): Setting<readonly Item[]> {
  return {
    kind: "setting",
    ...toRow(options),
    initial: options.initial ?? [],
    inherited: options.inherited ?? true,
    notice: options.notice,
    read: (previous, args, scope) => [...(previous ?? []), options.value(args, scope)],
  };
}

/** A directive whose values stand among those of `target`, in the order of the configuration. */
export function joining<Item>(
  target: Setting<readonly Item[]>,
  options: Omit<SettingOptions<Item, readonly Item[]>, "initial" | "inherited">,
): Setting<readonly Item[]> {
  return { ...list(options), slot: target };
}

/** A directive that is read and has no effect; every use is told in a warning. */
export function accepted(
  name: string,
  contexts: readonly Context[],
  arity: number | Arity = 1,
): Setting<readonly (readonly string[])[]> {
  const notice = `"${name}" directive is accepted and has no effect`;
  return {
    ...list({ name, contexts, arity, value: (args: readonly string[]) => args, notice }),
    hasNoEffect: true,
  };
}

/** A directive that opens a block. */
export function block(
  options: Pick<SettingOptions<unknown, unknown>, "name" | "contexts" | "arity" | "missing"> & {
    readonly opens: Context;
    /** Default: false. */
    readonly table?: boolean;
    readonly joins?: BlockMembership;
  },
): BlockDirective {
  const { opens, table = false, joins } = options;
  const row = toRow({ ...options, arity: options.arity ?? 0 });
  return { kind: "block", ...row, opens, table, joins };
}

/** The values of a group of rows, as an object with the same keys. */
export type SettingsOf<Rows extends Readonly<Record<string, Setting<unknown, unknown>>>> = {
  readonly [Key in keyof Rows]: Rows[Key] extends Setting<infer Value, infer Initial>
    ? Value | Initial
    : never;
};

/** Readers of one argument, in nginx's words when it is wrong. */
export const flag: ValueReader<boolean> = ([text = ""], scope) => {
  const value = parseFlag(text);
  if (value !== undefined) return value;
  throw new DirectiveFault(
    `invalid value "${text}" in "${scope.name}" directive, it must be "on" or "off"`,
  );
};

export const durationMs: ValueReader<number> = ([text = ""], scope) =>
  valid(parseDurationMs(text), scope);

export const sizeBytes: ValueReader<number> = ([text = ""], scope) => valid(parseSize(text), scope);

export const wholeNumber: ValueReader<number> = ([text = ""], scope) => {
  const value = parseNumber(text);
  if (value === undefined) throw new DirectiveFault(`"${scope.name}" directive invalid number`);
  return value;
};

export const plainText: ValueReader<string> = ([text = ""]) => text;

function valid(value: number | undefined, scope: DirectiveScope): number {
  if (value === undefined) throw new DirectiveFault(`"${scope.name}" directive invalid value`);
  return value;
}
