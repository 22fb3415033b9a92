import assert from "node:assert/strict";
import { test } from "node:test";
import { mayRetry, type RetryQuestion } from "../../../../src/gateway/http/proxy/may-retry.ts";

const USUAL: RetryQuestion = {
  happened: "error",
  allowed: ["error", "timeout"],
  method: "GET",
  sent: true,
  bodyReplayable: true,
  triesLeft: 1,
  outOfTime: false,
};

const CASES: readonly (readonly [
  behaviour: string,
  change: Partial<RetryQuestion>,
  answer: boolean,
])[] = [
  ["goes on after an error", {}, true],
  ["stops when no try is left", { triesLeft: 0 }, false],
  ["stops when the time is over", { outOfTime: true }, false],
  ["stops when a part of the body is gone", { bodyReplayable: false }, false],
  ["stops at what is not listed", { happened: "http_503" }, false],
  ["goes on at a listed status", { happened: "http_503", allowed: ["http_503"] }, true],
  ["stops after proxy_next_upstream off", { allowed: [] }, false],
  ["never sends a POST twice", { method: "POST" }, false],
  ["never sends a PATCH twice", { method: "PATCH" }, false],
  ["sends a POST to another peer when it was not sent yet", { method: "POST", sent: false }, true],
  [
    "sends a POST twice when non_idempotent says so",
    { method: "POST", allowed: ["error", "non_idempotent"] },
    true,
  ],
  ["sends a PUT twice", { method: "PUT" }, true],
];

for (const [behaviour, change, answer] of CASES) {
  test(behaviour, () => assert.equal(mayRetry({ ...USUAL, ...change }), answer));
}
