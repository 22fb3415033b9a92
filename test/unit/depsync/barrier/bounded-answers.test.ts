/** Answers at their limits, written by a worker and read by a manager. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  boundedOutcomes,
  boundedStageAnswer,
  toldName,
} from "../../../../src/depsync/barrier/bounded-answers.ts";
import type {
  OutcomesAnswer,
  ServiceOutcome,
  StageAnswer,
} from "../../../../src/depsync/barrier/revision-stage.ts";
import {
  ANSWER_BYTES_MAX,
  OUTCOMES_MAX,
  readOutcomesAnswer,
  readStageAnswer,
  STAGE_TEXT_MAX,
} from "../../../../src/depsync/barrier/revision-stage-messages.ts";

/** As it travels: with the line break behind it. */
function overTheWire(value: object): unknown {
  const text = `${JSON.stringify(value)}\n`;
  assert.ok(Buffer.byteLength(text) <= ANSWER_BYTES_MAX, `${Buffer.byteLength(text)} bytes`);
  return JSON.parse(text);
}

function stageAnswer(answer: StageAnswer): StageAnswer {
  return readStageAnswer(overTheWire(boundedStageAnswer(answer)));
}

function outcomesAnswer(services: readonly ServiceOutcome[]): OutcomesAnswer {
  return readOutcomesAnswer(overTheWire(boundedOutcomes({ revision: undefined, services })));
}

function service(name: string, messages = 1, faults = 0): ServiceOutcome {
  return { kind: "api", name, messages, faults };
}

/** One character each that takes one, three, four and six bytes of JSON. */
const CHARACTERS = ["x", "\u4e2d", "\u{1f600}", "\u0001"];

test("an answer within the bounds is told as it is", () => {
  const problem = { file: "P.xml", line: 3, message: "x".repeat(STAGE_TEXT_MAX) };
  const answers: readonly StageAnswer[] = [
    { kind: "ready" },
    { kind: "failed", reason: "\u4e2d".repeat(STAGE_TEXT_MAX) },
    { kind: "faulty", problems: Array.from({ length: 200 }, () => problem) },
    { kind: "faulty", problems: [problem], more: 4 },
  ];
  for (const answer of answers) assert.deepEqual(stageAnswer(answer), answer);
});

test("of problems that do not fit the first ones are told, and how many there are beyond them", () => {
  for (const character of CHARACTERS) {
    const message = character.repeat(10 * STAGE_TEXT_MAX);
    const problems = Array.from({ length: 400 }, (_, line) => ({ file: message, line, message }));
    const answer = stageAnswer({ kind: "faulty", problems });
    assert.ok(answer.kind === "faulty");
    const { length } = answer.problems;
    assert.ok(length >= 80 && length <= 200, `${length} of ${character}`);
    assert.deepEqual(
      answer.problems.map(({ line }) => line),
      problems.slice(0, length).map(({ line }) => line),
    );
    assert.equal(answer.more, 400 - length);
    assert.equal(stageAnswer({ kind: "failed", reason: message }).kind, "failed");
  }
});

test("a text is never cut within a character", () => {
  for (const lead of ["", "x"]) {
    const answer = stageAnswer({ kind: "failed", reason: lead + "\u{1f600}".repeat(2_000) });
    assert.ok(answer.kind === "failed" && answer.reason.isWellFormed());
    assert.match(answer.reason, /\.\.\.$/);
  }
});

test("a service of any name is counted, under the name that who asks can tell too", () => {
  for (const character of CHARACTERS) {
    const name = character.repeat(STAGE_TEXT_MAX + 1);
    const { services } = outcomesAnswer([service(name, 9, 8), service("P")]);
    assert.deepEqual(services, [service(toldName(name), 9, 8), service("P")]);
    assert.equal(toldName(toldName(name)), toldName(name));
  }
  const longest = "n".repeat(STAGE_TEXT_MAX);
  assert.equal(toldName(longest), longest);
});

test("of services that do not fit those with most faults are told", () => {
  const few = Array.from({ length: OUTCOMES_MAX }, (_, at) => service(`S${at}`, at));
  assert.deepEqual(outcomesAnswer(few).services, few);
  const many = [...few, service("failing", 20, 20)];
  const told = outcomesAnswer(many).services;
  assert.deepEqual([told.length, told[0]?.name], [OUTCOMES_MAX, "failing"]);
  const wide = many.map((one) => ({ ...one, name: one.name + "\u0001".repeat(STAGE_TEXT_MAX) }));
  const [first] = outcomesAnswer(wide).services;
  assert.equal(first?.faults, 20);
});
