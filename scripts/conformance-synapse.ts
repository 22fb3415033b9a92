/**
 * `npm run conformance:synapse -- [--cases DIR] [--only ID] [--family F]`: plays acceptance cases of Synapse
 * configurations against a worker. One line a case; the exit status is 1 when one fails, 2 when none could
 * be played. Processes: BASCULE_CASE_PROCESSES, by default 2.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { runCases } from "../test/conformance/synapse/case-pool.ts";
import { type Case, readCases } from "../test/conformance/synapse/case-format.ts";
import { ROOT } from "./run-step.ts";

const OPEN_SET = join(ROOT, "..", "shared", "acceptance", "synapse");
const CASE_TIMEOUT_MS = 60_000;

const { values } = parseArgs({
  options: {
    cases: { type: "string", default: OPEN_SET },
    only: { type: "string" },
    family: { type: "string" },
  },
});

const cases = selectedCases(values.cases);
let failed = 0;
await runCases(cases, {
  folder: values.cases,
  processes: Number(process.env["BASCULE_CASE_PROCESSES"] ?? 2),
  timeoutMs: CASE_TIMEOUT_MS,
  onResult: ({ id }, differences) => {
    if (differences.length > 0) failed += 1;
    console.log(differences.length === 0 ? `pass ${id}` : `FAIL ${id}: ${differences.join("; ")}`);
  },
});
console.log(`${cases.length - failed} passed, ${failed} failed`);
if (cases.length === 0) process.exitCode = 2;
else process.exitCode = failed === 0 ? 0 : 1;

/** Empty when none is selected or the folder cannot be read; then a sentence says so. */
function selectedCases(folder: string): readonly Case[] {
  try {
    const found = readCases(folder).filter(
      ({ id, family }) =>
        (values.only === undefined || id === values.only) &&
        (values.family === undefined || family === values.family),
    );
    if (found.length === 0) console.error(`No case of ${folder} is selected`);
    return found;
  } catch (error) {
    console.error(`Cannot read the cases of ${folder}: ${String(error)}`);
    return [];
  }
}
