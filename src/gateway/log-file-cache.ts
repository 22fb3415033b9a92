/**
 * Log files with variables in their names (`open_log_file_cache`, ngx_open_cached_file): files that are used often
 * stay open, the one that was used longest ago makes room. Without the directive each line opens its file.
 */
import { LogFile } from "../observability/log-file.ts";
import type { Clock } from "../runtime/clock.ts";

/** `open_log_file_cache max=N [inactive=T] [valid=T] [min_uses=N];` */
export interface LogFileCacheOptions {
  readonly countMax: number;
  /** Without a use in this time the file is closed. */
  readonly inactiveMs: number;
  /** After this time the name is opened anew. */
  readonly validMs: number;
  /** Uses after which the file stays open. */
  readonly usesMin: number;
}

interface Entry {
  file: LogFile | undefined;
  openedMs: number;
  usedMs: number;
  uses: number;
}

export class LogFileCache {
  readonly #clock: Clock;
  /** The least recently used first. */
  readonly #entries = new Map<string, Entry>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @throws the file system's error when the file cannot be opened. */
  write(path: string, line: string, options: LogFileCacheOptions): void {
    const nowMs = this.#clock.monotonicMs();
    this.#closeInactive(nowMs, options);
    const entry = this.#entries.get(path) ?? { file: undefined, openedMs: 0, usedMs: 0, uses: 0 };
    this.#entries.delete(path);
    if (nowMs - entry.openedMs >= options.validMs) this.#close(entry);
    if (!entry.file) {
      entry.file = new LogFile(path, { makesFolder: false });
      entry.openedMs = nowMs;
    }
    entry.file.write(line);
    entry.usedMs = nowMs;
    if (++entry.uses < options.usesMin) this.#close(entry);
    this.#entries.set(path, entry);
    const [oldest] = this.#entries;
    if (!oldest || this.#entries.size <= options.countMax) return;
    this.#close(oldest[1]);
    this.#entries.delete(oldest[0]);
  }

  /** Closes all files; the next line opens its file again. */
  clear(): void {
    for (const entry of this.#entries.values()) this.#close(entry);
    this.#entries.clear();
  }

  #closeInactive(nowMs: number, { inactiveMs }: LogFileCacheOptions): void {
    for (const [path, entry] of this.#entries) {
      if (nowMs - entry.usedMs < inactiveMs) return;
      this.#close(entry);
      this.#entries.delete(path);
    }
  }

  #close(entry: Entry): void {
    entry.file?.close();
    entry.file = undefined;
  }
}
