/** What counts as a manager's word that a commit is live. */
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { describe, it } from "node:test";
import { makeCommit } from "../../../../src/depsync/git-commit.ts";
import type { GitObject } from "../../../../src/depsync/objects/object-id.ts";
import {
  claimedNumber,
  isNewer,
  makeSeal,
  readSeal,
} from "../../../../src/depsync/signatures/live-seal.ts";
import { ed25519PublicKey, rawEd25519 } from "../../../../src/depsync/signatures/ssh-public-key.ts";

const { privateKey } = generateKeyPairSync("ed25519");
const KEY = ed25519PublicKey(rawEd25519(privateKey));
const OTHER = ed25519PublicKey(rawEd25519(generateKeyPairSync("ed25519").privateKey));
const LIVE = "a".repeat(40);
const NEW = {
  commit: LIVE,
  number: 7,
  tree: "b".repeat(40),
  previous: "c".repeat(40),
  wallSeconds: 1,
  mailDomain: "esb.test",
};

function changed(object: GitObject, from: string, to: string): GitObject {
  const content = Buffer.from(object.content.toString("latin1").replace(from, to), "latin1");
  return { ...object, content };
}

describe("a seal", () => {
  it("names a commit and a number, signed by a manager", () => {
    const { id, object } = makeSeal(NEW, privateKey);
    assert.deepEqual(readSeal(object, [OTHER, KEY]), { id, commit: LIVE, number: 7 });
  });

  it("counts for nothing when another key has made it, or something in it was changed", () => {
    const { object } = makeSeal(NEW, privateKey);
    assert.equal(readSeal(object, [OTHER]), undefined);
    assert.equal(readSeal(object, []), undefined);
    for (const [from, to] of [
      ["Live-Number: 7", "Live-Number: 8"],
      [`Live: ${LIVE}`, `Live: ${"d".repeat(40)}`],
    ] as const)
      assert.equal(readSeal(changed(object, from, to), [KEY]), undefined);
    assert.equal(claimedNumber(changed(object, "Number: 7", "Number: 8")), 8);
  });

  it("is no commit of a deploy, whatever an admin writes as its message", () => {
    const message = `Live is ${LIVE.slice(0, 12)}\n\nLive: ${LIVE}\nLive-Number: 9`;
    const author = { user: "alice", via: "api" } as const;
    const stamp = { wallSeconds: 1, mailDomain: "esb.test", signingKey: privateKey };
    const proposal = { base: undefined, changes: [], message, author, allowsEmpty: true };
    const made = makeCommit(proposal, undefined, stamp);
    const object = made?.objects.get(made.commit);
    assert.ok(object);
    assert.equal(readSeal(object, [KEY]), undefined);
    assert.equal(claimedNumber(object), undefined);
  });

  it("is newer by its number alone; of two with one number the one that is known counts", () => {
    const seal = { id: "1", commit: LIVE, number: 7 };
    assert.ok(isNewer(seal, undefined));
    assert.ok(isNewer(seal, { ...seal, id: "2", number: 6 }));
    assert.ok(isNewer(seal, seal));
    assert.ok(!isNewer(seal, { ...seal, id: "2" }));
    assert.ok(!isNewer(seal, { ...seal, id: "2", number: 8 }));
  });
});
