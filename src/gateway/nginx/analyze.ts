/**
 * Statements → blocks with values. Every rule of the grammar that does not depend on one directive is checked
 * here, in the order and words of ngx_conf_handler: known, allowed here, block or not, number of
 * arguments; then the row reads its value. All problems are collected.
 */
import type { SourcePlace } from "../../errors/config-error.ts";
import { Block } from "./block.ts";
import { DirectiveFault } from "./directive-fault.ts";
import { DirectiveScope, type ReadingState } from "./directive-scope.ts";
import type { Directive } from "./directive.ts";
import type { Statement } from "./parser.ts";

/** Rows by name; several rows may share a name in different contexts (`server`). */
export type DirectiveTable = ReadonlyMap<string, readonly Directive[]>;

/** @throws Error when two rows claim the same name in the same context: a fault of the lists. */
export function toDirectiveTable(rows: readonly Directive[]): DirectiveTable {
  const table = new Map<string, Directive[]>();
  for (const row of rows) {
    const same = table.get(row.name) ?? [];
    if (same.some((other) => other.contexts.some((context) => row.contexts.includes(context)))) {
      throw new Error(`two rows for directive ${row.name}`);
    }
    table.set(row.name, [...same, row]);
  }
  return table;
}

/** The main block; problems go to `state.problems`. */
export function analyze(
  statements: readonly Statement[],
  table: DirectiveTable,
  state: ReadingState,
  place: SourcePlace,
): Block {
  const main = new Block("main", { args: [], place });
  analyzeInto(main, statements, table, state);
  return main;
}

function analyzeInto(
  into: Block,
  statements: readonly Statement[],
  table: DirectiveTable,
  state: ReadingState,
): void {
  for (const statement of statements) {
    try {
      const row = findRow(statement, into, table);
      if (row.kind === "setting") readSetting(row, statement, into, state);
      else openBlock(row, statement, into, { table, state });
    } catch (error) {
      reportFault(error, statement.place, state);
      into.noteFault();
    }
  }
}

/** Adds a DirectiveFault to the problems; anything else is thrown again. */
export function reportFault(error: unknown, place: SourcePlace, state: ReadingState): void {
  if (!(error instanceof DirectiveFault)) throw error;
  state.problems.error(place, error.message);
}

function findRow(statement: Statement, at: Block, table: DirectiveTable): Directive {
  const { name, args, children } = statement;
  const rows = table.get(name);
  if (!rows) throw new DirectiveFault(`unknown directive "${name}"`);
  const row = rows.find((candidate) => candidate.contexts.includes(at.context));
  if (!row) throw new DirectiveFault(`"${name}" directive is not allowed here`);
  if (row.kind === "setting" && children) {
    throw new DirectiveFault(`directive "${name}" is not terminated by ";"`);
  }
  if (row.kind === "block" && !children) {
    throw new DirectiveFault(`directive "${name}" has no opening "{"`);
  }
  if (args.length < row.arity.min || args.length > row.arity.max) {
    throw new DirectiveFault(`invalid number of arguments in "${name}" directive`);
  }
  return row;
}

function readSetting(
  row: Extract<Directive, { kind: "setting" }>,
  statement: Statement,
  into: Block,
  state: ReadingState,
): void {
  const scope = new DirectiveScope(row.name, statement.place, state);
  const args = statement.args.map((word) => word.text);
  if (row.notice !== undefined) scope.warn(row.notice);
  const slot = row.slot ?? row;
  into.set(slot, row.read(into.own(slot), args, scope));
}

function openBlock(
  row: Extract<Directive, { kind: "block" }>,
  statement: Statement,
  into: Block,
  { table, state }: { readonly table: DirectiveTable; readonly state: ReadingState },
): void {
  const args = statement.args.map((word) => word.text);
  const once = row.opens === "http" || row.opens === "events" || row.opens === "cluster";
  if (once && into.childrenIn(row.opens).length > 0) {
    throw new DirectiveFault(`"${row.name}" directive is duplicate`);
  }
  const inner = new Block(row.opens, { args, place: statement.place }, into);
  const children = statement.children ?? [];
  if (!row.table) analyzeInto(inner, children, table, state);
  else for (const child of children) inner.addEntry(child);
  if (row.joins && !inner.isFaulty) {
    const scope = new DirectiveScope(row.name, statement.place, state);
    into.set(row.joins.slot, row.joins.read(into.own(row.joins.slot), inner, scope));
  }
}
