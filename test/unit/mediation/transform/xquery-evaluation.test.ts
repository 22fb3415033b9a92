import assert from "node:assert/strict";
import { test } from "node:test";
import {
  answerTo,
  XQUERY_RESULT_LENGTH_MAX,
} from "../../../../src/mediation/transform/xquery-evaluation.ts";
import type { XQueryValue } from "../../../../src/mediation/transform/xquery-job.ts";

function result(query: string, variables: Readonly<Record<string, XQueryValue>> = {}): string {
  const answer = answerTo({ query, payload: "<a><b>1</b></a>", variables });
  return answer.kind === "text" ? answer.text : `fault: ${answer.message}`;
}

test("gives elements as XML and values as text", () => {
  assert.equal(result("<o>{ //b/text() }</o>"), "<o>1</o>");
  assert.equal(result("1 + 1"), "2");
  const query =
    "declare variable $d as document-node() external; declare variable $n external; $d//y + $n";
  const variables = {
    d: { kind: "document", text: "<x><y>2</y></x>" },
    n: { kind: "plain", value: 3 },
  } as const;
  assert.equal(result(query, variables), "5");
});

test("a function that calls itself without end is an error, and files are out of reach", () => {
  const endless = "declare function local:f($n) { local:f($n + 1) + 1 }; local:f(1)";
  assert.match(result(endless), /^fault: Maximum call stack/);
  assert.match(result("doc('file:///etc/passwd')"), /^fault: [^]*not registered/);
});

test("a result that is longer than its bound is an error", () => {
  const long = { kind: "plain", value: "x".repeat(XQUERY_RESULT_LENGTH_MAX) } as const;
  const text = result("declare variable $l external; $l", { l: long });
  assert.equal(text.length, XQUERY_RESULT_LENGTH_MAX);
  assert.match(
    result("declare variable $l external; concat($l, 'y')", { l: long }),
    /^fault: its result is longer than 33554432 characters$/,
  );
});
