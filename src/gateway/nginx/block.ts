/**
 * The analysed tree: one Block per block of the configuration (main, http, each server, ...) with the values
 * that its own statements set. `get` applies inheritance and defaults. Made by analyze.ts, read by the
 * compilers; nothing of it is left at run time.
 */
import type { SourcePlace } from "../../errors/config-error.ts";
import type { Context, Setting, SettingsOf } from "./directive.ts";
import type { Statement } from "./parser.ts";

type AnySetting = Setting<unknown, unknown>;

export class Block {
  readonly context: Context;
  /** The arguments of the block's directive, for example ["=", "/"]. */
  readonly args: readonly string[];
  readonly place: SourcePlace;
  readonly parent: Block | undefined;
  readonly #children: Block[] = [];
  readonly #entries: Statement[] = [];
  readonly #values = new Map<AnySetting, unknown>();
  #isFaulty = false;

  constructor(
    context: Context,
    origin: { readonly args: readonly string[]; readonly place: SourcePlace },
    parent?: Block,
  ) {
    this.context = context;
    this.args = origin.args;
    this.place = origin.place;
    this.parent = parent;
    if (parent) parent.#children.push(this);
  }

  get children(): readonly Block[] {
    return this.#children;
  }

  /** The inner blocks of that context, in the order of the configuration. */
  childrenIn(context: Context): readonly Block[] {
    return this.#children.filter((child) => child.context === context);
  }

  /** The entries of a table (`map`, `types`). */
  get entries(): readonly Statement[] {
    return this.#entries;
  }

  /** One of the block's own statements is wrong: what it lacks then is no further problem. */
  get isFaulty(): boolean {
    return this.#isFaulty;
  }

  /** `if` and `limit_except` of a location: it is the location itself, with other values. */
  get isPartOfLocation(): boolean {
    return this.context === "location-if" || this.context === "limit-except";
  }

  noteFault(): void {
    this.#isFaulty = true;
  }

  addEntry(statement: Statement): void {
    this.#entries.push(statement);
  }

  set<Value>(setting: Setting<Value, unknown>, value: Value): void {
    this.#values.set(setting, value);
  }

  /** What this level's own statements set. */
  own<Value>(setting: Setting<Value, unknown>): Value | undefined {
    return this.#values.get(setting) as Value | undefined;
  }

  /** The value of this level: its own, else the nearest outer one if inherited, else the default. */
  get<Value, Initial>(setting: Setting<Value, Initial>): Value | Initial {
    const own = this.own(setting);
    if (own !== undefined) return own;
    if (this.parent && (setting.inherited || this.isPartOfLocation))
      return this.parent.get(setting);
    return setting.initial;
  }

  /** The values of a group of rows. */
  settings<Rows extends Readonly<Record<string, AnySetting>>>(rows: Rows): SettingsOf<Rows> {
    const pairs = Object.entries(rows).map(([key, row]) => [key, this.get(row)] as const);
    return Object.fromEntries(pairs) as SettingsOf<Rows>;
  }
}
