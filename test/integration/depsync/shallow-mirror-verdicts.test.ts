/**
 * What a mirror that holds only the newest commits says of a signature is what the whole repository says: where it cannot know, it
 * fetches more. Made histories with commits of people, merges, forks of long ago and foreign commits, at a depth of a few.
 */
import assert from "node:assert/strict";
import { type TestContext, describe, it } from "node:test";
import { MemoryLog } from "../../helpers/memory-log.ts";
import { type Author, MadeHistory, PEOPLE, type PersonName, verdictOf } from "./made-history.ts";
import { git, temporaryFolder } from "./repository-room.ts";

/** Numbers from 0 to 1 that a seed brings back. */
function chances(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

interface Made {
  readonly id: string;
  readonly signers: readonly PersonName[];
}

/** A history that ends in its last commit, and a commit on the way that ran once. */
async function randomHistory(history: MadeHistory, seed: number) {
  const next = chances(seed);
  const pick = <One>(list: readonly One[]): One => list[Math.floor(next() * list.length)]!;
  const some = (): readonly PersonName[] => PEOPLE.filter(() => next() < 0.6);
  const first = some();
  const all: Made[] = [
    { id: await history.commit({ by: "manager", parents: [], signers: first }), signers: first },
  ];
  for (let count = 10 + Math.floor(next() * 15); count > 0; count -= 1) {
    const newest = all.at(-1)!;
    const main = next() < 0.15 ? pick(all) : newest;
    const other = next() < 0.25 ? pick(all) : main;
    const by: Author =
      next() < 0.18 ? "manager" : next() < 0.04 ? "nobody" : pick(["bob", "carol", "bob", "carol"]);
    const keeps = by === "manager" ? next() < 0.6 : next() < 0.95;
    const signers = keeps ? main.signers : some();
    const parents = [...new Set([main.id, other.id])];
    const seconds = next() < 0.2 ? { seconds: 1_000_000 + Math.floor(next() * 1e9) } : {};
    all.push({ id: await history.commit({ by, parents, signers, ...seconds }), signers });
  }
  const ran = pick(all.slice(-6));
  return { tip: all.at(-1)!.id, ran: ran.id, depth: 2 + Math.floor(next() * 3) };
}

/** A mirror that was made when one commit was live and has followed to another one. */
async function followed(history: MadeHistory, ran: string, tip: string, depth: number) {
  history.publish(ran);
  const mirror = await history.mirror(depth, new MemoryLog());
  await mirror.fetchLive();
  history.publish(tip);
  await mirror.fetchLive();
  return mirror;
}

describe("a shallow mirror's verdicts", { concurrency: 4 }, () => {
  const ends = { shallow: 0, whole: 0 };
  for (let seed = 1; seed <= 12; seed += 1)
    it(`are those of the whole repository (seed ${seed})`, async (test) => {
      const history = await MadeHistory.in(temporaryFolder(test));
      const { ran, tip, depth } = await randomHistory(history, seed);
      const mirror = await followed(history, ran, tip, depth);
      // What the first one fetches the second one has.
      const asked = seed % 2 === 0 ? [[ran], []] : [[], [ran]];
      for (const known of asked) {
        const expected = verdictOf(await history.repository.verify(tip, known));
        assert.equal(verdictOf(await mirror.verify(tip, known)), expected);
      }
      ends[history.edges.length > 0 ? "shallow" : "whole"] += 1;
    });
  it("were made in mirrors that stayed shallow and in ones that did not", () => {
    assert.ok(ends.shallow >= 2 && ends.whole >= 2, JSON.stringify(ends));
  });
});

/** Until `removed`, Bob may sign as well as Carol. */
const BOTH = ["bob", "carol"] as const;

/**
 * Bob may sign until `removed`, which has taken him off the list, and pushes on top of `old`, where he still may. Enough commits lie between
 * the two for a mirror of `removed` to end above `old`.
 */
async function removedSigner(test: TestContext, oldCount = 1) {
  const history = await MadeHistory.in(temporaryFolder(test));
  const line = await history.line(oldCount, undefined, { by: "manager", signers: BOTH });
  const old = line.at(-1) ?? "";
  const between = await history.line(8, old, { by: "bob", signers: BOTH });
  const parents = between.slice(-1);
  const removed = await history.commit({ by: "manager", parents, signers: ["carol"] });
  return { history, old, between, removed };
}

describe("a signer who was removed", { concurrency: 4 }, () => {
  it("vouches for nothing from behind the end of a mirror", async (test) => {
    const { history, old, removed } = await removedSigner(test);
    const tip = await history.commit({ by: "bob", parents: [old], signers: BOTH });
    const mirror = await followed(history, removed, tip, 2);
    assert.match(verdictOf(await mirror.verify(tip, [removed])), /unknown key/);
  });

  it("vouches for nothing by a fork that is nearer than what he forked from", async (test) => {
    const { history, old, between, removed } = await removedSigner(test);
    // In the mirror `near` is visible, by which `old` is reached; the way through `between` is not.
    const near = await history.commit({ by: "bob", parents: [old], signers: BOTH });
    const joined = await history.commit({
      by: "manager",
      parents: [removed, near],
      signers: ["carol"],
    });
    const top = between[3] ?? "";
    const tip = await history.commit({ by: "bob", parents: [top], signers: BOTH });
    const mirror = await followed(history, joined, tip, 3);
    const expected = verdictOf(await history.repository.verify(tip, [joined]));
    assert.match(expected, /unknown key/);
    assert.equal(verdictOf(await mirror.verify(tip, [joined])), expected);
  });

  it("is not let back in by a merge that takes the list of before", async (test) => {
    const { history, old, removed } = await removedSigner(test);
    const parents = [removed, old];
    const tip = await history.commit({ by: "carol", parents, signers: BOTH });
    const mirror = await followed(history, removed, tip, 2);
    for (const known of [[removed], []]) {
      const expected = verdictOf(await history.repository.verify(tip, known));
      assert.notEqual(expected, "vouched for");
      assert.equal(verdictOf(await mirror.verify(tip, known)), expected);
    }
  });

  it("vouches for nothing in a mirror that was made after what ran", async (test) => {
    // More than a verification looks at first, so that it does not come to the end of what is here.
    const { history, old, removed } = await removedSigner(test, 70);
    const newer = await history.line(70, removed, { by: "carol", signers: ["carol"] });
    const tip = await history.commit({ by: "bob", parents: [old], signers: BOTH });
    history.publish(tip);
    git(history.gitDir, "update-ref", "refs/heads/main", newer.at(-1) ?? "");
    const mirror = await history.mirror(68);
    await mirror.fetchLive();
    assert.match(verdictOf(await mirror.verify(tip, [removed])), /unknown key/);
  });

  it("gains nothing by commits that he has dated long ago", async (test) => {
    const history = await MadeHistory.in(temporaryFolder(test));
    const [old = ""] = await history.line(1, undefined, { by: "manager", signers: BOTH });
    let top = old;
    for (let seconds = 1_000; seconds < 1_012; seconds += 1)
      top = await history.commit({ by: "bob", parents: [top], signers: BOTH, seconds });
    const removed = await history.commit({ by: "manager", parents: [top], signers: ["carol"] });
    const tip = await history.commit({ by: "bob", parents: [old], signers: BOTH });
    // git itself is misled: by its list the tip stands on a commit beside what has removed Bob.
    assert.match(git(history.gitDir, "rev-list", tip, `^${removed}`), new RegExp(old));
    assert.equal(await history.repository.isAncestor(old, removed), true);
    assert.match(verdictOf(await history.repository.verify(tip, [removed])), /unknown key/);
    const mirror = await followed(history, removed, tip, 2);
    assert.match(verdictOf(await mirror.verify(tip, [removed])), /unknown key/);
  });
});

describe("a fork of long ago", () => {
  it("is not taken for one that nobody has signed", async (test) => {
    const history = await MadeHistory.in(temporaryFolder(test));
    const unsigned = await history.line(8, undefined, { by: "nobody", signers: ["bob"] });
    const signed = await history.line(6, unsigned.at(-1), { by: "manager", signers: ["bob"] });
    const ran = signed.at(-1) ?? "";
    const parents = [ran, unsigned[3] ?? ""];
    const tip = await history.commit({ by: "bob", parents, signers: ["bob"] });
    const mirror = await followed(history, ran, tip, 2);
    assert.equal(await history.repository.verify(tip, [ran]), undefined);
    assert.equal(await mirror.verify(tip, [ran]), undefined);
  });
});

describe("how much of the history a mirror fetches", { concurrency: 4 }, () => {
  it("stays little where a manager's commit or what runs is near", async (test) => {
    const history = await MadeHistory.in(temporaryFolder(test));
    const old = await history.line(40, undefined, { by: "manager", signers: ["bob"] });
    const [first = "", tip = ""] = await history.line(2, old.at(-1), {
      by: "bob",
      signers: ["bob"],
    });
    const mirror = await followed(history, first, tip, 3);
    assert.equal(await mirror.verify(tip, [first]), undefined);
    assert.equal(await mirror.verify(old.at(-1) ?? "", []), undefined);
    assert.equal(history.edges.length, 1);
  });

  it("stays little where a branch has just been merged", async (test) => {
    const history = await MadeHistory.in(temporaryFolder(test));
    const old = await history.line(40, undefined, { by: "manager", signers: ["bob"] });
    const ran = old.at(-1) ?? "";
    const [branch = ""] = await history.line(1, old.at(-3), { by: "bob", signers: ["bob"] });
    const tip = await history.commit({ by: "bob", parents: [ran, branch], signers: ["bob"] });
    const mirror = await followed(history, ran, tip, 4);
    assert.equal(await mirror.verify(tip, [ran]), undefined);
    assert.equal(history.edges.length, 1);
  });

  it("stays little where the tip is not signed", async (test) => {
    const history = await MadeHistory.in(temporaryFolder(test));
    const old = await history.line(40, undefined, { by: "bob", signers: ["bob"] });
    const [tip = ""] = await history.line(1, old.at(-1), { by: "nobody", signers: ["bob"] });
    history.publish(tip);
    const mirror = await history.mirror(2);
    await mirror.fetchLive();
    for (const known of [[], [old.at(-1) ?? ""], [old[0] ?? ""]])
      assert.match(verdictOf(await mirror.verify(tip, known)), /is not signed/);
    assert.equal(history.edges.length, 1);
  });

  it("grows by a step first, and the rest comes only where that is too little", async (test) => {
    const history = await MadeHistory.in(temporaryFolder(test));
    const [first] = await history.line(1, undefined, { by: "manager", signers: ["bob"] });
    const people = await history.line(30, first, { by: "bob", signers: ["bob"] });
    const manager = await history.line(1, people.at(-1), { by: "manager", signers: ["bob"] });
    const more = await history.line(12, manager[0], { by: "bob", signers: ["bob"] });
    const tip = more.at(-1) ?? "";
    history.publish(tip);
    const log = new MemoryLog();
    const mirror = await history.mirror(2, log);
    await mirror.fetchLive();
    // Down to a known commit it takes one step.
    const known = more[2] ?? "";
    assert.equal(await mirror.verify(tip, [known]), undefined);
    assert.match(log.messages("info").join("\n"), /fetching 20 commits more$/);
    assert.equal(history.edges.length, 1);
    assert.equal(await mirror.verify(people[0] ?? "", []).catch(() => "missing"), "missing");
    assert.equal(await mirror.verify(tip, []), undefined);
    assert.match(log.messages("info").join("\n"), /fetching all of it/);
    assert.deepEqual(history.edges, []);
    assert.deepEqual(log.messages("warn"), []);
  });
});
