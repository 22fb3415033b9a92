import assert from "node:assert/strict";
import { test } from "node:test";
import {
  inlineProgram,
  type PlacedProgram,
} from "../../../../src/mediation/script/script-program.ts";
import {
  IDLE_CONTEXTS_MAX,
  ScriptSandbox,
} from "../../../../src/mediation/script/script-sandbox.ts";
import type { Clock } from "../../../../src/runtime/clock.ts";

/** Each look at it is a millisecond later. */
function countingClock(): Clock {
  let now = 0;
  const timer = { cancel: () => undefined };
  return {
    wallMs: () => 0,
    monotonicMs: () => (now += 1),
    after: () => timer,
    every: () => timer,
  };
}

function program(text: string): PlacedProgram {
  return inlineProgram({ text, name: "P.xml", firstLine: 10 });
}

async function outcome(
  text: string,
  sandbox = new ScriptSandbox(countingClock(), 200),
): Promise<string> {
  const result = await sandbox.run(program(text), () => "");
  return result.kind === "value" ? `value ${String(result.value)}` : result.message;
}

test("the value of the last statement is the outcome, and only booleans count", async () => {
  assert.equal(await outcome("1; false"), "value false");
  assert.equal(await outcome("var a = 'x'; a"), "value undefined");
});

test("a script sees nothing of the host", async () => {
  const names =
    "process,require,module,fetch,setTimeout,Buffer,host,WebAssembly,importScripts".split(",");
  const text = names.map((name) => `typeof ${name}`).join(" + ',' + ");
  assert.equal(
    await outcome(`(${text}) === '${names.map(() => "undefined").join(",")}'`),
    "value true",
  );
  assert.equal(
    await outcome(
      "(function () { return this }).constructor('return typeof process')() === 'undefined'",
    ),
    "value true",
  );
});

test("loops and patterns without end are stopped", async () => {
  assert.match(await outcome("while (true);"), /took too long/);
  assert.match(await outcome("/^(a+)+$/.test('a'.repeat(40) + 'b')"), /took too long/);
  assert.match(await outcome("try { while (true); } catch (e) {} true"), /took too long/);
});

test("a built-in function that takes long is ended as well, and the next script runs", async () => {
  const sandbox = new ScriptSandbox(countingClock(), 300);
  const slow = [
    "'a'.repeat(4e6).indexOf('a'.repeat(2e6) + 'b')",
    "for (;;) JSON.parse('[' + '1,'.repeat(100000) + '1]')",
  ];
  for (const text of slow) {
    const start = performance.now();
    assert.match(await outcome(text, sandbox), /took too long/);
    assert.ok(performance.now() - start < 5_000);
    assert.equal(await outcome("true", sandbox), "value true");
  }
});

test("recursion and memory without end are stopped, and the next script runs", async () => {
  const sandbox = new ScriptSandbox(countingClock(), 1_000_000);
  assert.match(await outcome("function f() { return f() + 1 } f()", sandbox), /stack overflow/);
  assert.match(
    await outcome("var a = []; while (true) a.push('x'.repeat(1e6) + a.length)", sandbox),
    /memory/,
  );
  assert.match(await outcome("new ArrayBuffer(1 << 30)", sandbox), /memory/);
  assert.equal(await outcome("true", sandbox), "value true");
});

test("nothing of one message is there for the next", async () => {
  const sandbox = new ScriptSandbox(countingClock());
  const seen: string[] = [];
  const leak = program("print(typeof a + typeof b); var a = 1; b = 2; XML.prettyPrinting = false;");
  for (let run = 0; run < 2; run += 1)
    await sandbox.run(leak, (_, args) => {
      seen.push(args);
      return "";
    });
  assert.deepEqual(
    seen,
    Array.from({ length: 2 }, () => '["info","undefinedundefined"]'),
  );
});

test("keeps a bounded number of contexts, and none after a failure or when it is closed", async () => {
  const sandbox = new ScriptSandbox(countingClock());
  for (let index = 0; index < IDLE_CONTEXTS_MAX + 2; index += 1)
    await sandbox.run(program(`${index}`), () => "");
  assert.equal(sandbox.idleCount, IDLE_CONTEXTS_MAX);
  sandbox.close();
  assert.equal(sandbox.idleCount, 0);
  await sandbox.run(program("1"), () => "");
  assert.equal(sandbox.idleCount, 0);
  const other = new ScriptSandbox(countingClock());
  await other.run(program("throw 1"), () => "");
  assert.equal(other.idleCount, 0);
});

test("errors carry the line of the artifact", async () => {
  const failing = program("var a;\n\na.b.c");
  const result = await new ScriptSandbox(countingClock()).run(failing, () => "");
  assert.ok(result.kind === "error" && result.line !== undefined);
  assert.equal(failing.placeOf(result.line), "P.xml:12");
});
