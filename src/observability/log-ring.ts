/**
 * The last lines of a node's log, in memory, for log tails and `GET /logs`. Bounded in three ways: lines, characters in
 * all, characters of one message; the oldest line goes first. Lines are numbered from 1 as long as the process
 * lives, so a reader knows what it has missed. Fed by `createLog`, read by `LogTail` and `LogService`.
 */
import type { LogLevel, LogRecord, RecordSink } from "./log.ts";

/** Lines that are kept; with CHARACTERS_MAX some 2 MB at most. */
export const RING_LINES_MAX = 2_000;
/** Characters of all messages together. */
const CHARACTERS_MAX = 1_000_000;
/** Characters of one message; the rest is cut and said so. */
export const MESSAGE_LENGTH_MAX = 8_000;
/** What a record costs beside its message. */
const RECORD_OVERHEAD = 64;

const RANKS: Readonly<Record<LogLevel, number>> = {
  trace: 10,
  debug: 20,
  info: 30,
  warn: 40,
  error: 50,
  fatal: 60,
};

/** Least to most serious. */
export const LOG_LEVELS: readonly LogLevel[] = ["trace", "debug", "info", "warn", "error", "fatal"];

/** Whether a line is at least as serious as `level`. */
export function isAtLeast(record: LogRecord, level: LogLevel): boolean {
  return RANKS[record.level] >= RANKS[level];
}

export class LogRing implements RecordSink {
  readonly #linesMax: number;
  /** Line n lies at n modulo the size. */
  readonly #slots: (LogRecord | undefined)[];
  readonly #watchers = new Set<() => void>();
  #oldest = 1;
  #next = 1;
  #characters = 0;

  /** @param linesMax default: RING_LINES_MAX. */
  constructor(linesMax: number = RING_LINES_MAX) {
    this.#linesMax = linesMax;
    this.#slots = Array.from({ length: linesMax });
  }

  /** Number of the oldest line that is kept; the next line's when there is none. */
  get oldest(): number {
    return this.#oldest;
  }

  /** Number that the next line will have. */
  get next(): number {
    return this.#next;
  }

  /** Takes a line and tells the watchers. */
  add(record: LogRecord): void {
    const kept = { ...record, message: cut(record.message) };
    if (this.#next - this.#oldest === this.#linesMax) this.#drop();
    this.#slots[this.#next % this.#linesMax] = kept;
    this.#next += 1;
    this.#characters += costOf(kept);
    while (this.#characters > CHARACTERS_MAX) this.#drop();
    for (const watcher of this.#watchers) watcher();
  }

  /** Line `number`, or undefined where it is gone or has not come. */
  at(number: number): LogRecord | undefined {
    if (number < this.#oldest || number >= this.#next) return undefined;
    return this.#slots[number % this.#linesMax];
  }

  /** The number to start at to see the last `count` lines of that level or above. */
  startOfLast(count: number, level: LogLevel): number {
    let start = this.#next;
    let left = count;
    for (let number = this.#next - 1; left > 0 && number >= this.#oldest; number -= 1) {
      const record = this.at(number);
      if (!record || !isAtLeast(record, level)) continue;
      start = number;
      left -= 1;
    }
    return start;
  }

  /** Calls back after each new line; the watcher must neither throw nor log. Returns the function that ends it. */
  watch(watcher: () => void): () => void {
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  #drop(): void {
    const slot = this.#oldest % this.#linesMax;
    const record = this.#slots[slot];
    if (record) this.#characters -= costOf(record);
    this.#slots[slot] = undefined;
    this.#oldest += 1;
  }
}

function costOf({ component, message }: LogRecord): number {
  return component.length + message.length + RECORD_OVERHEAD;
}

function cut(message: string): string {
  if (message.length <= MESSAGE_LENGTH_MAX) return message;
  const rest = message.length - MESSAGE_LENGTH_MAX;
  return `${message.slice(0, MESSAGE_LENGTH_MAX)} ... (${rest} characters more)`;
}

/** A line in the form that the API shows. */
export function showRecord({ atMs, level, component, message }: LogRecord, number: number): object {
  return { number, at: new Date(atMs).toISOString(), level, component, message };
}
