/**
 * Logs: pino behind a small interface. Each line goes out in the console pattern of WSO2
 * (`[2026-11-21 10:15:30,123] [worker-1]  INFO - LogMediator To: ...`) so that people and scripts that
 * know those logs read ours; `format: "json"` writes pino's JSON lines instead. Nothing global:
 * the process makes one log and hands children to its parts.
 */
import { type Level, type Logger as PinoLogger, pino, symbols } from "pino";

export type LogLevel = Extract<Level, "trace" | "debug" | "info" | "warn" | "error" | "fatal">;

/** Facts beside the sentence; never secrets. */
export type LogFields = Readonly<Record<string, unknown>>;

export interface Log {
  trace(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  fatal(message: string, fields?: LogFields): void;
  /** A log for one part of the node; `component` stands in each line as WSO2's class name does. */
  child(component: string): Log;
}

/** Where lines go; one call a line, the line ends in "\n". */
export interface LineSink {
  write(line: string): void;
}

/** One line in its parts. */
export interface LogRecord {
  readonly level: LogLevel;
  /** The part of the node, for example "LogMediator". */
  readonly component: string;
  /** The sentence with its fields behind it. */
  readonly message: string;
  /** Milliseconds since 1970. */
  readonly atMs: number;
}

/** Where lines go in their parts; must neither throw nor log. */
export interface RecordSink {
  add(record: LogRecord): void;
}

export interface LogOptions {
  /** The node's name, printed in each line. */
  readonly node: string;
  /** Every line goes to all sinks. */
  readonly sinks: readonly LineSink[];
  /** Lines below it are dropped. Default: "info". */
  readonly level?: LogLevel;
  /** Default: "carbon", WSO2's pattern for people. */
  readonly format?: "carbon" | "json";
  /** Keeps the last lines for those who read the log over the network. */
  readonly ring?: RecordSink;
}

const LEVELS: Readonly<Record<number, LogLevel>> = {
  10: "trace",
  20: "debug",
  30: "info",
  40: "warn",
  50: "error",
  60: "fatal",
};

const LEVEL_WORDS: Readonly<Record<LogLevel, string>> = {
  trace: "TRACE",
  debug: "DEBUG",
  info: " INFO",
  warn: " WARN",
  error: "ERROR",
  fatal: "FATAL",
};

/** "2026-11-21 10:15:30,123" in local time, the date form of WSO2's logs. */
export function formatLogTime(wallMs: number): string {
  const time = new Date(wallMs);
  const two = (value: number): string => String(value).padStart(2, "0");
  const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  const clock = `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
  return `${day} ${clock},${String(time.getMilliseconds()).padStart(3, "0")}`;
}

/**
 * A pino destination that hands each record to the sinks, in the carbon pattern or as pino's JSON, and to the ring.
 * pino hands the record's parts over beside the JSON text when the stream carries its metadata symbol, so
 * nothing is parsed back.
 */
class RecordStream {
  readonly [symbols.needsMetadataGsym] = true;
  lastLevel = 30;
  lastMsg: string | undefined = undefined;
  lastObj: LogFields | null = null;
  lastTime = "";
  lastLogger: PinoLogger | undefined = undefined;
  readonly #options: LogOptions;

  constructor(options: LogOptions) {
    this.#options = options;
  }

  write(json: string): void {
    const { format = "carbon", node, sinks, ring } = this.#options;
    const record = this.#record();
    const line = format === "carbon" ? carbonLine(record, node) : json;
    for (const sink of sinks) sink.write(line);
    ring?.add(record);
  }

  #record(): LogRecord {
    const fields = this.lastObj ? formatFields(this.lastObj) : "";
    return {
      level: LEVELS[this.lastLevel] ?? "info",
      component: String(this.lastLogger?.bindings()["component"] ?? "Bascule"),
      message: `${this.lastMsg ?? ""}${fields}`,
      atMs: Number(this.lastTime.slice(this.lastTime.indexOf(":") + 1)),
    };
  }
}

function carbonLine({ level, component, message, atMs }: LogRecord, node: string): string {
  return `[${formatLogTime(atMs)}] [${node}] ${LEVEL_WORDS[level]} - ${component} ${message}\n`;
}

function formatFields(fields: LogFields): string {
  const parts = Object.entries(fields).map(([name, value]) => `${name}=${formatValue(value)}`);
  return parts.length === 0 ? "" : ` {${parts.join(", ")}}`;
}

function formatValue(value: unknown): string {
  if (value instanceof Error) return value.stack ?? value.message;
  return typeof value === "string" ? value : (JSON.stringify(value) ?? String(value));
}

class PinoLog implements Log {
  readonly #pino: PinoLogger;

  constructor(logger: PinoLogger) {
    this.#pino = logger;
  }

  trace(message: string, fields?: LogFields): void {
    this.#write("trace", message, fields);
  }
  debug(message: string, fields?: LogFields): void {
    this.#write("debug", message, fields);
  }
  info(message: string, fields?: LogFields): void {
    this.#write("info", message, fields);
  }
  warn(message: string, fields?: LogFields): void {
    this.#write("warn", message, fields);
  }
  error(message: string, fields?: LogFields): void {
    this.#write("error", message, fields);
  }
  fatal(message: string, fields?: LogFields): void {
    this.#write("fatal", message, fields);
  }

  child(component: string): Log {
    return new PinoLog(this.#pino.child({ component }));
  }

  #write(level: LogLevel, message: string, fields: LogFields | undefined): void {
    if (fields) this.#pino[level](fields, message);
    else this.#pino[level](message);
  }
}

/** Makes the log of a process. Control characters of a message are the caller's to keep out. */
export function createLog(options: LogOptions): Log {
  const { node, level = "info" } = options;
  return new PinoLog(pino({ level, base: { node } }, new RecordStream(options)));
}
