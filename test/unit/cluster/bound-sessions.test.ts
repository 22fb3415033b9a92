import assert from "node:assert/strict";
import { test } from "node:test";
import {
  addSessions,
  type BoundSessions,
  formatSessions,
  isSessionsProperty,
  parseSessions,
  sessionsProperty,
} from "../../../src/cluster/bound-sessions.ts";

function sessions(own: number, shared = 0, isUnknown = false): BoundSessions {
  return {
    own: { count: own, oldestS: own * 10 },
    shared: { count: shared, oldestS: shared * 10 },
    isUnknown,
  };
}

const TEXTS: readonly (readonly [BoundSessions, string])[] = [
  [sessions(0), "0/0"],
  [sessions(12), "12/120"],
  [sessions(3, 5), "3/30+5/50"],
  [sessions(0, 0, true), "0/0 unknown"],
  [sessions(1, 2, true), "1/10+2/20 unknown"],
];

for (const [given, text] of TEXTS) {
  test(`"${text}" is written and read`, () => {
    assert.equal(formatSessions(given), text);
    assert.deepEqual(parseSessions(text), given);
  });
}

test("other texts are not read", () => {
  for (const text of ["", "1", "1/", "-1/2", "1/2/3", "1/2+3", "9999999999/1", "1/2 maybe"])
    assert.equal(parseSessions(text), undefined, text);
});

test("own sessions of gateways add up, shared ones are the same everywhere", () => {
  assert.deepEqual(addSessions([sessions(3, 5), sessions(4, 6, true)]), {
    own: { count: 7, oldestS: 40 },
    shared: { count: 6, oldestS: 60 },
    isUnknown: true,
  });
  assert.deepEqual(addSessions([]), sessions(0));
});

test("the property bears the member's name", () => {
  assert.equal(sessionsProperty("worker-1"), "sessions.worker-1");
  assert.ok(isSessionsProperty("sessions.worker-1"));
  assert.ok(!isSessionsProperty("processId"));
});
