import assert from "node:assert/strict";
import { test } from "node:test";
import { compileEngine } from "../../../../src/mediation/compile-engine.ts";
import type { CompileResult } from "../../../../src/mediation/engine.ts";
import { MemoryLog } from "../../../helpers/memory-log.ts";
import { mutate, pick, seededRandom } from "./mutations.ts";
import { CONFIGURATIONS } from "./seeds.ts";

const SEED = 20_261_121;
const MUTANTS = 3_000;
/** A reader that needs longer for one file has no bound. */
const SLOW_MS = 2_000;

function compile(text: string): CompileResult {
  const file = { path: "synapse-configs/default/synapse.xml", content: Buffer.from(text) };
  return compileEngine([file], {
    log: new MemoryLog(),
    systemProperties: {},
    callEndpoint: () => Promise.reject(new Error("no message is sent")),
  });
}

/** A configuration that nobody has changed, or a mutant of it, in place or inside `<definitions>`. */
function check(text: string, shown: string): CompileResult["kind"] {
  const began = performance.now();
  const result = compile(text);
  const tookMs = performance.now() - began;
  assert.ok(tookMs < SLOW_MS, `${shown} took ${tookMs} ms:\n${text}`);
  if (result.kind === "compiled") return result.kind;
  assert.ok(result.problems.length > 0, `${shown} is refused without a reason:\n${text}`);
  for (const { file, line, message } of result.problems) {
    assert.equal(file, "synapse-configs/default/synapse.xml", `${shown}: ${message}`);
    assert.ok(line >= 1 && message !== "", `${shown}: ${message} in line ${line}`);
    assert.doesNotMatch(
      message,
      /undefined|\[object|is not a function|Cannot read prop|is not iterable|Maximum call stack/,
      `${shown}:\n${text}`,
    );
  }
  return result.kind;
}

test("a mutated configuration compiles or is refused with file, line and reason, in bounded time", () => {
  const kinds = { compiled: 0, faulty: 0 };
  for (let number = 0; number < MUTANTS; number += 1) {
    const random = seededRandom(SEED + number);
    const seed = pick(CONFIGURATIONS, random) ?? "";
    const mutant = mutate(seed, random, pick(CONFIGURATIONS, random) ?? "");
    try {
      kinds[check(mutant, `seed ${SEED + number}`)] += 1;
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error;
      assert.fail(`seed ${SEED + number} threw ${String(error)}:\n${mutant}`);
    }
  }
  assert.ok(kinds.compiled > 100 && kinds.faulty > 100, JSON.stringify(kinds));
});
