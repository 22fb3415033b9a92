/**
 * What every provider promises of replicated maps and leases, as tests; beside `cluster-contract.ts` and in the same
 * worlds. Each test has members of its own.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Cluster } from "../../src/cluster/cluster.ts";
import type { LeaseClaim, LeaseGrant } from "../../src/cluster/lease.ts";
import type { ReplicatedMap } from "../../src/cluster/replicated-map.ts";
import type { ClusterWorld } from "./cluster-contract.ts";

const TTL_MS = 60_000;
const NAME = "sessions";
const JOB = "task T";
/** A change is at the others, a deletion or an expiry too. */
const SEEN_MS = 2_000;
/** A first lease: members that have just started grant none. */
const GRANT_MS_MAX = 15_000;
const TAKEOVER_MS = 12_000;

async function until(
  world: ClusterWorld,
  what: string,
  condition: () => boolean,
  withinMs = SEEN_MS,
): Promise<void> {
  for (let waitedMs = 0; !condition(); waitedMs += 20) {
    assert.ok(waitedMs < withinMs, `${what} within ${withinMs} ms`);
    await world.pass(20);
  }
}

async function startMembers(world: ClusterWorld, count: number): Promise<readonly Cluster[]> {
  const first = await world.start({});
  const members = [first];
  while (members.length < count) members.push(await world.start({ wellKnown: [first.self] }));
  const sees = (): boolean => members.every((member) => member.members().length === count);
  await until(world, "all see each other", sees, 5_000);
  return members;
}

async function openMaps(world: ClusterWorld, count: number): Promise<readonly ReplicatedMap[]> {
  const members = await startMembers(world, count);
  return members.map((member) => member.map(NAME, {}));
}

interface Candidate {
  readonly cluster: Cluster;
  readonly claim: LeaseClaim;
  term: number | undefined;
}

/** What was granted, in its order, and who holds the job. */
class Candidates {
  readonly all: Candidate[] = [];
  readonly terms: number[] = [];

  add(cluster: Cluster): void {
    const gained = ({ term }: LeaseGrant): void => {
      candidate.term = term;
      this.terms.push(term);
    };
    const lost = (): void => void (candidate.term = undefined);
    const candidate: Candidate = {
      cluster,
      claim: cluster.lease(JOB, { gained, lost }),
      term: undefined,
    };
    this.all.push(candidate);
  }

  get holders(): readonly Candidate[] {
    return this.all.filter(({ term }) => term !== undefined);
  }
}

/** Declares the tests of maps and leases for one provider. */
export function describeDataContract(name: string, makeWorld: () => Promise<ClusterWorld>): void {
  describe(name, { concurrency: 4 }, () => {
    function promises(sentence: string, body: (world: ClusterWorld) => Promise<void>): void {
      it(sentence, async () => {
        const world = await makeWorld();
        try {
          await body(world);
        } finally {
          await world.end();
        }
      });
    }

    promises("shows what one member writes to all others, and the change of it", async (world) => {
      const maps = await openMaps(world, 3);
      maps[0]?.set("key", "one", TTL_MS);
      assert.equal(maps[0]?.get("key"), "one");
      await until(world, "it is there", () => maps.every((map) => map.get("key") === "one"));
      maps[1]?.set("key", "two", TTL_MS);
      await until(world, "it has changed", () => maps.every((map) => map.get("key") === "two"));
      assert.ok(maps.every((map) => map.size === 1));
    });

    promises("deletes at all members, and tells those that did not do it", async (world) => {
      const [first, second] = await openMaps(world, 2);
      const said: string[] = [];
      first?.on("deleted", (key) => said.push(`first ${key}`));
      second?.on("set", (key, value) => said.push(`second ${key}=${value}`));
      second?.on("deleted", (key) => said.push(`second ${key}`));
      first?.set("key", "one", TTL_MS);
      await until(world, "it is there", () => second?.get("key") === "one");
      first?.delete("key");
      await until(world, "it is gone", () => second?.get("key") === undefined);
      assert.deepEqual(said, ["second key=one", "second key"]);
      assert.deepEqual([first?.size, second?.size], [0, 0]);
    });

    promises(
      "lets entries expire when they are idle, and not while they are used",
      async (world) => {
        const maps = await openMaps(world, 2);
        maps[0]?.set("idle", "a", 1_500);
        maps[0]?.set("used", "b", 4_000);
        await until(world, "both are there", () => maps.every((map) => map.size === 2));
        for (let passed = 0; passed < 6; passed += 1) {
          await world.pass(1_000);
          maps[0]?.touch("used", 4_000);
        }
        assert.ok(maps.every((map) => map.get("idle") === undefined && map.get("used") === "b"));
      },
    );

    promises("gives a member that joins what was written before", async (world) => {
      const first = await world.start({});
      const map = first.map(NAME, {});
      for (let key = 0; key < 500; key += 1) map.set(`key ${key}`, `value ${key}`, TTL_MS);
      const late = (await world.start({ wellKnown: [first.self] })).map(NAME, {});
      await until(world, "all is there", () => late.size === 500, 5_000);
      assert.equal(late.get("key 77"), "value 77");
    });

    promises("asks the peers for an entry, within a bound", async (world) => {
      const [first, second] = await startMembers(world, 2);
      const theirs = second?.map(NAME, {});
      theirs?.set("key", "theirs", TTL_MS);
      const map = first?.map(NAME, {});
      const answers: (string | undefined)[] = [];
      void map?.ask("key", 1_500).then((value) => answers.push(value));
      await until(world, "the answer is there", () => answers.length === 1);
      void map?.ask("unknown", 500).then((value) => answers.push(value));
      await until(world, "the answer is there", () => answers.length === 2, 1_000);
      assert.deepEqual(answers, ["theirs", undefined]);
    });

    promises("keeps maps of different names apart", async (world) => {
      const [first, second] = await startMembers(world, 2);
      const [one, other] = [first?.map("one", {}), first?.map("other", {})];
      const theirs = second?.map("one", {});
      one?.set("key", "one", TTL_MS);
      await until(world, "it is there", () => theirs?.get("key") === "one");
      assert.equal(other?.get("key"), undefined);
    });

    promises("refuses an entry that is too large for the others", async (world) => {
      const map = (await world.start({})).map(NAME, {});
      assert.throws(() => map.set("k".repeat(2000), "", TTL_MS), { code: "CLUSTER_LIMIT" });
      assert.throws(() => map.set("key", "v".repeat(70_000), TTL_MS), { code: "CLUSTER_LIMIT" });
      assert.throws(() => map.set("key", "value", 0), { code: "CLUSTER_LIMIT" });
    });

    promises("joins the copies of two halves when they meet again", async (world) => {
      const [first, second] = await startMembers(world, 2);
      if (!first || !second) throw new Error("no members");
      const [one, two] = [first.map(NAME, {}), second.map(NAME, {})];
      await world.pass(300);
      world.cut(second);
      await world.pass(3_000);
      one.set("only one", "1", TTL_MS);
      world.heal(second);
      await until(world, "it is there", () => two.get("only one") === "1", 8_000);
      two.set("after", "2", TTL_MS);
      await until(world, "so is what follows", () => one.get("after") === "2");
    });

    promises(
      "grants a job to one member at a time, and to the next when it is released",
      async (world) => {
        const candidates = new Candidates();
        for (const member of await startMembers(world, 3)) candidates.add(member);
        await until(world, "one holds it", () => candidates.holders.length > 0, GRANT_MS_MAX);
        await world.pass(1_500);
        const [holder] = candidates.holders;
        assert.equal(candidates.holders.length, 1);
        if (!holder) return;
        holder.term = undefined;
        void holder.claim.release();
        await until(
          world,
          "the next one holds it",
          () => candidates.holders.length > 0,
          TAKEOVER_MS,
        );
        assert.notEqual(candidates.holders[0], holder);
        assert.deepEqual(candidates.terms, [...new Set(candidates.terms)].toSorted(ascending));
      },
    );

    promises(
      "grants the job of a member that vanishes to another, with a higher term",
      async (world) => {
        const candidates = new Candidates();
        for (const member of await startMembers(world, 3)) candidates.add(member);
        await until(world, "one holds it", () => candidates.holders.length > 0, GRANT_MS_MAX);
        const [holder] = candidates.holders;
        if (!holder) return;
        const before = holder.term ?? 0;
        await world.vanish(holder.cluster);
        const others = (): readonly Candidate[] =>
          candidates.holders.filter((candidate) => candidate !== holder);
        await until(world, "another holds it", () => others().length > 0, TAKEOVER_MS);
        assert.ok((others()[0]?.term ?? 0) > before);
      },
    );

    promises(
      "takes the job from a member that is cut off, and leaves it to the majority",
      async (world) => {
        const candidates = new Candidates();
        for (const member of await startMembers(world, 3)) candidates.add(member);
        await until(world, "one holds it", () => candidates.holders.length > 0, GRANT_MS_MAX);
        const [holder] = candidates.holders;
        if (!holder) return;
        world.cut(holder.cluster);
        const isElsewhere = (): boolean =>
          candidates.holders.length === 1 && !candidates.holders.includes(holder);
        await until(world, "another one holds it", isElsewhere, TAKEOVER_MS);
        world.heal(holder.cluster);
        await world.pass(2_000);
        assert.equal(candidates.holders.length, 1);
      },
    );
  });
}

function ascending(left: number, right: number): number {
  return left - right;
}
