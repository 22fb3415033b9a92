import assert from "node:assert/strict";
import { test } from "node:test";
import { XQueryRunner } from "../../../../src/mediation/transform/xquery-runner.ts";

const job = (query: string): { query: string; payload: string; variables: object } => ({
  query,
  payload: "<a><b>1</b></a>",
  variables: {},
});
const run = (runner: XQueryRunner, query: string): Promise<string> =>
  runner.run({ ...job(query), variables: {} });

test("gives elements as XML and values as text", async () => {
  const runner = new XQueryRunner();
  assert.equal(await run(runner, "<o>{ //b/text() }</o>"), "<o>1</o>");
  assert.equal(await run(runner, "1 + 1"), "2");
  const variables = {
    d: { kind: "document", text: "<x><y>2</y></x>" },
    n: { kind: "plain", value: 3 },
  } as const;
  const query =
    "declare variable $d as document-node() external; declare variable $n external; $d//y + $n";
  assert.equal(await runner.run({ ...job(query), variables }), "5");
});

test("queries without end are stopped while the process goes on, and the ones behind them run", async () => {
  const runner = new XQueryRunner(700);
  let beats = 0;
  const beat = setInterval(() => (beats += 1), 20);
  const endless = [
    "count(for $i in 1 to 1000000000 return $i mod 7)",
    "string-length(string-join(for $i in 1 to 1000000000 return 'xxxxxxxxxx'))",
    `replace('${"a".repeat(50)}b', '^(a+)+$', 'x')`,
  ];
  const stopped = endless.map((query) =>
    assert.rejects(run(runner, query), /it (?:took longer than 700 ms|needs more)/),
  );
  const last = run(runner, "'behind'");
  await Promise.all(stopped);
  clearInterval(beat);
  assert.ok(beats > 30);
  assert.equal(await last, "behind");
});

test("a function that calls itself without end is an error, and files are out of reach", async () => {
  const runner = new XQueryRunner();
  const endless = "declare function local:f($n) { local:f($n + 1) + 1 }; local:f(1)";
  await assert.rejects(run(runner, endless), /Maximum call stack/);
  await assert.rejects(run(runner, "doc('file:///etc/passwd')"), /not registered/);
  assert.equal(await run(runner, "1"), "1");
});
