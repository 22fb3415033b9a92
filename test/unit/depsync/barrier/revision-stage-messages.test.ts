import assert from "node:assert/strict";
import { test } from "node:test";
import type { StageAnswer } from "../../../../src/depsync/barrier/revision-stage.ts";
import {
  STAGE_TEXT_MAX,
  readCommitRequest,
  readOutcomesAnswer,
  readStageAnswer,
  readStageRequest,
  readSwitchAnswer,
  readSwitchRequest,
} from "../../../../src/depsync/barrier/revision-stage-messages.ts";
import { AppError } from "../../../../src/errors/app-error.ts";

const COMMIT = "0123456789abcdef0123456789abcdef01234567";
const PROBLEM = { file: "P.xml", line: 3, message: "no such mediator" };

function overTheWire(value: object): unknown {
  return JSON.parse(JSON.stringify(value));
}

test("messages come through JSON as they were, and fields of later versions are passed over", () => {
  const request = { deployment: 4, commit: COMMIT, live: undefined };
  assert.deepEqual(readStageRequest(overTheWire({ ...request, later: 1 })), request);
  assert.deepEqual(readStageRequest(overTheWire({ ...request, live: COMMIT })).live, COMMIT);
  const answers: readonly StageAnswer[] = [
    { kind: "ready" },
    { kind: "faulty", problems: [PROBLEM] },
    { kind: "faulty", problems: [PROBLEM], more: 7 },
    { kind: "failed", reason: "disk full" },
  ];
  for (const answer of answers) assert.deepEqual(readStageAnswer(overTheWire(answer)), answer);
  assert.deepEqual(readSwitchAnswer(overTheWire({ revision: undefined })), { revision: undefined });
  assert.deepEqual(readSwitchAnswer({ revision: COMMIT }), { revision: COMMIT });
  const outcomes = {
    revision: COMMIT,
    services: [{ kind: "api", name: "A", messages: 5, faults: 1 }],
  };
  assert.deepEqual(readOutcomesAnswer(overTheWire(outcomes)), outcomes);
});

test("a request that is not of the form is refused with what is wrong", () => {
  const wrong: readonly (readonly [unknown, RegExp])[] = [
    [undefined, /must be an object/],
    [[], /must be an object/],
    [{ commit: COMMIT }, /deployment must be a whole number/],
    [{ deployment: -1, commit: COMMIT }, /deployment/],
    [{ deployment: 1.5, commit: COMMIT }, /deployment/],
    [{ deployment: 1 }, /commit is missing/],
    [{ deployment: 1, commit: "main" }, /full commit id/],
    [{ deployment: 1, commit: "--upload-pack=x" }, /full commit id/],
    [{ deployment: 1, commit: COMMIT.toUpperCase() }, /full commit id/],
    [{ deployment: 1, commit: COMMIT, live: 5 }, /live must be a text/],
  ];
  for (const [value, reason] of wrong)
    assert.throws(
      () => readStageRequest(value),
      (error) =>
        error instanceof AppError && error.code === "REQUEST_INVALID" && reason.test(error.message),
      JSON.stringify(value),
    );
  assert.throws(() => readCommitRequest({ commit: `${COMMIT}\n` }), /full commit id/);
});

test("a request to switch brings a manager's word, or none, and never much", () => {
  assert.deepEqual(readSwitchRequest(overTheWire({ commit: COMMIT, seal: undefined })), {
    commit: COMMIT,
  });
  assert.deepEqual(readSwitchRequest({ commit: COMMIT, seal: "AAAA" }), {
    commit: COMMIT,
    seal: "AAAA",
  });
  for (const seal of [7, "not base64!", "A".repeat(16 * 1024 + 4)])
    assert.throws(() => readSwitchRequest({ commit: COMMIT, seal }), { code: "REQUEST_INVALID" });
});

test("an answer that is not of the form is refused, also one that is too long", () => {
  const wrong: readonly unknown[] = [
    { kind: "fine" },
    { kind: "faulty" },
    { kind: "faulty", problems: [{ ...PROBLEM, line: "3" }] },
    { kind: "faulty", problems: Array.from({ length: 201 }, () => PROBLEM) },
    { kind: "faulty", problems: [PROBLEM], more: -1 },
    { kind: "failed" },
    { kind: "failed", reason: "x".repeat(STAGE_TEXT_MAX + 1) },
  ];
  for (const value of wrong) assert.throws(() => readStageAnswer(value), AppError);
  for (const value of [
    { services: [{ kind: "task", name: "T", messages: 0, faults: 0 }] },
    { services: [{ kind: "api", name: "T", messages: -1, faults: 0 }] },
    { services: {} },
  ])
    assert.throws(() => readOutcomesAnswer(value), AppError);
});
