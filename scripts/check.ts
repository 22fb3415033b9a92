/** `npm run check`: format, lint, types, unit and tidy tests; seconds, before every commit. */
import { runStep, testCommand, tool } from "./run-step.ts";

const UNIT = testCommand("test/unit/**/*.test.ts", ["--test-isolation=none"]);

const results = await Promise.all([
  runStep("format", [tool("prettier"), "--check", "--log-level=warn", "."], false),
  runStep("lint", [tool("oxlint"), "--type-aware"], false),
  runStep("types", [tool("tsc"), "-p", "."], false),
  runStep("tidy", testCommand("test/tidy.test.ts"), false),
  runStep("unit", UNIT, false),
]);

for (const { name, status, output, seconds } of results) {
  const counts = output.match(/ℹ (pass|fail|skipped) \d+/g)?.map((text) => text.slice(2)) ?? [];
  const summary = counts.length > 0 ? ` (${counts.join(", ")})` : "";
  console.log(`${status === 0 ? "ok    " : "FAILED"} ${name} ${seconds.toFixed(1)} s${summary}`);
  if (status !== 0) console.log(output);
}
process.exitCode = results.every(({ status }) => status === 0) ? 0 : 1;
