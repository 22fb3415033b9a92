/** `error_log FILE [LEVEL];` and the lines it gets: `2026/11/20 23:56:23 [error] pid#0: *conn message`. */
import { DirectiveFault } from "../../nginx/directive-fault.ts";
import { HTTP_LEVELS, list } from "../../nginx/directive.ts";
import { escapeChars, isControl } from "../../escape-chars.ts";
import { type ErrorLevel, parseErrorLevel } from "../../error-log-level.ts";

export interface ErrorLogTarget {
  /** Absolute path; "stderr" for the standard error. */
  readonly path: string;
  /** Lines of this level and of more important ones are written. Default: "error". */
  readonly level: ErrorLevel;
}

export const errorLogSettings = {
  logs: list<ErrorLogTarget>({
    name: "error_log",
    contexts: ["main", ...HTTP_LEVELS],
    arity: { min: 1, max: 2 },
    missing: "syslog:, memory:; lines of the level debug",
    value([path = "", word = "error"], scope) {
      if (/^(syslog|memory):/.test(path)) {
        throw new DirectiveFault(`error_log "${path}" is not supported, give it a file or stderr`);
      }
      const level = parseErrorLevel(word);
      if (!level) throw new DirectiveFault(`invalid log level "${word}"`);
      return { path: path === "stderr" ? path : scope.runtimePath(path), level };
    },
  }),
};

/** One line of an error log. `connection`: the number after "*"; undefined: no request is concerned. */
export function formatErrorLine(
  entry: { readonly level: ErrorLevel; readonly message: string; readonly connection?: number },
  wallMs: number,
  processId: number,
): string {
  const time = new Date(wallMs);
  const two = (value: number): string => String(value).padStart(2, "0");
  const day = `${time.getFullYear()}/${two(time.getMonth() + 1)}/${two(time.getDate())}`;
  const clock = `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
  const number = entry.connection === undefined ? "" : `*${entry.connection} `;
  // Control characters of a request must not make a line of their own.
  const message = escapeChars(entry.message, "\\x", isControl);
  return `${day} ${clock} [${entry.level}] ${processId}#0: ${number}${message}\n`;
}
