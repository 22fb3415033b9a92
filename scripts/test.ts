/**
 * `npm test`: everything. The check first (format, lint, types, tidy), then each group of tests; servers
 * from Debian that tests want are installed when this machine allows it, and those tests skip with a reason
 * otherwise. The last line sums all groups up.
 */
import { globSync } from "node:fs";
import { ROOT, runStep, type StepResult, testCommand, TREE_CHECKS } from "./run-step.ts";

interface Group {
  readonly name: string;
  readonly pattern: string;
  readonly options: readonly string[];
}

const PROCESS_EACH = ["--test-concurrency=2", "--test-timeout=240000"];

const GROUPS: readonly Group[] = [
  { name: "tidy", pattern: "test/tidy.test.ts", options: [] },
  { name: "unit", pattern: "test/unit/**/*.test.ts", options: ["--test-isolation=none"] },
  { name: "conformance", pattern: "test/conformance/**/*.test.ts", options: PROCESS_EACH },
  { name: "simulation", pattern: "test/simulation/**/*.test.ts", options: PROCESS_EACH },
  { name: "integration", pattern: "test/integration/**/*.test.ts", options: PROCESS_EACH },
  {
    name: "e2e",
    pattern: "test/e2e/**/*.test.ts",
    options: ["--test-concurrency=1", "--test-timeout=240000"],
  },
];

const wanted = process.argv.slice(2);
const results: StepResult[] = [];

await runStep("test servers", [process.execPath, "scripts/install-test-servers.ts"], true);
if (wanted.length === 0) {
  for (const [name, command] of TREE_CHECKS) results.push(await announce(name, command));
}
for (const { name, pattern, options } of GROUPS) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  if (globSync(pattern, { cwd: ROOT }).length === 0) continue;
  results.push(await announce(name, testCommand(pattern, options)));
}

console.log("");
for (const { name, status, seconds } of results) {
  console.log(`${status === 0 ? "ok    " : "FAILED"} ${name} ${seconds.toFixed(1)} s`);
}
const total = (word: string): number =>
  results.reduce((sum, { output }) => sum + count(output, word), 0);
const failedTools = results.filter(
  ({ status, output }) => status !== 0 && count(output, "fail") === 0,
);
const failed = total("fail") + total("cancelled") + failedTools.length;
console.log(`\n${total("pass")} passed, ${failed} failed, ${total("skipped")} skipped`);
process.exitCode = failed === 0 ? 0 : 1;

function announce(name: string, command: readonly string[]): Promise<StepResult> {
  console.log(`\n== ${name}`);
  return runStep(name, command, true);
}

/** Reads one of the closing lines of node's spec reporter. */
function count(output: string, word: string): number {
  return Number(new RegExp(`^ℹ ${word} (\\d+)$`, "m").exec(output)?.[1] ?? 0);
}
