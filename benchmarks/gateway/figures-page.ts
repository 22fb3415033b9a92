/** The part of docs/performance.md that a run with --write replaces: what stands between its two markers. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { format } from "prettier";
import { ROOT } from "./machine.ts";

const END = "<!-- figures: end -->";
const PAGE = join(ROOT, "docs", "performance.md");

/**
 * @param script the one of package.json whose figures they are.
 * @throws Error when the page has not both markers, in order.
 */
export function replaceFigures(page: string, figures: string, script = "bench:gateway"): string {
  const mark = `<!-- figures of npm run ${script} -- --write: start -->`;
  const start = page.indexOf(mark);
  const end = page.indexOf(END, start);
  if (start === -1 || end < start) {
    throw new Error(`the page needs the lines "${mark}" and "${END}", in this order`);
  }
  return `${page.slice(0, start + mark.length)}\n\n${figures.trim()}\n\n${page.slice(end)}`;
}

/** @returns the file that was written. */
export async function writeFigures(figures: string, script?: string): Promise<string> {
  const page = replaceFigures(readFileSync(PAGE, "utf8"), figures, script);
  writeFileSync(PAGE, await format(page, { parser: "markdown", printWidth: 100 }));
  return PAGE;
}
