import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { siftBatch } from "../../../src/manager/file-batch.ts";
import { Revisions } from "../../../src/manager/revisions.ts";
import { MemoryPublisher } from "../../helpers/memory-publisher.ts";
import { proxyPath, proxyXml, sequenceXml, toyCompile } from "../../helpers/toy-compile.ts";

const SEQUENCE = "synapse-configs/default/sequences/S.xml";

async function sift(present: Record<string, string>, changes: Record<string, string | undefined>) {
  const revisions = new Revisions(new MemoryPublisher(), toyCompile);
  const files = new Map(
    Object.entries(present).map(([path, text]) => [path, { path, content: Buffer.from(text) }]),
  );
  const batch = Object.entries(changes).map(([path, text]) => ({
    path,
    content: text === undefined ? undefined : Buffer.from(text),
  }));
  const base = await revisions.compile(files);
  const sifted = await siftBatch(base, batch, (tree) => revisions.compile(tree));
  return {
    accepted: sifted.accepted.map(({ path }) => path),
    refused: sifted.refused.map(({ change }) => change.path),
    running: [...sifted.tree.files.keys()],
  };
}

describe("siftBatch", () => {
  it("takes a file and what it needs together, in any order", async () => {
    const proxy = proxyXml("P", '<sequence key="S"/>');
    const result = await sift({}, { [proxyPath("P")]: proxy, [SEQUENCE]: sequenceXml("S") });
    assert.deepEqual(result.refused, []);
    assert.equal(result.accepted.length, 2);
  });

  it("refuses what needs a refused file too", async () => {
    const proxy = proxyXml("P", '<sequence key="S"/>');
    const faulty = `${sequenceXml("S")}<!-- FAULT -->`;
    const result = await sift(
      {},
      { [proxyPath("P")]: proxy, [SEQUENCE]: faulty, [proxyPath("Q")]: proxyXml("Q") },
    );
    assert.deepEqual(result.accepted, [proxyPath("Q")]);
    assert.deepEqual(result.refused.toSorted(), [proxyPath("P"), SEQUENCE].toSorted());
  });

  it("refuses the removal that breaks an untouched file and takes the other changes", async () => {
    const present = {
      [SEQUENCE]: sequenceXml("S"),
      [proxyPath("P")]: proxyXml("P", '<sequence key="S"/>'),
    };
    const result = await sift(present, { [SEQUENCE]: undefined, [proxyPath("Q")]: proxyXml("Q") });
    assert.deepEqual(result.accepted, [proxyPath("Q")]);
    assert.deepEqual(result.refused, [SEQUENCE]);
    assert.deepEqual(result.running, [SEQUENCE, proxyPath("P"), proxyPath("Q")]);
  });

  it("takes nothing when everything is faulty", async () => {
    const result = await sift({}, { [proxyPath("P")]: proxyXml("P", "FAULT") });
    assert.deepEqual(result, { accepted: [], refused: [proxyPath("P")], running: [] });
  });
});
