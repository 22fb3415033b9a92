/**
 * Cron expressions as Quartz writes them: seconds first, an optional year, `?` for "no specific value", names, days of the
 * week from 1 (Sunday), steps from a number (0/5), ranges over the end (FRI-MON), L, W and #. croner counts
 * them out; what it writes differently is translated. Times are those of the machine's zone.
 */
import { Cron } from "croner";

export interface QuartzCron {
  readonly source: string;
  /** The first time after `wallMs`, both in milliseconds since 1970; undefined when there is none. */
  nextMs(wallMs: number): number | undefined;
}

interface Field {
  readonly name: string;
  readonly least: number;
  readonly greatest: number;
  readonly names: readonly string[];
}

const MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

const FIELDS: readonly Field[] = [
  { name: "seconds", least: 0, greatest: 59, names: [] },
  { name: "minutes", least: 0, greatest: 59, names: [] },
  { name: "hours", least: 0, greatest: 23, names: [] },
  { name: "day of month", least: 1, greatest: 31, names: [] },
  { name: "month", least: 1, greatest: 12, names: MONTHS },
  { name: "day of week", least: 1, greatest: 7, names: DAYS },
  { name: "year", least: 1970, greatest: 2099, names: [] },
];

/** Longer expressions are no expressions. */
const LENGTH_MAX = 500;

/** @throws SyntaxError that says what is wrong with the expression. */
export function parseQuartzCron(source: string): QuartzCron {
  const parts = source.trim().toUpperCase().split(/\s+/);
  if (source.length > LENGTH_MAX || parts.length < 6 || parts.length > 7)
    throw new SyntaxError(
      `"${source.slice(0, 60)}" is no cron expression: it has six or seven fields (seconds, minutes, hours, day of month, month, day of week, year)`,
    );
  const translated = parts.map((part, index) => {
    const field = FIELDS[index];
    return field ? translate(part, field) : part;
  });
  const cron = compile(translated.join(" "), source);
  return {
    source,
    nextMs: (wallMs) => cron.nextRun(new Date(wallMs))?.getTime(),
  };
}

function compile(pattern: string, source: string): Cron {
  try {
    return new Cron(pattern, { paused: true, mode: "6-or-7-parts", alternativeWeekdays: true });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new SyntaxError(`"${source}" is no cron expression: ${reason}`);
  }
}

function translate(part: string, field: Field): string {
  if (part === "?") return "*";
  // In the week, a bare L is its last day.
  if (part === "L" && field.name === "day of week") return "7";
  return part
    .split(",")
    .map((item) => translateItem(item, field))
    .join(",");
}

/** "5", "5/10", "5-10/2", "FRI-MON"; what has other signs (L, W, #) stays. */
function translateItem(item: string, field: Field): string {
  const [range = "", step] = item.split("/");
  const [from = "", to] = range.split("-").map((word) => numeric(word, field));
  if (to === undefined) {
    if (step === undefined || from === "*" || from === "") return from === "" ? `*/${step}` : item;
    return `${from}-${field.greatest}/${step}`;
  }
  const [first, last] = [Number(from), Number(to)];
  const isTurned = Number.isInteger(first) && Number.isInteger(last) && first > last;
  if (!isTurned) return item;
  return turned(first, last, Number(step ?? 1), field);
}

/** A range that goes on at the start of the field. */
function turned(first: number, last: number, step: number, field: Field): string {
  const { least, greatest, name } = field;
  const size = greatest - least + 1;
  if (!Number.isInteger(step) || step < 1 || last < least || first > greatest)
    throw new SyntaxError(`the ${name} of a cron expression cannot be ${first}-${last}/${step}`);
  const values: number[] = [];
  for (let value = first; value <= last + size; value += step)
    values.push(value > greatest ? value - size : value);
  return values.join(",");
}

function numeric(word: string, field: Field): string {
  const index = field.names.indexOf(word);
  return index === -1 ? word : String(index + field.least);
}
