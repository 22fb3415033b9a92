/**
 * `access_log` and `log_format` (ngx_http_log_module). A format is a template; characters of variables that
 * could break a line or a quoted value are escaped as nginx escapes them.
 */
import type { SourcePlace } from "../../../errors/config-error.ts";
import { fromByteString } from "../../byte-string.ts";
import { escapeChars, isControl } from "../../escape-chars.ts";
import type { Template } from "../../nginx/template.ts";
import { DirectiveFault } from "../../nginx/directive-fault.ts";
import { HTTP_LEVELS, list, type Setting } from "../../nginx/directive.ts";
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
  /** Absolute. */
  readonly path: string;
  readonly formatName: string;
  /** Nothing is logged when it is "" or "0". */
  readonly condition: Template | undefined;
  readonly place: SourcePlace;
}

/** The value of one statement; "off" clears the level. */
type AccessLogChoice = AccessLogTarget | "off";

export const accessLog: Setting<readonly AccessLogChoice[]> = list<AccessLogChoice>({
  name: "access_log",
  contexts: HTTP_LEVELS,
  arity: { min: 1, max: 8 },
  value: readAccessLog,
});

export const accessLogSettings = { choices: accessLog };

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
  if (path.includes("$") || path.startsWith("syslog:")) {
    throw new DirectiveFault(`access_log "${path}": only plain file names are supported`);
  }
  let formatName = "combined";
  let condition: Template | undefined;
  for (const [at, option] of options.entries()) {
    if (option.startsWith("if=")) condition = scope.template(option.slice(3));
    else if (/^(buffer|flush)=/.test(option)) {
      scope.warn(`"${option}" of "access_log" has no effect, lines are written at once`);
    } else if (at === 0 && !option.includes("=")) formatName = option;
    else throw new DirectiveFault(`invalid parameter "${option}"`);
  }
  return { path: scope.runtimePath(path), formatName, condition, place: scope.place };
}

/** A value as it may stand in a line; an empty one is "-", as in nginx (but not in JSON). */
export function escapeLogValue(value: string, escape: LogEscape): string {
  if (escape === "none") return fromByteString(value);
  if (escape === "json") return JSON.stringify(fromByteString(value)).slice(1, -1);
  if (value === "") return "-";
  return escapeChars(
    value,
    "\\x",
    (code) => isControl(code) || code > 0x7f || code === QUOTE || code === BACKSLASH,
  );
}
