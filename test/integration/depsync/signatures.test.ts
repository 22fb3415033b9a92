/** Signatures of revisions, made and checked here, against git and ssh-keygen. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, describe, it } from "node:test";
import {
  ALLOWED_SIGNERS_PATH,
  formatAllowedSigner,
} from "../../../src/depsync/signatures/allowed-signers.ts";
import {
  formatPublicKey,
  readPublicKeyLine,
} from "../../../src/depsync/signatures/ssh-public-key.ts";
import {
  ADMIN,
  MANAGER_KEY,
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

/** A live revision that names the given people as signers. */
async function clusterWith(test: TestContext, kinds: Readonly<Record<string, string>>) {
  const folder = temporaryFolder(test);
  const publisher = await publisherIn(folder);
  const people = Object.entries(kinds).map(([name, kind]) =>
    personIn(folder, name, kind, publisher.location),
  );
  const lines = Object.keys(kinds).map((name, index) => signerLine(name, people[index]!));
  const changes = [put(PROXY, "1"), put(ALLOWED_SIGNERS_PATH, lines.join(""))];
  const live = await publisher.propose({ base: undefined, changes, message: "one", author: ADMIN });
  await publisher.goLive({ commit: live, live: undefined, main: undefined, movesMain: true });
  const mirror = await mirrorIn(folder, publisher.location);
  await mirror.fetchLive();
  return { folder, publisher, mirror, live, people };
}

function push(person: Person, commit: string): void {
  person.git("push", "-q", "origin", `+${commit}:refs/heads/main`);
}

describe("signatures of revisions", { concurrency: 3 }, () => {
  it("are ones that git itself takes", async (test) => {
    const { folder, publisher, live } = await clusterWith(test, {});
    const second = await publisher.propose({
      base: live,
      changes: [put("ü.xml", "2")],
      message: "zwei ü\n\nbody",
      author: { user: "Zoë", via: "console" },
      trailers: [["Reviewed-By", "bob"]],
    });
    const signers = join(folder, "signers");
    writeFileSync(signers, `manager namespaces="git" ${formatPublicKey(MANAGER_KEY)}\n`);
    for (const commit of [live, second]) {
      const option = `gpg.ssh.allowedSignersFile=${signers}`;
      execFileSync("git", ["-c", option, "-C", publisher.location, "verify-commit", commit], {
        stdio: "pipe",
      });
    }
    git(publisher.location, "fsck", "--strict");
  });

  for (const kind of ["ed25519", "ecdsa-256", "ecdsa-384", "ecdsa-521", "rsa-3072"]) {
    it(`of people count when their ${kind} key is known`, async (test) => {
      const { publisher, mirror, live, people } = await clusterWith(test, { bob: kind });
      const [bob] = people;
      const first = bob!.commit(live, { "a.xml": "by hand" });
      const second = bob!.commit(first, { "b.xml": "by hand" });
      push(bob!, second);
      await mirror.fetchLive();
      assert.equal(await publisher.verify(second, [live]), undefined);
      assert.equal(await mirror.verify(second, []), undefined);
      const [newest, , oldest] = await publisher.history(10);
      assert.deepEqual([newest?.signer?.kind, newest?.signer?.name], ["person", "bob"]);
      assert.equal(newest?.signer?.fingerprint, readPublicKeyLine(bob!.keyLine).fingerprint);
      assert.equal(oldest?.signer?.kind, "manager");
    });
  }

  it("unsigned commit on main: is named with its author and the way out", async (test) => {
    const { publisher, live, people } = await clusterWith(test, { bob: "ed25519" });
    const unsigned = people[0]!.commit(live, { "a.xml": "x" }, "--no-gpg-sign");
    const above = people[0]!.commit(unsigned, { "b.xml": "x" });
    push(people[0]!, above);
    for (const tip of [unsigned, above]) {
      const fault = await publisher.verify(tip, [live]);
      assert.equal(fault?.commit, unsigned);
      assert.equal(fault?.author, "bob");
      assert.equal(fault?.reason, "is not signed");
      assert.match(fault?.advice ?? "", /bascule signers add NAME KEY.pub/);
    }
  });

  it("foreign-signed commit on main: is named with the key's fingerprint", async (test) => {
    const { folder, publisher, live } = await clusterWith(test, { bob: "ed25519" });
    const mallory = personIn(folder, "mallory", "ed25519", publisher.location);
    const commit = mallory.commit(live, { "a.xml": "x" });
    push(mallory, commit);
    const fault = await publisher.verify(commit, [live]);
    const { fingerprint } = readPublicKeyLine(mallory.keyLine);
    assert.equal(fault?.reason, `is signed by the unknown key ${fingerprint}`);
    assert.match(fault?.advice ?? "", /bascule signers add/);
  });

  it("a push that makes its own author a signer is refused", async (test) => {
    const { folder, publisher, live, people } = await clusterWith(test, { bob: "ed25519" });
    const mallory = personIn(folder, "mallory", "ed25519", publisher.location);
    const line = signerLine("mallory", mallory);
    const byMallory = mallory.commit(live, { [ALLOWED_SIGNERS_PATH]: line });
    push(mallory, byMallory);
    assert.match((await publisher.verify(byMallory, [live]))?.reason ?? "", /unknown key/);
    const byBob = people[0]!.commit(live, { [ALLOWED_SIGNERS_PATH]: line });
    const above = people[0]!.commit(byBob, { "a.xml": "x" });
    push(people[0]!, above);
    const fault = await publisher.verify(above, [live]);
    assert.deepEqual(
      [fault?.commit, fault?.reason],
      [byBob, "changes .bascule/, which only a manager may"],
    );
  });

  it("a signer who was removed counts no more, one who was added counts at once", async (test) => {
    const { folder, publisher, mirror, live, people } = await clusterWith(test, { bob: "ed25519" });
    const carol = personIn(folder, "carol", "ed25519", publisher.location);
    const changes = [put(ALLOWED_SIGNERS_PATH, signerLine("carol", carol))];
    const next = await publisher.propose({
      base: live,
      changes,
      message: "signers",
      author: ADMIN,
    });
    await publisher.goLive({ commit: next, live, main: live, movesMain: true });
    const byBob = people[0]!.commit(next, { "a.xml": "x" });
    push(people[0]!, byBob);
    assert.match((await publisher.verify(byBob, [next]))?.reason ?? "", /unknown key/);
    const byCarol = carol.commit(next, { "a.xml": "x" });
    push(carol, byCarol);
    await mirror.fetchLive();
    // The worker still runs the revision before.
    assert.equal(await mirror.verify(byCarol, [live]), undefined);
  });

  it("a commit that a manager signed on top of a refused one vouches for its own tree", async (test) => {
    const { publisher, live, people } = await clusterWith(test, { bob: "ed25519" });
    const unsigned = people[0]!.commit(live, { "a.xml": "x" }, "--no-gpg-sign");
    push(people[0]!, unsigned);
    const commit = await publisher.propose({
      base: live,
      changes: [put(PROXY, "2")],
      message: "good",
      author: ADMIN,
      leavesOut: unsigned,
    });
    assert.equal(await publisher.verify(commit, []), undefined);
    assert.equal(await publisher.fileAt(commit, "a.xml"), undefined);
    await publisher.goLive({ commit, live, main: unsigned, movesMain: true });
    assert.deepEqual(await publisher.refs(), { main: commit, live: commit });
    const [info] = await publisher.log(live, commit, 10);
    assert.deepEqual(info?.parents, [live, unsigned]);
    assert.deepEqual(info?.trailers, [
      ["Deployed-By", "api"],
      ["Leaves-Out", unsigned],
    ]);
  });

  it("a signature that was moved to another commit is noticed", async (test) => {
    const { publisher, live, people } = await clusterWith(test, { bob: "ed25519" });
    const signed = people[0]!.commit(live, { "a.xml": "x" });
    const raw = people[0]!.git("cat-file", "commit", signed).replace("by hand", "by fraud");
    const file = join(publisher.location, "forged");
    writeFileSync(file, raw);
    const forged = git(publisher.location, "hash-object", "-t", "commit", "-w", file).trim();
    push(people[0]!, signed);
    assert.match((await publisher.verify(forged, [live]))?.reason ?? "", /not of this commit/);
  });

  it("a merge of people's commits is followed to all its parents", async (test) => {
    const { publisher, mirror, live, people } = await clusterWith(test, {
      bob: "ed25519",
      eve: "ecdsa-256",
    });
    const [bob, eve] = people;
    const side = eve!.commit(live, { "side.xml": "x" });
    eve!.git("push", "-q", "origin", `${side}:refs/heads/side`);
    const unsignedSide = eve!.commit(side, { "side2.xml": "x" }, "--no-gpg-sign");
    eve!.git("push", "-q", "origin", `${unsignedSide}:refs/heads/unsigned`);
    const own = bob!.commit(live, { "own.xml": "x" });
    bob!.git("merge", "-q", "-S", "--no-edit", side);
    const good = bob!.git("rev-parse", "HEAD").trim();
    push(bob!, good);
    await mirror.fetchLive();
    assert.equal(await mirror.verify(good, []), undefined);
    bob!.git("checkout", "-q", "--detach", own);
    bob!.git("fetch", "-q", "origin");
    bob!.git("merge", "-q", "-S", "--no-edit", unsignedSide);
    const bad = bob!.git("rev-parse", "HEAD").trim();
    push(bob!, bad);
    assert.equal((await publisher.verify(bad, [live]))?.commit, unsignedSide);
  });

  it("of a long series by people are walked to its end", async (test) => {
    const { publisher, mirror, live, people } = await clusterWith(test, { bob: "ed25519" });
    people[0]!.commit(live, { "a.xml": "x" });
    for (let count = 0; count < 70; count += 1) {
      people[0]!.git("commit", "-q", "-S", "--allow-empty", "-m", `${count}`);
    }
    const tip = people[0]!.git("rev-parse", "HEAD").trim();
    push(people[0]!, tip);
    await mirror.fetchLive();
    assert.equal(await mirror.verify(tip, ["1".repeat(40)]), undefined);
    assert.equal(await publisher.verify(tip, [live]), undefined);
  });
});
