/** `npm run check`: format, lint, types, unit and tidy tests; seconds, before every commit. */
import { runStep, testCommand, TREE_CHECKS } from "./run-step.ts";

const results = await Promise.all([
  ...TREE_CHECKS.map(([name, command]) => runStep(name, command, false)),
  runStep("tidy", testCommand("test/tidy.test.ts"), false),
  runStep("unit", testCommand("test/unit/**/*.test.ts", ["--test-isolation=none"]), false),
]);

for (const { name, status, output, seconds } of results) {
  const counts = output.match(/ℹ (pass|fail|skipped) \d+/g)?.map((text) => text.slice(2)) ?? [];
  const summary = counts.length > 0 ? ` (${counts.join(", ")})` : "";
  console.log(`${status === 0 ? "ok    " : "FAILED"} ${name} ${seconds.toFixed(1)} s${summary}`);
  if (status !== 0) console.log(output);
}
process.exitCode = results.every(({ status }) => status === 0) ? 0 : 1;
