/** The part of docs/performance.md that a run with --write replaces: what stands between its two markers. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { format } from "prettier";
import { ROOT } from "./machine.ts";

const START = "<!-- figures of npm run bench:gateway -- --write: start -->";
const END = "<!-- figures: end -->";
const PAGE = join(ROOT, "docs", "performance.md");

/** @throws Error when the page has not both markers, in order. */
export function replaceFigures(page: string, figures: string): string {
  const start = page.indexOf(START);
  const end = page.indexOf(END);
  if (start === -1 || end < start) {
    throw new Error(`the page needs the lines "${START}" and "${END}", in this order`);
  }
  return `${page.slice(0, start + START.length)}\n\n${figures.trim()}\n\n${page.slice(end)}`;
}

/** @returns the file that was written. */
export async function writeFigures(figures: string): Promise<string> {
  const page = replaceFigures(readFileSync(PAGE, "utf8"), figures);
  writeFileSync(PAGE, await format(page, { parser: "markdown", printWidth: 100 }));
  return PAGE;
}
