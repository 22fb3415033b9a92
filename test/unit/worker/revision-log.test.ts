/** What the log of a worker says of a switch. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ArtifactSummary } from "../../../src/mediation/engine.ts";
import { logDifference } from "../../../src/worker/revision-log.ts";
import { MemoryLog } from "../../helpers/memory-log.ts";

function sequence(name: string): ArtifactSummary {
  return { kind: "sequence", name, path: `sequences/${name}.xml` };
}

function said(before: readonly ArtifactSummary[], after: readonly ArtifactSummary[]) {
  const log = new MemoryLog();
  logDifference(log, before, after);
  return log.messages();
}

const [a, b, c, d] = [sequence("a"), sequence("b"), sequence("c"), sequence("d")];
const deployed = (name: string): string =>
  `Sequence named '${name}' has been deployed from file : sequences/${name}.xml`;
const undeployed = (name: string): string => `Sequence named '${name}' has been undeployed`;

test("says what has come and gone, wherever it stands in the list", () => {
  assert.deepEqual(said([], [a, b]), [deployed("a"), deployed("b")]);
  assert.deepEqual(said([a, b], []), [undeployed("a"), undeployed("b")]);
  assert.deepEqual(said([b, c], [a, b, c, d]), [deployed("a"), deployed("d")]);
  assert.deepEqual(said([a, b, c, d], [b, c]), [undeployed("a"), undeployed("d")]);
  assert.deepEqual(said([a, c], [a, b, c]), [deployed("b")]);
  assert.deepEqual(said([a, b, c], [a, d, c]), [undeployed("b"), deployed("d")]);
});

test("says nothing of what stays, and of what is another under the same name", () => {
  assert.deepEqual(said([a, b, c], [a, b, c]), []);
  assert.deepEqual(said([a, b, c], [a, sequence("b"), c]), []);
  assert.deepEqual(said([a, b, c], [sequence("c"), sequence("b"), sequence("a")]), []);
});
