/** The resolver over a network and a clock that the test owns. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { DnsQuestion, DnsReply } from "../../../../src/gateway/resolver/dns-message.ts";
import { type NameAnswer, Resolver } from "../../../../src/gateway/resolver/resolver.ts";
import type { ResolverConfig } from "../../../../src/gateway/resolver/resolver-config.ts";
import { FakeClock } from "../../../helpers/fake-clock.ts";

type Behaviour = DnsReply | "silent" | "refused";
const ONE = { host: "192.0.2.53", port: 53 };
const TWO = { host: "192.0.2.54", port: 53 };

function addresses(name: string, list: readonly string[], ttlSeconds = 10): DnsReply {
  const records = list.map(
    (address) => ({ kind: "address", type: "A", name, ttlSeconds, address }) as const,
  );
  return { code: 0, isTruncated: false, records };
}

function failing(code: number): DnsReply {
  return { code, isTruncated: false, records: [] };
}

class World {
  readonly clock = new FakeClock();
  readonly asked: string[] = [];
  /** How many questions nobody has given up. */
  open = 0;
  readonly resolver: Resolver;

  constructor(
    behave: (question: DnsQuestion, host: string) => Behaviour,
    config: Partial<ResolverConfig> = {},
  ) {
    const network = {
      ask: (server: { readonly host: string }, question: DnsQuestion, signal: AbortSignal) => {
        this.asked.push(`${question.name} ${question.type} ${server.host}`);
        const behaviour = behave(question, server.host);
        if (behaviour === "refused") return Promise.reject(new Error("refused"));
        if (behaviour !== "silent") return Promise.resolve(behaviour);
        this.open++;
        const { promise, reject } = Promise.withResolvers<DnsReply>();
        signal.addEventListener("abort", () => {
          this.open--;
          reject(new Error("given up"));
        });
        return promise;
      },
    };
    const defaults = { servers: [ONE], validMs: undefined, ipv4: true, ipv6: false };
    this.resolver = new Resolver({ ...defaults, ...config }, { clock: this.clock, network });
  }

  start(name: string, { isService = false, timeoutMs = 30_000 } = {}) {
    const heard: string[] = [];
    const giveUp = this.resolver.resolve({ name, isService, timeoutMs }, (answer) =>
      heard.push(textOf(answer)),
    );
    return { heard, giveUp };
  }

  async ask(name: string, options = {}): Promise<string | undefined> {
    const { heard } = this.start(name, options);
    await this.clock.advanceAsync(20);
    return heard[0];
  }
}

function textOf(answer: NameAnswer): string {
  if (answer.kind === "failure") return String(answer.code);
  return answer.addresses
    .map(({ host, port, priority, weight }) =>
      port ? `${host}:${port} ${priority} ${weight}` : host,
    )
    .join(", ");
}

test("keeps an answer for its time to live, whatever the case of the name, and never an error", async () => {
  let reply = addresses("a.test", ["192.0.2.1"]);
  const world = new World(() => reply);
  assert.equal(await world.ask("a.test"), "192.0.2.1");
  reply = failing(2);
  assert.equal(await world.ask("A.Test."), "192.0.2.1");
  assert.equal(world.asked.length, 1);
  await world.clock.advanceAsync(10_000, 1_000);
  assert.equal(await world.ask("a.test"), "2");
  assert.equal(await world.ask("a.test"), "2");
  assert.equal(world.asked.length, 3);
});

test("valid= stands for every time to live", async () => {
  const world = new World(() => addresses("a.test", ["192.0.2.1"], 1), { validMs: 60_000 });
  await world.ask("a.test");
  await world.clock.advanceAsync(50_000, 5_000);
  await world.ask("a.test");
  assert.equal(world.asked.length, 1);
});

test("asks once for a name that many wait for; who waits no longer leaves the others alone", async () => {
  const world = new World(() => "silent");
  const first = world.start("a.test", { timeoutMs: 4_000 });
  const second = world.start("a.test", { timeoutMs: 1_000 });
  assert.equal(world.asked.length, 1);
  first.giveUp();
  await world.clock.advanceAsync(900, 100);
  assert.equal(world.open, 1);
  await world.clock.advanceAsync(200, 100);
  assert.deepEqual([first.heard, second.heard], [[], ["110"]]);
  assert.deepEqual([world.open, world.clock.pendingCount], [0, 0]);
});

test("asks the next server after five seconds, at once when one refuses, and begins with each in turn", async () => {
  const servers = [ONE, TWO];
  const slow = new World(
    (_, host) => (host === ONE.host ? "silent" : addresses("a.test", ["192.0.2.1"])),
    { servers },
  );
  const { heard } = slow.start("a.test");
  await slow.clock.advanceAsync(4_900, 100);
  assert.deepEqual(heard, []);
  await slow.clock.advanceAsync(200, 100);
  assert.deepEqual(heard, ["192.0.2.1"]);
  const refusing = new World(
    (_, host) => (host === ONE.host ? "refused" : addresses("a.test", ["192.0.2.1"])),
    { servers },
  );
  assert.equal(await refusing.ask("a.test"), "192.0.2.1");
  const turns = new World(() => failing(3), { servers });
  await turns.ask("a.test");
  await turns.ask("b.test");
  await turns.ask("c.test");
  assert.deepEqual(
    turns.asked.map((line) => line.split(" ")[2]),
    [ONE.host, TWO.host, ONE.host],
  );
});

test("asks nobody in a hurry when all servers refuse", async () => {
  const world = new World(() => "refused", { servers: [ONE, TWO] });
  const { heard } = world.start("a.test", { timeoutMs: 12_000 });
  await world.clock.advanceAsync(13_000, 500);
  assert.deepEqual(heard, ["110"]);
  assert.ok(world.asked.length <= 6, String(world.asked.length));
});

test("one family is enough; a failing server counts before a missing name", async () => {
  const both = { ipv6: true };
  const half = new World(
    ({ type }) => (type === "A" ? addresses("a.test", ["192.0.2.1"]) : failing(2)),
    both,
  );
  assert.equal(await half.ask("a.test"), "192.0.2.1");
  const none = new World(({ type }) => (type === "A" ? failing(3) : failing(2)), both);
  assert.equal(await none.ask("a.test"), "2");
  const empty = new World(() => addresses("a.test", []), both);
  assert.equal(await empty.ask("a.test"), "3");
  const sixOnly = new World(() => failing(3), { ipv4: false, ipv6: true });
  await sixOnly.ask("a.test");
  assert.deepEqual(sixOnly.asked, [`a.test AAAA ${ONE.host}`]);
});

test("follows aliases from reply to reply, but not for ever", async () => {
  const alias = (name: string, target: string): DnsReply => ({
    code: 0,
    isTruncated: false,
    records: [{ kind: "alias", name, ttlSeconds: 1, target }],
  });
  const world = new World(({ name }) =>
    name === "a.test" ? alias(name, "b.test") : addresses("b.test", ["192.0.2.2"]),
  );
  assert.equal(await world.ask("a.test"), "192.0.2.2");
  await world.clock.advanceAsync(1_100, 100);
  await world.ask("a.test");
  assert.equal(world.asked.length, 4);
  const endless = new World(({ name }) => alias(name, `x${name}`));
  assert.equal(await endless.ask("a.test"), "3");
  assert.equal(endless.asked.length, 16);
});

test("finds the places of a service with priorities, weights and ports", async () => {
  const service = (target: string, priority: number) =>
    ({
      kind: "service",
      name: "_http._tcp.a.test",
      ttlSeconds: 9,
      priority,
      weight: 3,
      port: 81,
      target,
    }) as const;
  const world = new World(({ name, type }) =>
    type === "SRV"
      ? {
          code: 0,
          isTruncated: false,
          records: [service("b.test", 1), service("gone.test", 2), service("c.test", 2)],
        }
      : name === "gone.test"
        ? failing(3)
        : addresses(name, [name === "b.test" ? "192.0.2.2" : "192.0.2.3"]),
  );
  const found = await world.ask("_http._tcp.a.test", { isService: true });
  assert.equal(found, "192.0.2.2:81 1 3, 192.0.2.3:81 2 3");
});

test("asks nobody for what is no name, and for no more than a thousand names at a time", async () => {
  const world = new World(() => "silent");
  assert.equal(await world.ask("a..test"), "3");
  assert.equal(await world.ask("a b.test"), "3");
  for (let count = 0; count < 1_000; count++) world.start(`n${count}.test`);
  assert.equal(await world.ask("one-more.test"), "2");
  assert.equal(world.asked.length, 1_000);
  world.resolver.close();
  await world.clock.advanceAsync(20);
  assert.equal(world.open, 0);
});
