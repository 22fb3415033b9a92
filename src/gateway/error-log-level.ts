/** Levels of `error_log`, the most important first (ngx_log). */
export const ERROR_LEVELS = [
  "emerg",
  "alert",
  "crit",
  "error",
  "warn",
  "notice",
  "info",
  "debug",
] as const;

export type ErrorLevel = (typeof ERROR_LEVELS)[number];

/** The level that the word names, or undefined. */
export function parseErrorLevel(text: string): ErrorLevel | undefined {
  return ERROR_LEVELS.find((level) => level === text);
}

/** true when a log with `threshold` takes lines of `level`. */
export function takesLevel(threshold: ErrorLevel, level: ErrorLevel): boolean {
  return ERROR_LEVELS.indexOf(level) <= ERROR_LEVELS.indexOf(threshold);
}
