/**
 * `npm test`: everything. Checks and unit tests first, two at a time, for each of them uses one processor; then the groups whose tests
 * are processes beside one another; servers from Debian that tests want are installed when this machine allows it, and those tests
 * skip with a reason otherwise. The last line sums all up.
 */
import { globSync } from "node:fs";
import { ROOT, runStep, type StepResult, testCommand, TREE_CHECKS } from "./run-step.ts";

interface Group {
  /** Also what `npm test -- NAME` names. */
  readonly name: string;
  readonly pattern: string;
  readonly options: readonly string[];
}

type Step = readonly [name: string, command: readonly string[]];

const ONE_PROCESS = ["--test-isolation=none"];
const PROCESS_EACH = ["--test-concurrency=2", "--test-timeout=240000"];

/** Each on one processor. The longest come first. */
const QUICK: readonly Group[] = [
  { name: "unit", pattern: "test/unit/mediation/**/*.test.ts", options: ONE_PROCESS },
  { name: "unit", pattern: "test/unit/!(mediation)/**/*.test.ts", options: ONE_PROCESS },
  { name: "tidy", pattern: "test/tidy.test.ts", options: [] },
];

const GROUPS: readonly Group[] = [
  { name: "conformance", pattern: "test/conformance/**/*.test.ts", options: PROCESS_EACH },
  { name: "simulation", pattern: "test/simulation/**/*.test.ts", options: PROCESS_EACH },
  { name: "integration", pattern: "test/integration/**/*.test.ts", options: PROCESS_EACH },
  { name: "e2e", pattern: "test/e2e/**/*.test.ts", options: PROCESS_EACH },
];

const wanted = process.argv.slice(2);
const quick = [...stepsOf(QUICK), ...(wanted.length === 0 ? TREE_CHECKS : [])];

await runStep("test servers", [process.execPath, "scripts/install-test-servers.ts"], true);
const results = await twoAtATime(quick);
for (const step of stepsOf(GROUPS)) results.push(await shown(step));
summarize(results);

function stepsOf(groups: readonly Group[]): readonly Step[] {
  return groups
    .filter(({ name }) => wanted.length === 0 || wanted.includes(name))
    .filter(({ pattern }) => globSync(pattern, { cwd: ROOT }).length > 0)
    .map(({ name, pattern, options }) => [name, testCommand(pattern, options)]);
}

/** Each one's output comes in one piece when it is over. */
async function twoAtATime(steps: readonly Step[]): Promise<StepResult[]> {
  const over: StepResult[] = [];
  const waiting = steps.values();
  const lane = async (): Promise<void> => {
    for (const [name, command] of waiting) {
      const result = await runStep(name, command, false);
      console.log(`\n== ${name}\n${result.output.trimEnd()}`);
      over.push(result);
    }
  };
  await Promise.all([lane(), lane()]);
  return over;
}

function shown([name, command]: Step): Promise<StepResult> {
  console.log(`\n== ${name}`);
  return runStep(name, command, true);
}

function summarize(all: readonly StepResult[]): void {
  console.log("");
  for (const { name, status, seconds } of all)
    console.log(`${status === 0 ? "ok    " : "FAILED"} ${name} ${seconds.toFixed(1)} s`);
  const total = (word: string): number =>
    all.reduce((sum, { output }) => sum + count(output, word), 0);
  const failedTools = all.filter(
    ({ status, output }) => status !== 0 && count(output, "fail") === 0,
  );
  const failed = total("fail") + total("cancelled") + failedTools.length;
  console.log(`\n${total("pass")} passed, ${failed} failed, ${total("skipped")} skipped`);
  process.exitCode = failed === 0 ? 0 : 1;
}

/** Reads one of the closing lines of node's spec reporter. */
function count(output: string, word: string): number {
  return Number(new RegExp(`^ℹ ${word} (\\d+)$`, "m").exec(output)?.[1] ?? 0);
}
