/** A Log that keeps its lines, so that tests can look at what was said. */
import type { Log, LogFields, LogLevel } from "../../src/observability/log.ts";

export interface LoggedLine {
  readonly level: LogLevel;
  readonly component: string;
  readonly message: string;
  readonly fields: LogFields | undefined;
}

export class MemoryLog implements Log {
  /** Shared with all children. */
  readonly lines: LoggedLine[];
  readonly #component: string;

  constructor(component = "", lines: LoggedLine[] = []) {
    this.#component = component;
    this.lines = lines;
  }

  /** The sentences, at `level` only when it is given. */
  messages(level?: LogLevel): readonly string[] {
    return this.lines
      .filter((line) => level === undefined || line.level === level)
      .map((line) => line.message);
  }

  trace(message: string, fields?: LogFields): void {
    this.#add("trace", message, fields);
  }
  debug(message: string, fields?: LogFields): void {
    this.#add("debug", message, fields);
  }
  info(message: string, fields?: LogFields): void {
    this.#add("info", message, fields);
  }
  warn(message: string, fields?: LogFields): void {
    this.#add("warn", message, fields);
  }
  error(message: string, fields?: LogFields): void {
    this.#add("error", message, fields);
  }
  fatal(message: string, fields?: LogFields): void {
    this.#add("fatal", message, fields);
  }

  child(component: string): Log {
    return new MemoryLog(component, this.lines);
  }

  #add(level: LogLevel, message: string, fields: LogFields | undefined): void {
    this.lines.push({ level, component: this.#component, message, fields });
  }
}
