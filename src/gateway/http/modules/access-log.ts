/**
 * `access_log` and `log_format` (ngx_http_log_module). A format is a template; characters of variables that
 * could break a line or a quoted value are escaped as nginx escapes them.
 */
import type { SourcePlace } from "../../../errors/config-error.ts";
import { fromByteString } from "../../byte-string.ts";
import { escapeChars, isControl } from "../../escape-chars.ts";
import type { Template } from "../../nginx/template.ts";
import type { LogFileCacheOptions } from "../../log-file-cache.ts";
import { DirectiveFault } from "../../nginx/directive-fault.ts";
import {
  HTTP_LEVELS,
  HTTP_LEVELS_AND_IF,
  list,
  single,
  type Setting,
} from "../../nginx/directive.ts";
import { parseDurationMs, parseNumber, parseSize } from "../../nginx/units.ts";
import type { DirectiveScope } from "../../nginx/directive-scope.ts";

/** The format of nginx that needs no `log_format`. */
export const COMBINED_FORMAT =
  '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"';

const QUOTE = '"'.charCodeAt(0);
const BACKSLASH = "\\".charCodeAt(0);

export type LogEscape = "default" | "json" | "none";

export interface LogFormat {
  readonly name: string;
  /** The text between variables and the variables, in order. */
  readonly parts: readonly (string | Template)[];
  readonly escape: LogEscape;
  readonly place: SourcePlace;
}

/** A log that requests are written to. */
export interface AccessLogTarget {
  /** Absolute; "" when variables stand in it. */
  readonly path: string;
  /** The path where variables stand in it. */
  readonly pathTemplate: Template | undefined;
  readonly buffer: LogBuffer | undefined;
  readonly formatName: string;
  /** Nothing is logged when it is "" or "0". */
  readonly condition: Template | undefined;
  readonly place: SourcePlace;
}

/** Lines are collected and written together. */
export interface LogBuffer {
  readonly bytesMax: number;
  /** Longest time that a line waits; undefined: until the buffer is full. */
  readonly flushMs: number | undefined;
  /** Level of gzip; undefined: plain. */
  readonly gzipLevel: number | undefined;
}

/** The value of one statement; "off" clears the level. */
type AccessLogChoice = AccessLogTarget | "off";

export const accessLog: Setting<readonly AccessLogChoice[]> = list<AccessLogChoice>({
  name: "access_log",
  contexts: [...HTTP_LEVELS_AND_IF, "limit-except"],
  arity: { min: 1, max: 8 },
  missing: "syslog",
  value: readAccessLog,
});

/** Each line opens its file. */
const NO_CACHE: LogFileCacheOptions = {
  countMax: 0,
  inactiveMs: 10_000,
  validMs: 60_000,
  usesMin: 1,
};

export const accessLogSettings = {
  choices: accessLog,
  fileCache: single<LogFileCacheOptions>({
    name: "open_log_file_cache",
    contexts: HTTP_LEVELS,
    arity: { min: 1, max: 4 },
    initial: NO_CACHE,
    value: readFileCache,
  }),
};

function readFileCache(args: readonly string[]): LogFileCacheOptions {
  if (args.length === 1 && args[0] === "off") return NO_CACHE;
  const cache = { countMax: 0, inactiveMs: 10_000, validMs: 60_000, usesMin: 1 };
  for (const arg of args) {
    const [name, text = ""] = arg.split("=", 2);
    const count = parseNumber(text);
    const duration = parseDurationMs(text);
    if (name === "max" && count) cache.countMax = count;
    else if (name === "min_uses" && count) cache.usesMin = count;
    else if (name === "inactive" && duration !== undefined) cache.inactiveMs = duration;
    else if (name === "valid" && duration !== undefined) cache.validMs = duration;
    else throw new DirectiveFault(`invalid "open_log_file_cache" parameter "${arg}"`);
  }
  if (cache.countMax > 0) return cache;
  throw new DirectiveFault('"open_log_file_cache" must have "max" parameter');
}

export const logFormat: Setting<readonly LogFormat[]> = list<LogFormat>({
  name: "log_format",
  contexts: ["http"],
  arity: { min: 2, max: 256 },
  value: readLogFormat,
});

/** The logs of a level: none after `off`. */
export function accessLogTargets(choices: readonly AccessLogChoice[]): readonly AccessLogTarget[] {
  return choices.filter((choice) => choice !== "off");
}

/** Splits the text of a format into literal text and one template per variable, so that values can be escaped. */
export function readFormatParts(
  text: string,
  scope: DirectiveScope,
): readonly (string | Template)[] {
  const pieces = text.split(/(\$\{\w+\}|\$\w+)/).filter((piece) => piece !== "");
  return pieces.map((piece) => (piece.startsWith("$") ? scope.template(piece) : piece));
}

function readLogFormat(args: readonly string[], scope: DirectiveScope): LogFormat {
  const [name = "", ...rest] = args;
  const escape = /^escape=(.*)$/.exec(rest[0] ?? "")?.[1];
  if (escape !== undefined && escape !== "default" && escape !== "json" && escape !== "none") {
    throw new DirectiveFault(`unknown log format escaping "${escape}"`);
  }
  const texts = escape === undefined ? rest : rest.slice(1);
  const parts = readFormatParts(texts.join(""), scope);
  return { name, parts, escape: escape ?? "default", place: scope.place };
}

function readAccessLog(args: readonly string[], scope: DirectiveScope): AccessLogChoice {
  const [path = "", ...options] = args;
  if (path === "off" && options.length === 0) return "off";
  if (path.startsWith("syslog:")) {
    throw new DirectiveFault(`access_log "${path}": syslog is not supported`);
  }
  const hasVariables = path.includes("$");
  let formatName = "combined";
  let condition: Template | undefined;
  const bufferOptions: string[] = [];
  for (const [at, option] of options.entries()) {
    if (option.startsWith("if=")) condition = scope.template(option.slice(3));
    else if (/^(buffer=|flush=|gzip(=|$))/.test(option) && (at > 0 || option.includes("="))) {
      bufferOptions.push(option);
    } else if (at === 0 && !option.includes("=")) formatName = option;
    else throw new DirectiveFault(`invalid parameter "${option}"`);
  }
  const buffer = readBuffer(bufferOptions);
  if (buffer && hasVariables) {
    throw new DirectiveFault("buffered logs cannot have variables in name");
  }
  return {
    path: hasVariables ? "" : scope.runtimePath(path),
    pathTemplate: hasVariables ? scope.template(scope.runtimePath(path)) : undefined,
    buffer,
    formatName,
    condition,
    place: scope.place,
  };
}

function readBuffer(options: readonly string[]): LogBuffer | undefined {
  if (options.length === 0) return undefined;
  let bytesMax = 0;
  let flushMs: number | undefined;
  let gzipLevel: number | undefined;
  for (const option of options) {
    const [name, text] = option.split("=", 2);
    const size = parseSize(text ?? "");
    const duration = parseDurationMs(text ?? "");
    const level = text === undefined ? 1 : Number(text);
    if (name === "buffer" && size) bytesMax = size;
    else if (name === "flush" && duration) flushMs = duration;
    else if (name === "gzip" && level >= 1 && level <= 9) gzipLevel = level;
    else throw new DirectiveFault(`invalid parameter "${option}"`);
  }
  if (bytesMax === 0 && gzipLevel === undefined) {
    throw new DirectiveFault("no buffer is defined for access_log");
  }
  return { bytesMax: bytesMax === 0 ? 64 * 1024 : bytesMax, flushMs, gzipLevel };
}

/** A value as it may stand in a line; an empty one is "-", as in nginx (but not in JSON). */
export function escapeLogValue(value: string, escape: LogEscape): string {
  if (escape === "none") return fromByteString(value);
  if (escape === "json") {
    const digits = /\\\\|\\u00[0-9a-f]{2}/g;
    const text = JSON.stringify(fromByteString(value)).slice(1, -1);
    return text.replace(digits, (code) =>
      code.length === 2 ? code : `\\u${code.slice(2).toUpperCase()}`,
    );
  }
  if (value === "") return "-";
  return escapeChars(
    value,
    "\\x",
    (code) => isControl(code) || code > 0x7f || code === QUOTE || code === BACKSLASH,
  );
}
