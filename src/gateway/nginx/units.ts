/**
 * Values as nginx writes them: sizes, durations, flags, numbers (ngx_parse_size, ngx_parse_time, ngx_atoi).
 * Each function returns undefined for text that is not of the form; the directive decides what to say.
 */

const SIZE_FACTORS: Readonly<Record<string, number>> = {
  "": 1,
  k: 1024,
  m: 1024 ** 2,
  g: 1024 ** 3,
};

/** Duration units in falling order, in milliseconds; a month is 30 and a year 365 days, as in nginx. */
const DURATION_UNITS = [
  ["y", 31_536_000_000],
  ["M", 2_592_000_000],
  ["w", 604_800_000],
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1_000],
  ["ms", 1],
] as const;

/** Longest duration: what a 32-bit timer can wait (24.8 days); longer ones are cut to it. */
export const DURATION_MS_MAX = 2 ** 31 - 1;

/** A whole number from 0 on, in decimal digits only. */
export function parseNumber(text: string): number | undefined {
  if (!/^\d{1,15}$/.test(text)) return undefined;
  return Number(text);
}

/** Bytes of "512", "8k", "1m", "2g"; the letter may be upper case. */
export function parseSize(text: string): number | undefined {
  const match = /^(\d{1,12})([kmg]?)$/i.exec(text);
  if (!match) return undefined;
  return Number(match[1]) * (SIZE_FACTORS[(match[2] ?? "").toLowerCase()] ?? 1);
}

/** Milliseconds of "5m", "1h 30m", "500ms" or "60" (seconds). Units must fall from left to right. */
export function parseDurationMs(text: string): number | undefined {
  if (!/^\s*\d+(ms|[yMwdhms])?(\s*\d+(ms|[yMwdhms])?)*\s*$/.test(text)) return undefined;
  let totalMs = 0;
  let lastRank = -1;
  for (const [, digits, unit] of text.matchAll(/(\d+)(ms|[yMwdhms])?/g)) {
    const rank = DURATION_UNITS.findIndex(([name]) => name === (unit ?? "s"));
    if (rank <= lastRank) return undefined;
    lastRank = rank;
    totalMs += Number(digits) * (DURATION_UNITS[rank]?.[1] ?? 0);
  }
  return Math.min(totalMs, DURATION_MS_MAX);
}

/** "on" and "off", in any case. */
export function parseFlag(text: string): boolean | undefined {
  const word = text.toLowerCase();
  if (word === "on") return true;
  return word === "off" ? false : undefined;
}
