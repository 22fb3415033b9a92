/**
 * One figure of the cluster's benchmark: how a part reports it and how it reads in the table. A part that `run.ts` has started sends
 * its figures there as well; started alone, it prints them.
 */
export interface Figure {
  /** A phrase for people, for example "kill -9: known to all others, median". */
  readonly what: string;
  readonly value: number;
  readonly unit: "ms" | "MB" | "";
  /** The largest value that keeps the promise; undefined: nothing is promised. */
  readonly limit?: number;
}

/** Prints a figure and, in a part of a whole run, hands it on. A missed limit makes the exit status 1. */
export function report(figure: Figure): void {
  console.log(`${figure.what.padEnd(72)} ${valueOf(figure)}${verdictOf(figure)}`);
  if (isMissed(figure)) process.exitCode = 1;
  process.send?.(figure);
}

/** The figures as a Markdown table. */
export function figureTable(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => {
    const { what, limit, unit } = figure;
    const promised = limit === undefined ? "" : `<= ${limit} ${unit}`.trimEnd();
    return `| ${what} | ${valueOf(figure)}${isMissed(figure) ? " (missed)" : ""} | ${promised} |`;
  });
  return ["| measure | measured | promised |", "| --- | ---: | ---: |", ...rows].join("\n");
}

/** Whether it is beyond its limit; what could not be measured is. */
export function isMissed({ value, limit }: Figure): boolean {
  return limit !== undefined && !(value <= limit);
}

/** Value at a share of the sorted values, 0 to 1; NaN without values. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

function valueOf({ value, unit }: Figure): string {
  const digits = Number.isInteger(value) || Math.abs(value) >= 100 ? 0 : 1;
  return `${value.toFixed(digits)} ${unit}`.trimEnd();
}

function verdictOf(figure: Figure): string {
  if (figure.limit === undefined) return "";
  return `  (<= ${figure.limit}: ${isMissed(figure) ? "MISSED" : "met"})`;
}
