/**
 * What a run says: for each case a table of the proxies, and the table of targets, as Markdown; the terminal
 * shows the same tables with their columns aligned. Pure; called by run.ts.
 */
import type { CaseResult, ProxyResult } from "./case-run.ts";
import { type Figures, figuresOf, perCpuSecond, ratioByRound } from "./sample.ts";
import { judge, TARGETS, type TargetOutcome } from "./targets.ts";

export type Table = readonly (readonly string[])[];

/** The names that the report compares. */
export interface Sides {
  readonly gateway: string;
  readonly baseline: string;
}

const LOAD_HEAD = [
  "proxy",
  "per second",
  "per CPU-second",
  "of nginx",
  "p50 ms",
  "p99 ms",
  "memory MB",
];
/** Of a fault in the report: a proxy's last words may be a page. */
const FAULT_CHARS_MAX = 300;
const IDLE_HEAD = ["proxy", "bytes per connection", "memory MB"];

/** First row: the head. */
export function caseTable({ results, idle }: CaseResult, { baseline }: Sides): Table {
  const nginx = samplesOf(results, baseline);
  const rows = results.map(({ proxy, samples }) => {
    const figures = figuresOf(samples);
    const ratio = ratioByRound(samples, nginx, perCpuSecond);
    return idle ? idleRow(proxy, figures) : loadRow(proxy, figures, ratio);
  });
  return [idle ? IDLE_HEAD : LOAD_HEAD, ...rows];
}

function loadRow(proxy: string, figures: Figures, ratio: number): readonly string[] {
  return [
    proxy,
    whole(figures.perSecond),
    whole(figures.perCpuSecond),
    decimals(ratio, 2),
    decimals(figures.p50Ms, 2),
    decimals(figures.p99Ms, 2),
    decimals(figures.rssBytes / 2 ** 20, 0),
  ];
}

function idleRow(proxy: string, figures: Figures): readonly string[] {
  const { bytesPerConnection = Number.NaN, rssBytes } = figures;
  return [proxy, whole(bytesPerConnection), decimals(rssBytes / 2 ** 20, 0)];
}

/** What went wrong, one sentence each; empty when every answer of every round was right. */
export function faultLines({ results }: CaseResult): readonly string[] {
  return results.flatMap(({ proxy, samples, failure }) =>
    [...figuresOf(samples).faults, ...(failure === undefined ? [] : [failure])].map(
      (fault) => `${proxy}: ${fault.replaceAll(/\s+/g, " ").slice(0, FAULT_CHARS_MAX)}`,
    ),
  );
}

/** The target of the case and what came of it; undefined when the case has none. */
export function outcomeOf({ name, results }: CaseResult, sides: Sides): TargetOutcome | undefined {
  const target = TARGETS[name];
  if (!target) return undefined;
  return judge(target, samplesOf(results, sides.gateway), samplesOf(results, sides.baseline));
}

export function targetTable(cases: readonly CaseResult[], sides: Sides): Table {
  const rows = cases.flatMap((result) => {
    const outcome = outcomeOf(result, sides);
    return outcome ? [[result.title, outcome.wanted, outcome.reached, outcome.verdict]] : [];
  });
  return [["case", "target", "reached", ""], ...rows];
}

/** Aligned with blanks, for a terminal: words to the left, figures to the right. */
export function asText(table: Table): string {
  const columns = (table[0] ?? []).map((_, column) => ({
    width: Math.max(...table.map((row) => row[column]?.length ?? 0)),
    isNumeric: table.slice(1).every((row) => /^[\d,.-]*$/.test(row[column] ?? "")),
  }));
  const line = (row: readonly string[]): string =>
    columns
      .map(({ width, isNumeric }, column) =>
        isNumeric ? (row[column] ?? "").padStart(width) : (row[column] ?? "").padEnd(width),
      )
      .join("  ");
  return table.map((row) => line(row).trimEnd()).join("\n");
}

export function asMarkdown([head = [], ...rows]: Table): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const rule = head.map((_, column) => (column === 0 ? "---" : "---:"));
  return [line(head), line(rule), ...rows.map(line)].join("\n");
}

/** What stands between the markers of docs/performance.md. */
export function figuresMarkdown(
  cases: readonly CaseResult[],
  sides: Sides,
  machine: readonly string[],
): string {
  const sections = cases.map((result) => {
    const faults = faultLines(result).map((fault) => `- ${fault}`);
    const lost = faults.length > 0 ? `\n\nNot all went well:\n\n${faults.join("\n")}` : "";
    return `### ${result.title}\n\n${asMarkdown(caseTable(result, sides))}${lost}`;
  });
  return [
    machine.map((line) => `- ${line}`).join("\n"),
    `### Targets\n\n${asMarkdown(targetTable(cases, sides))}`,
    ...sections,
  ].join("\n\n");
}

function samplesOf(results: readonly ProxyResult[], name: string): ProxyResult["samples"] {
  return results.find(({ proxy }) => proxy === name)?.samples ?? [];
}

function whole(value: number): string {
  return Number.isFinite(value) ? Math.round(value).toLocaleString("en") : "-";
}

function decimals(value: number, count: number): string {
  return Number.isFinite(value) ? value.toFixed(count) : "-";
}
