/**
 * A worker that has run nothing yet has nothing to compare with: a manager's signature on the commit, or below it, must
 * vouch for what it runs, however parents and trees are made up by whoever can write a remote repository.
 */
import assert from "node:assert/strict";
import { type TestContext, describe, it } from "node:test";
import {
  ALLOWED_SIGNERS_PATH,
  formatAllowedSigner,
} from "../../../src/depsync/signatures/allowed-signers.ts";
import { readPublicKeyLine } from "../../../src/depsync/signatures/ssh-public-key.ts";
import {
  ADMIN,
  PROXY,
  type Person,
  mirrorIn,
  personIn,
  publisherIn,
  put,
  temporaryFolder,
} from "./repository-room.ts";

function signerLine(name: string, { keyLine }: Person): string {
  return formatAllowedSigner({ name, key: readPublicKeyLine(keyLine) });
}

/** Bob is a signer of what a manager has made live; Mallory is none. */
async function freshWorld(test: TestContext) {
  const folder = temporaryFolder(test);
  const publisher = await publisherIn(folder);
  const { location } = publisher;
  const bob = personIn(folder, "bob", "ed25519", location);
  const mallory = personIn(folder, "mallory", "ed25519", location);
  const changes = [put(PROXY, "1"), put(ALLOWED_SIGNERS_PATH, signerLine("bob", bob))];
  const live = await publisher.propose({ base: undefined, changes, message: "1", author: ADMIN });
  await publisher.goLive({ commit: live, live: undefined, main: undefined, movesMain: true });
  /** A commit with the files, on top of any parents. */
  const make = (by: Person, parents: readonly string[], text: string, sign = "-S"): string => {
    const files = { "a.xml": text, [ALLOWED_SIGNERS_PATH]: signerLine("mallory", mallory) };
    const tree = by.git("rev-parse", `${by.commit(live, files)}^{tree}`).trim();
    return madeOf(by, tree, parents, sign);
  };
  /** What a worker that has run nothing says of it. */
  const reasonOf = async (by: Person, commit: string): Promise<string | undefined> => {
    by.git("push", "-q", "origin", `+${commit}:refs/heads/main`);
    const mirror = await mirrorIn(folder, location);
    await mirror.fetchLive();
    return (await mirror.verify(commit, []))?.reason;
  };
  return { bob, mallory, live, make, reasonOf };
}

function madeOf(by: Person, tree: string, parents: readonly string[], sign: string): string {
  const options = parents.flatMap((parent) => ["-p", parent]);
  const signing = sign === "" ? [] : [sign];
  return by.git("commit-tree", ...signing, ...options, "-m", "made up", tree).trim();
}

describe("a worker that has run nothing", { concurrency: 3 }, () => {
  it("takes a manager's commit, and one of a person whom it names", async (test) => {
    const { bob, live, reasonOf } = await freshWorld(test);
    assert.equal(await reasonOf(bob, live), undefined);
    assert.equal(await reasonOf(bob, bob.commit(live, { "a.xml": "2" })), undefined);
  });

  it("refuses what nobody, or only a person, has signed with no manager below", async (test) => {
    const { mallory, bob, make, reasonOf } = await freshWorld(test);
    assert.equal(await reasonOf(mallory, make(mallory, [], "1", "")), "is not signed");
    const root = make(mallory, [], "2");
    assert.match((await reasonOf(mallory, root)) ?? "", /unknown key/);
    const above = make(mallory, [root, make(mallory, [], "3")], "4");
    assert.match((await reasonOf(mallory, above)) ?? "", /unknown key/);
    assert.match((await reasonOf(bob, make(bob, [], "5"))) ?? "", /unknown key/);
  });

  it("refuses a person's merge of a manager's commit with one that names him", async (test) => {
    const { mallory, live, make, reasonOf } = await freshWorld(test);
    const root = make(mallory, [], "1");
    for (const parents of [
      [live, root],
      [root, live],
    ])
      assert.match((await reasonOf(mallory, make(mallory, parents, "2"))) ?? "", /unknown key/);
  });

  it("refuses a signer's merge of what somebody unknown has signed, or nobody", async (test) => {
    const { mallory, bob, live, make, reasonOf } = await freshWorld(test);
    const tree = bob.git("rev-parse", `${bob.commit(live, { "a.xml": "2" })}^{tree}`).trim();
    for (const [sign, reason] of [
      ["-S", /unknown key/],
      ["", /is not signed/],
    ] as const) {
      const root = make(mallory, [], "1", sign);
      mallory.git("push", "-q", "origin", `+${root}:refs/heads/other`);
      bob.git("fetch", "-q", "origin");
      assert.match((await reasonOf(bob, madeOf(bob, tree, [live, root], "-S"))) ?? "", reason);
    }
  });

  it("refuses a signer's commit that names others", async (test) => {
    const { bob, live, make, reasonOf } = await freshWorld(test);
    assert.match(
      (await reasonOf(bob, make(bob, [live], "1"))) ?? "",
      /changes \.bascule\/, which only a manager may/,
    );
  });

  it("refuses a chain of merges that always has a manager's commit beside", async (test) => {
    const { mallory, live, reasonOf, make } = await freshWorld(test);
    const root = make(mallory, [], "1");
    const above = make(mallory, [root, live], "2");
    assert.match((await reasonOf(mallory, make(mallory, [above, live], "3"))) ?? "", /unknown key/);
  });
});
