/**
 * What every membership provider promises, as tests. A provider's test file brings a `ClusterWorld`: a way
 * to start members, to let them vanish and to let time pass, real or not.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Cluster, LeaveReason, MemberRole } from "../../src/cluster/cluster.ts";
import type { Address } from "../../src/cluster/member-address.ts";

export interface MemberSpec {
  /** Default: a free one. */
  readonly port?: number;
  /** Default: nobody. */
  readonly wellKnown?: readonly Address[];
  /** Default: the same for all. */
  readonly password?: string;
  /** Default: "host:port". */
  readonly name?: string;
  readonly role?: MemberRole;
  readonly properties?: Readonly<Record<string, string>>;
}

export interface ClusterWorld {
  /** How soon a death is reported by this provider. Default: 2000 ms. */
  readonly silentWithinMs?: number;
  /** A member that is cut off goes on with the members that it knew last. Default: false, it reports them silent. */
  readonly keepsViewWhenCut?: boolean;
  /** Starts a member that joins; resolves as `startCluster` does. */
  start(spec: MemberSpec): Promise<Cluster>;
  /** The member vanishes without a word, its address becomes free. */
  vanish(member: Cluster): Promise<void>;
  /** Nothing passes between the member and the others until `heal`. */
  cut(member: Cluster): void;
  heal(member: Cluster): void;
  /** A port that nobody has, for a member that starts later. */
  freePort(): Promise<number>;
  /** Lets time pass. */
  pass(ms: number): Promise<void>;
  /** Stops what still runs. */
  end(): Promise<void>;
}

/** How soon every member must have seen a start, a stop or a death, as the product promises it. */
const SEEN_MS = 3000;

interface Recorded {
  readonly joined: string[];
  readonly left: { readonly id: string; readonly reason: LeaveReason }[];
  readonly updated: string[];
  readonly messages: { readonly topic: string; readonly from: string }[];
}

/** Keeps all events of a member. */
export function record(cluster: Cluster): Recorded {
  const recorded: Recorded = { joined: [], left: [], updated: [], messages: [] };
  cluster.on("joined", (member) => recorded.joined.push(member.id));
  cluster.on("left", (member, reason) => recorded.left.push({ id: member.id, reason }));
  cluster.on("updated", (member) => recorded.updated.push(member.id));
  cluster.on("message", ({ topic }, from) => recorded.messages.push({ topic, from: from.id }));
  return recorded;
}

const idsOf = (cluster: Cluster): readonly string[] => cluster.members().map((member) => member.id);

/** Waits until the condition holds; fails when it does not within `withinMs`. */
async function until(
  world: ClusterWorld,
  what: string,
  condition: () => boolean,
  withinMs = SEEN_MS,
): Promise<void> {
  for (let waitedMs = 0; !condition(); waitedMs += 25) {
    assert.ok(waitedMs < withinMs, `${what} within ${withinMs} ms`);
    await world.pass(25);
  }
}

function sees(viewer: Cluster, ...others: readonly Cluster[]): boolean {
  const expected = [viewer, ...others].map((member) => member.self.id).toSorted();
  return idsOf(viewer).toSorted().join() === expected.join();
}

/** Three members that see each other; the first is the oldest, and the only address that the others know. */
async function startThree(world: ClusterWorld): Promise<readonly [Cluster, Cluster, Cluster]> {
  const first = await world.start({});
  await world.pass(5);
  const second = await world.start({ wellKnown: [first.self] });
  await world.pass(5);
  const third = await world.start({ wellKnown: [first.self] });
  await until(
    world,
    "all three see each other",
    () => sees(first, second, third) && sees(second, first, third) && sees(third, first, second),
  );
  return [first, second, third];
}

/** Declares the tests of the contract for one provider. */
export function describeClusterContract(
  name: string,
  makeWorld: () => Promise<ClusterWorld>,
): void {
  describe(name, { concurrency: 4 }, () => {
    /** A test with a world of its own, so that tests may run side by side. */
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

    promises(
      "shows members that start to all others, though all know only one address",
      async (world) => {
        const [first, second, third] = await startThree(world);
        assert.deepEqual(idsOf(first), idsOf(second));
        assert.deepEqual(idsOf(second), idsOf(third));
      },
    );

    promises("hands over the whole record of a member", async (world) => {
      const first = await world.start({
        role: "manager",
        properties: { backendServerURL: "https://a/" },
      });
      const second = await world.start({ wellKnown: [first.self], role: "worker" });
      await until(world, "both see each other", () => sees(first, second) && sees(second, first));
      assert.deepEqual(
        second.members().find(({ id }) => id === first.self.id),
        first.self,
      );
      assert.deepEqual(
        first.members().find(({ id }) => id === second.self.id),
        second.self,
      );
    });

    promises("finds a well-known member that starts later", async (world) => {
      const port = await world.freePort();
      const host = "127.0.0.1";
      const early = await world.start({ wellKnown: [{ host, port }] });
      const recorded = record(early);
      const late = await world.start({ port });
      await until(world, "both see each other", () => sees(early, late) && sees(late, early));
      assert.deepEqual(recorded.joined, [late.self.id]);
    });

    promises("reports an orderly stop to all at once as left", async (world) => {
      const [first, second, third] = await startThree(world);
      const recorded = [record(first), record(second)];
      await third.close();
      await until(world, "both saw it", () => recorded.every(({ left }) => left.length > 0), 200);
      for (const { left } of recorded)
        assert.deepEqual(left, [{ id: third.self.id, reason: "left" }]);
      assert.ok(sees(first, second) && sees(second, first));
    });

    promises("reports a member that vanishes as silent", async (world) => {
      const [first, second, third] = await startThree(world);
      const recorded = [record(first), record(second)];
      await world.vanish(third);
      await until(
        world,
        "both saw it",
        () => recorded.every(({ left }) => left.length > 0),
        world.silentWithinMs ?? 2000,
      );
      for (const { left } of recorded) {
        assert.deepEqual(left, [{ id: third.self.id, reason: "silent" }]);
      }
    });

    promises(
      "reports a member that restarts on its address as replaced, before the new one joins",
      async (world) => {
        const [first, second, third] = await startThree(world);
        const events: string[] = [];
        second.on("left", (member, reason) => events.push(`${reason} ${member.id}`));
        second.on("joined", (member) => events.push(`joined ${member.id}`));
        await world.vanish(third);
        const again = await world.start({ port: third.self.port, wellKnown: [first.self] });
        await until(world, "it is back", () => sees(second, first, again), 1000);
        assert.notEqual(again.self.id, third.self.id);
        assert.deepEqual(events, [`replaced ${third.self.id}`, `joined ${again.self.id}`]);
      },
    );

    promises(
      "shows changes of a member's own record to all others and not to itself",
      async (world) => {
        const [first, second, third] = await startThree(world);
        const recorded = [record(first), record(second), record(third)] as const;
        third.update({ revision: "0123456789abcdef0123456789abcdef01234567", state: "active" });
        await until(
          world,
          "both saw it",
          () => recorded[0].updated.length + recorded[1].updated.length === 2,
        );
        assert.deepEqual(recorded[2].updated, []);
        assert.equal(third.self.state, "active");
        assert.deepEqual(
          first.members().find(({ id }) => id === third.self.id),
          third.self,
        );
      },
    );

    promises(
      "delivers a message once to every other member and never to its sender",
      async (world) => {
        const [first, second, third] = await startThree(world);
        const recorded = [record(first), record(second), record(third)] as const;
        second.broadcast("topic", { text: "a", number: 1.5, flag: true });
        await until(
          world,
          "both have it",
          () => recorded[0].messages.length + recorded[2].messages.length >= 2,
        );
        await world.pass(1000);
        const expected = [{ topic: "topic", from: second.self.id }];
        assert.deepEqual(recorded[0].messages, expected);
        assert.deepEqual(recorded[1].messages, []);
        assert.deepEqual(recorded[2].messages, expected);
      },
    );

    promises("delivers many messages at once", async (world) => {
      const [first, second] = await startThree(world);
      const recorded = record(second);
      for (let number = 0; number < 200; number += 1)
        first.broadcast(`topic ${number}`, { number });
      await until(world, "all are there", () => recorded.messages.length >= 200);
      assert.equal(new Set(recorded.messages.map(({ topic }) => topic)).size, 200);
    });

    promises("replays earlier messages to a member that joins", async (world) => {
      const [first, second] = await startThree(world);
      first.broadcast("from first", {});
      second.broadcast("from second", {});
      await world.pass(200);
      const late = await world.start({ wellKnown: [first.self] });
      const recorded = record(late);
      await until(world, "both are there", () => recorded.messages.length >= 2);
      assert.deepEqual(recorded.messages.map(({ topic }) => topic).toSorted(), [
        "from first",
        "from second",
      ]);
    });

    promises("refuses a message that is too large", async (world) => {
      const first = await world.start({});
      assert.throws(() => first.broadcast("topic", { text: "x".repeat(900) }), {
        code: "CLUSTER_LIMIT",
      });
    });

    promises(
      "has the oldest member as coordinator, and the next one when it goes",
      async (world) => {
        const [first, second, third] = await startThree(world);
        assert.ok(
          [first, second, third].every((member) => member.coordinator().id === first.self.id),
        );
        await world.vanish(first);
        await until(
          world,
          "the second takes over",
          () => [second, third].every((member) => member.coordinator().id === second.self.id),
          Math.max(SEEN_MS, world.silentWithinMs ?? 0),
        );
      },
    );

    promises("moves on to the next port when its own is taken", async (world) => {
      const first = await world.start({});
      const second = await world.start({ port: first.self.port, wellKnown: [first.self] });
      assert.ok(second.self.port > first.self.port);
      await until(world, "both see each other", () => sees(first, second) && sees(second, first));
    });

    promises("keeps a member with another password out", async (world) => {
      const first = await world.start({});
      const recorded = record(first);
      const stranger = await world.start({ wellKnown: [first.self], password: "another one" });
      first.broadcast("secret", {});
      const heard = record(stranger);
      await world.pass(1500);
      assert.ok(sees(first) && sees(stranger));
      assert.deepEqual([recorded.joined, heard.messages], [[], []]);
    });

    promises(
      "comes together again by itself when a partition heals, and still delivers messages",
      async (world) => {
        const [first, second, third] = await startThree(world);
        world.cut(third);
        const isAlone = (): boolean => world.keepsViewWhenCut === true || sees(third);
        const withinMs = Math.max(SEEN_MS, world.silentWithinMs ?? 0);
        await until(world, "both sides notice", () => sees(first, second) && isAlone(), withinMs);
        first.broadcast("during", {});
        const recorded = record(third);
        world.heal(third);
        await until(
          world,
          "all are there",
          () => sees(third, first, second) && sees(second, first, third),
        );
        await until(world, "the message is there", () => recorded.messages.length === 1);
        const missed = world.keepsViewWhenCut === true ? [] : [first.self.id, second.self.id];
        assert.deepEqual(recorded.joined.toSorted(), missed.toSorted());
      },
    );
  });
}
