/** Columns for terminals. What nodes and people wrote loses its control characters: they could move the cursor or forge lines. */
import { replaceControlCharacters } from "../runtime/control-characters.ts";

/** A line a row, under the headings; cells are padded, the last one is not. */
export function textTable(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const all = [headings, ...rows.map((row) => row.map(printable))];
  const widths = headings.map((_, index) => Math.max(...all.map((row) => row[index]?.length ?? 0)));
  return all
    .map((row) =>
      row
        .map((cell, index) => cell.padEnd(widths[index] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** One line of text as it may be printed. */
export function printable(text: string): string {
  return replaceControlCharacters(text, "?");
}

/** Several lines as they may be printed; tabs stay. */
export function printableLines(text: string): string {
  return text
    .split("\n")
    .map((line) => line.split("\t").map(printable).join("\t"))
    .join("\n");
}
