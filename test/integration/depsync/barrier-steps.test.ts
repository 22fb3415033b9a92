/** The steps that a deploy is made of: propose, fetch, go live; over a repository of its own and over a remote one. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { type TestContext, describe, it } from "node:test";
import type { DeploymentPublisher } from "../../../src/depsync/deployment-repository.ts";
import { LiveMoveRace } from "./live-move-race.ts";
import {
  ADMIN,
  PROXY,
  contents,
  git,
  mirrorIn,
  publisherIn,
  put,
  temporaryFolder,
} from "./repository-room.ts";

type Kind = "own" | "remote";

async function publisherOf(test: TestContext, kind: Kind) {
  const folder = temporaryFolder(test);
  if (kind === "own") return { folder, publisher: await publisherIn(folder) };
  const remote = join(folder, "remote.git");
  execFileSync("git", ["init", "-q", "--bare", "--initial-branch=main", remote]);
  return { folder, publisher: await publisherIn(folder, { remote }) };
}

async function firstLive(publisher: DeploymentPublisher): Promise<string> {
  const first = await proposed(publisher, undefined, "1");
  await publisher.goLive({ commit: first, live: undefined, main: undefined, movesMain: true });
  return first;
}

function proposed(publisher: DeploymentPublisher, base: string | undefined, text: string) {
  return publisher.propose({ base, changes: [put(PROXY, text)], message: text, author: ADMIN });
}

for (const kind of ["own", "remote"] as const) {
  describe(
    `a deploy over ${kind === "own" ? "a repository of the manager's own" : "a remote repository"}`,
    {
      concurrency: 3,
    },
    () => {
      it("a candidate moves nothing, until main and live move to it in one step", async (test) => {
        const { publisher } = await publisherOf(test, kind);
        assert.deepEqual(await publisher.refs(), { main: undefined, live: undefined });
        const first = await proposed(publisher, undefined, "1");
        assert.deepEqual(await publisher.refs(), { main: undefined, live: undefined });
        const ref = `refs/heads/candidates/${first.slice(0, 12)}`;
        assert.deepEqual(await publisher.candidates(), [{ commit: first, ref }]);
        assert.equal(git(publisher.location, "rev-parse", ref).trim(), first);
        await publisher.goLive({
          commit: first,
          live: undefined,
          main: undefined,
          movesMain: true,
        });
        assert.deepEqual(await publisher.refs(), { main: first, live: first });
        git(publisher.location, "fsck", "--strict");
      });

      it("a refused candidate stays to be looked at, and main is as it was", async (test) => {
        const { publisher } = await publisherOf(test, kind);
        const first = await firstLive(publisher);
        const refused = await proposed(publisher, first, "faulty");
        const good = await proposed(publisher, first, "good");
        await publisher.goLive({ commit: good, live: first, main: first, movesMain: true });
        assert.deepEqual(await publisher.refs(), { main: good, live: good });
        assert.deepEqual(contents(await publisher.read(refused)), { [PROXY]: "faulty" });
        const kept = (await publisher.candidates()).map(({ commit }) => commit);
        assert.deepEqual([kept[0], kept.includes(good)], [refused, false]);
        await publisher.dropCandidate(refused);
        await publisher.dropCandidate(refused);
        const list = git(publisher.location, "for-each-ref", "refs/heads/candidates");
        assert.equal(list.includes(refused), false);
      });

      it("two admins at once: the second move says where live is, and moves neither ref", async (test) => {
        const { publisher } = await publisherOf(test, kind);
        const first = await firstLive(publisher);
        const one = await proposed(publisher, first, "one");
        const two = await proposed(publisher, first, "two");
        await publisher.goLive({ commit: one, live: first, main: first, movesMain: true });
        await assert.rejects(
          publisher.goLive({ commit: two, live: first, main: first, movesMain: true }),
          { code: "DEPLOYMENT_REPOSITORY", message: /^live was not moved: it is at .* not at/ },
        );
        assert.deepEqual(await publisher.refs(), { main: one, live: one });
      });

      it("a push while a deploy runs: main is elsewhere, so live does not move either", async (test) => {
        const { publisher } = await publisherOf(test, kind);
        const first = await firstLive(publisher);
        const mine = await proposed(publisher, first, "mine");
        const pushed = await proposed(publisher, first, "pushed");
        git(publisher.location, "update-ref", "refs/heads/main", pushed);
        await assert.rejects(
          publisher.goLive({ commit: mine, live: first, main: first, movesMain: true }),
          { message: /^main was not moved: it is at / },
        );
        assert.deepEqual(await publisher.refs(), { main: pushed, live: first });
        const again = await publisher.propose({
          base: first,
          changes: [put(PROXY, "mine")],
          message: "again",
          author: ADMIN,
          leavesOut: pushed,
        });
        await publisher.goLive({ commit: again, live: first, main: pushed, movesMain: true });
        assert.deepEqual(await publisher.refs(), { main: again, live: again });
      });

      it("main never goes back, live may", async (test) => {
        const { publisher } = await publisherOf(test, kind);
        const first = await firstLive(publisher);
        const second = await proposed(publisher, first, "2");
        await publisher.goLive({ commit: second, live: first, main: first, movesMain: true });
        await assert.rejects(
          publisher.goLive({ commit: first, live: second, main: second, movesMain: true }),
          /main cannot be moved to .*: it does not come after/,
        );
        await publisher.goLive({ commit: first, live: second, main: undefined, movesMain: false });
        assert.deepEqual(await publisher.refs(), { main: second, live: first });
      });

      it("of the candidates the newest twenty stay, also for a manager that starts anew", async (test) => {
        const { folder, publisher } = await publisherOf(test, kind);
        const first = await firstLive(publisher);
        const all: string[] = [first];
        for (let count = 0; count < 21; count += 1) {
          all.unshift(await proposed(publisher, first, `v${count}`));
        }
        const kept = (await publisher.candidates()).map(({ commit }) => commit);
        assert.deepEqual(kept, all.slice(0, 20));
        const more = kind === "remote" ? { remote: publisher.location } : {};
        const next = await publisherIn(folder, more);
        assert.equal((await next.candidates()).length, 20);
        const refs = git(publisher.location, "for-each-ref", "refs/heads/candidates");
        assert.equal(refs.trim().split("\n").length, 20);
      });

      it("a worker fetches a candidate by its name, and live with it", async (test) => {
        const { folder, publisher } = await publisherOf(test, kind);
        const mirror = await mirrorIn(folder, publisher.location);
        const first = await proposed(publisher, undefined, "1");
        await mirror.fetchCandidate(first);
        assert.equal(await mirror.verify(first, []), undefined);
        assert.deepEqual(contents(await mirror.read(first)), { [PROXY]: "1" });
        await publisher.goLive({
          commit: first,
          live: undefined,
          main: undefined,
          movesMain: true,
        });
        const second = await proposed(publisher, first, "2");
        await mirror.fetchCandidate(second);
        assert.deepEqual(contents(await mirror.read(second)), { [PROXY]: "2" });
        const live = git(join(folder, "mirror.git"), "rev-parse", "refs/heads/live").trim();
        assert.equal(live, first);
        assert.equal(await mirror.fetchLive(), first);
      });

      it("a candidate that is nowhere is said so, and the next one is fetched", async (test) => {
        const { folder, publisher } = await publisherOf(test, kind);
        const first = await firstLive(publisher);
        const mirror = await mirrorIn(folder, publisher.location);
        await assert.rejects(mirror.fetchCandidate("1".repeat(40)), {
          code: "DEPLOYMENT_REPOSITORY",
          message: /couldn't find remote ref refs\/heads\/candidates\/1{12}/,
        });
        await mirror.fetchCandidate(first);
        assert.equal(await mirror.verify(first, []), undefined);
      });

      it("somebody's push becomes a candidate under its own name", async (test) => {
        const { folder, publisher } = await publisherOf(test, kind);
        const first = await firstLive(publisher);
        const pushed = await proposed(publisher, first, "pushed");
        await publisher.dropCandidate(pushed);
        git(publisher.location, "update-ref", "refs/heads/main", pushed);
        assert.equal((await publisher.refs()).main, pushed);
        await publisher.nominate(pushed);
        const mirror = await mirrorIn(folder, publisher.location);
        await mirror.fetchCandidate(pushed);
        assert.deepEqual(contents(await mirror.read(pushed)), { [PROXY]: "pushed" });
      });
    },
  );
}

describe("a deploy over a remote that fails half way", () => {
  it("a push whose answer was lost counts when the remote shows it", async (test) => {
    const folder = temporaryFolder(test);
    const race = await LiveMoveRace.start(test, folder);
    const { publisher } = race;
    const first = await firstLive(publisher);
    const second = await proposed(publisher, first, "2");
    race.loseAnswers();
    await publisher.goLive({ commit: second, live: first, main: first, movesMain: true });
    assert.deepEqual(await publisher.refs(), { main: second, live: second });
  });
});

describe("what a publisher can say of commits", () => {
  it("differences by path with both blobs, files, ancestry, ranges", async (test) => {
    const publisher = await publisherIn(temporaryFolder(test));
    const author = ADMIN;
    const first = await publisher.propose({
      base: undefined,
      changes: [put("a/b/same.xml", "s"), put("a/b/changed.xml", "1"), put("gone/x.xml", "g")],
      message: "one",
      author,
    });
    const changes = [
      put("a/b/changed.xml", "2"),
      { path: "gone/x.xml", content: undefined },
      put("gone", "now a file"),
    ];
    const second = await publisher.propose({ base: first, changes, message: "two", author });
    const blobOf = async (commit: string, path: string) =>
      (await publisher.fileAt(commit, path))?.blob;
    assert.deepEqual(await publisher.diff(first, second), [
      {
        path: "a/b/changed.xml",
        from: await blobOf(first, "a/b/changed.xml"),
        to: await blobOf(second, "a/b/changed.xml"),
      },
      { path: "gone", from: undefined, to: await blobOf(second, "gone") },
      { path: "gone/x.xml", from: await blobOf(first, "gone/x.xml"), to: undefined },
    ]);
    assert.equal((await publisher.diff(undefined, first)).length, 3);
    assert.deepEqual(await publisher.diff(second, second), []);
    assert.equal((await publisher.fileAt(first, "a/b/changed.xml"))?.content.toString(), "1");
    assert.equal(await publisher.fileAt(first, "a/b"), undefined);
    assert.equal(await publisher.isAncestor(first, second), true);
    assert.equal(await publisher.isAncestor(second, second), true);
    assert.equal(await publisher.isAncestor(second, first), false);
    assert.equal(await publisher.isAncestor("1".repeat(40), first), false);
    const range = await publisher.log(first, second, 10);
    assert.deepEqual(
      range.map(({ commit, parents, subject }) => ({ commit, parents, subject })),
      [{ commit: second, parents: [first], subject: "two" }],
    );
    assert.equal((await publisher.log(undefined, second, 10)).length, 2);
  });

  it("nothing to change gives the base, unless an empty commit is wanted", async (test) => {
    const publisher = await publisherIn(temporaryFolder(test));
    const first = await proposed(publisher, undefined, "1");
    assert.equal(await proposed(publisher, first, "1"), first);
    const taken = await publisher.propose({
      base: first,
      changes: [],
      message: "takes over",
      author: { user: "bascule", via: "manager" },
      allowsEmpty: true,
    });
    assert.notEqual(taken, first);
    assert.deepEqual(await publisher.diff(first, taken), []);
  });
});
