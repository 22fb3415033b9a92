/**
 * Whoever can write a remote repository, but has no known key, must not make a worker or the manager take a commit for
 * one that is vouched for: what was left out of a deploy stays left out, and only what is known says who may sign.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
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
  git,
  mirrorIn,
  personIn,
  publisherIn,
  put,
  temporaryFolder,
} from "./repository-room.ts";

function signerLine(name: string, person: Person): string {
  return formatAllowedSigner({ name, key: readPublicKeyLine(person.keyLine) });
}

/** Bob is a signer; Mallory is none, and has pushed a commit to `main` that makes her one, which a deploy has left out. */
async function leftOut(test: TestContext) {
  const folder = temporaryFolder(test);
  const publisher = await publisherIn(folder);
  const { location } = publisher;
  const bob = personIn(folder, "bob", "ed25519", location);
  const mallory = personIn(folder, "mallory", "ed25519", location);
  const changes = [put(PROXY, "1"), put(ALLOWED_SIGNERS_PATH, signerLine("bob", bob))];
  const first = await publisher.propose({ base: undefined, changes, message: "1", author: ADMIN });
  await publisher.goLive({ commit: first, live: undefined, main: undefined, movesMain: true });
  const files = { "a.xml": "evil", [ALLOWED_SIGNERS_PATH]: signerLine("mallory", mallory) };
  const foreign = mallory.commit(first, files);
  mallory.git("push", "-q", "origin", `${foreign}:refs/heads/main`);
  const live = await publisher.propose({
    base: first,
    changes: [put(PROXY, "2")],
    message: "2",
    author: ADMIN,
    leavesOut: foreign,
  });
  await publisher.goLive({ commit: live, live: first, main: foreign, movesMain: true });
  const mirror = await mirrorIn(folder, location);
  await mirror.fetchLive();
  const setLive = async (commit: string, by: Person = mallory): Promise<void> => {
    by.git("push", "-q", "origin", `+${commit}:refs/heads/live`);
    // It is here now; what managers say is live stays what is followed.
    assert.notEqual(await mirror.fetchLive(), commit);
  };
  return { publisher, mirror, mallory, bob, first, foreign, live, setLive };
}

/** The commit with its `parent` lines in another place, signed as a whole by its author. */
function rewritten(person: Person, commit: string, change: (text: string) => string): string {
  const text = person.git("cat-file", "commit", commit).replace(/\ngpgsig .*(\n .*)*/, "");
  const payload = change(text);
  const armored = execFileSync(
    "ssh-keygen",
    ["-q", "-Y", "sign", "-n", "git", "-f", person.keyFile.replace(/\.pub$/, "")],
    { input: payload, encoding: "utf8" },
  );
  const signed = payload.replace(
    "\n\n",
    `\ngpgsig ${armored.trimEnd().replaceAll("\n", "\n ")}\n\n`,
  );
  return execFileSync(
    "git",
    [
      "--git-dir",
      person.git("rev-parse", "--absolute-git-dir").trim(),
      "hash-object",
      "-t",
      "commit",
      "-w",
      "--stdin",
      "--literally",
    ],
    { input: signed, encoding: "utf8" },
  ).trim();
}

describe("a commit that nobody known has signed", { concurrency: 3 }, () => {
  it("stays refused where a later deploy has it among its ancestors", async (test) => {
    const { publisher, mirror, foreign, live, first, setLive } = await leftOut(test);
    await setLive(foreign);
    for (const one of [mirror, publisher])
      assert.match((await one.verify(foreign, [live]))?.reason ?? "", /unknown key/);
    assert.equal(await mirror.verify(first, [live]), undefined);
  });

  it("names no signers for what stands on it", async (test) => {
    const { mirror, mallory, foreign, live, setLive } = await leftOut(test);
    const above = mallory.commit(foreign, { "b.xml": "evil" });
    await setLive(above);
    assert.match((await mirror.verify(above, [live]))?.reason ?? "", /unknown key/);
  });

  it("names no signers by a parent that git does not see", async (test) => {
    const { publisher, mallory, live } = await leftOut(test);
    const signers = { [ALLOWED_SIGNERS_PATH]: signerLine("mallory", mallory) };
    const rogue = mallory.commit(live, signers);
    mallory.git("push", "-q", "origin", `${rogue}:refs/heads/rogue`);
    const above = mallory.commit(rogue, { "b.xml": "evil" });
    const hidden = rewritten(mallory, above, (text) =>
      text.replace(`parent ${rogue}`, `parent ${live}`).replace("\n\n", `\nparent ${rogue}\n\n`),
    );
    mallory.git("push", "-q", "origin", `+${hidden}:refs/heads/main`);
    assert.equal(await publisher.isAncestor(live, hidden), true);
    assert.match((await publisher.verify(hidden, [live]))?.reason ?? "", /cannot be read/);
  });
});

describe("a push of somebody who is made known later", () => {
  it("is vouched for by a manager's commit on top of both, and only by the signers that are given", async (test) => {
    const { publisher, mirror, mallory, bob, live } = await leftOut(test);
    const head = mallory.commit(live, { "c.xml": "3" });
    mallory.git("push", "-q", "origin", `+${head}:refs/heads/main`);
    const both = Buffer.from(signerLine("bob", bob) + signerLine("mallory", mallory));
    assert.match((await publisher.verify(head, [live]))?.reason ?? "", /unknown key/);
    assert.equal(await publisher.verify(head, [live], both), undefined);
    const naming = mallory.commit(head, { ".bascule/x": "x" });
    mallory.git("push", "-q", "origin", `${naming}:refs/heads/naming`);
    assert.match(
      (await publisher.verify(naming, [live], both))?.reason ?? "",
      /only a manager may/,
    );
    const changes = [put(ALLOWED_SIGNERS_PATH, both.toString())];
    const named = await publisher.propose({ base: live, changes, message: "s", author: ADMIN });
    await publisher.goLive({ commit: named, live, main: head, movesMain: false });
    const merged = await publisher.propose({
      base: named,
      changes: [put("c.xml", "3")],
      message: "merge",
      author: ADMIN,
      merges: head,
    });
    await publisher.goLive({ commit: merged, live: named, main: head, movesMain: true });
    const text = git(publisher.location, "cat-file", "commit", merged);
    assert.ok(text.includes(`parent ${named}\nparent ${head}\n`));
    assert.match(text, new RegExp(`\nMerges: ${head}\n`));
    assert.equal(await mirror.fetchLive(), merged);
    assert.equal(await mirror.verify(merged, [live]), undefined);
  });
});

describe("a signer who was removed", () => {
  it("counts no more by starting from a revision of before", async (test) => {
    const { publisher, mirror, bob, first, live, setLive } = await leftOut(test);
    const next = await publisher.propose({
      base: live,
      changes: [{ path: ALLOWED_SIGNERS_PATH, content: undefined }],
      message: "signers",
      author: ADMIN,
    });
    await publisher.goLive({ commit: next, live, main: live, movesMain: true });
    await mirror.fetchLive();
    const old = bob.commit(first, { "a.xml": "mine" });
    await setLive(old, bob);
    for (const one of [mirror, publisher])
      assert.match((await one.verify(old, [next]))?.reason ?? "", /unknown key/);
    assert.equal(git(publisher.location, "rev-parse", "live").trim(), old);
  });
});
