/**
 * `npm run test:cluster`: membership alone. The contract over every provider and the Hazelcast double, the bounded
 * simulations, and the contract over real Hazelcast members when TEST_HZ_MEMBERS ("host:port,host:port") and
 * TEST_HZ_CLUSTER (their cluster's name) are set; otherwise it says that these were skipped.
 */
import { globSync } from "node:fs";
import { ROOT, runStep, testCommand } from "./run-step.ts";

const PROCESS_EACH = ["--test-concurrency=2", "--test-timeout=240000"];
const GROUPS: readonly (readonly [name: string, pattern: string, options: readonly string[]])[] = [
  ["unit", "test/unit/cluster/**/*.test.ts", ["--test-isolation=none"]],
  ["simulation", "test/simulation/**/*.test.ts", PROCESS_EACH],
  ["integration", "test/integration/cluster/**/*.test.ts", PROCESS_EACH],
];

let failed = false;
for (const [name, pattern, options] of GROUPS) {
  if (globSync(pattern, { cwd: ROOT }).length === 0) continue;
  console.log(`\n== ${name}`);
  const { status } = await runStep(name, testCommand(pattern, options), true);
  failed ||= status !== 0;
}
const members = process.env["TEST_HZ_MEMBERS"] ?? "";
console.log(
  members === ""
    ? "\nreal Hazelcast members: skipped, TEST_HZ_MEMBERS is not set"
    : `\nreal Hazelcast members: ${members}`,
);
process.exitCode = failed ? 1 : 0;
