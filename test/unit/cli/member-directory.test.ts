/** The addresses at which a gateway reaches members: internal names are looked up, the cluster address stands in. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { MemberDirectory } from "../../../src/cli/member-directory.ts";
import type { ClusterEvents, Member } from "../../../src/cluster/cluster.ts";
import { clusterPeers } from "../../../src/gateway/upstream/cluster-peers.ts";
import { readPeerOptions } from "../../../src/gateway/upstream/upstream-directives.ts";
import { FakeClock } from "../../helpers/fake-clock.ts";
import { MemoryLog } from "../../helpers/memory-log.ts";
import { makeMember } from "../../helpers/recording-cluster.ts";

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

function worker(internalHostname: string, id = "w"): Member {
  const hostNames = { name: id, hostname: id, domain: "", internalHostname, internalDomain: "" };
  const place = { host: "10.0.0.7", role: "worker", subDomain: "worker" } as const;
  return makeMember({ id, ...place, hostNames, ports: { http: 8280 } });
}

function open(members: Member[], names: Record<string, string>) {
  const [clock, log] = [new FakeClock(), new MemoryLog()];
  const handlers: ((member: Member) => void)[] = [];
  const asked: string[] = [];
  const on = <Name extends keyof ClusterEvents>(name: Name, handler: ClusterEvents[Name]) => {
    if (name === "joined") handlers.push(handler as (member: Member) => void);
    return () => {};
  };
  const directory = new MemberDirectory({
    membership: { members: () => members, on },
    clock,
    log,
    lookupHost(name) {
      asked.push(name);
      const address = names[name];
      return address === undefined
        ? Promise.reject(new Error("ENOTFOUND"))
        : Promise.resolve(address);
    },
  });
  const join = (member: Member): void => {
    members.push(member);
    for (const handler of handlers) handler(member);
  };
  return { directory, clock, log, asked, join };
}

const hostsOf = (directory: MemberDirectory) => directory.members().map(({ host }) => host);

test("an address is used as it is, without a look-up", () => {
  const { directory, asked } = open([worker("10.1.1.1")], {});
  assert.deepEqual([hostsOf(directory), asked], [["10.1.1.1"], []]);
});

test("a name is looked up, and the cluster address stands in until then", async () => {
  const { directory, join, clock, asked } = open([], { "w.lan": "10.2.2.2" });
  let changes = 0;
  directory.onChange(() => changes++);
  join(worker("w.lan"));
  assert.deepEqual([hostsOf(directory), changes], [["10.0.0.7"], 1]);
  await turn();
  assert.deepEqual([hostsOf(directory), changes], [["10.2.2.2"], 2]);
  join(worker("10.1.1.1", "other"));
  assert.deepEqual(asked, ["w.lan"]);
  await directory.close();
  assert.equal(clock.pendingCount, 0);
});

test("a name without an address is told once and asked for again", async () => {
  const names: Record<string, string> = {};
  const { directory, clock, log } = open([worker("w.lan")], names);
  await turn();
  clock.advance(30_000);
  await turn();
  assert.deepEqual([hostsOf(directory), log.messages("warn").length], [["10.0.0.7"], 1]);
  names["w.lan"] = "10.2.2.2";
  clock.advance(30_000);
  await turn();
  assert.deepEqual(hostsOf(directory), ["10.2.2.2"]);
  delete names["w.lan"];
  clock.advance(30_000);
  await turn();
  assert.deepEqual(hostsOf(directory), ["10.2.2.2"]);
});

test("two gateways that see different addresses of a name give its server the same id", async () => {
  const servers = { ...readPeerOptions([]), subDomain: "worker", scheme: "http" } as const;
  const routes = await Promise.all(
    ["10.2.2.2", "10.3.3.3"].map(async (address) => {
      const { directory } = open([worker("w.lan")], { "w.lan": address });
      await turn();
      return clusterPeers(servers, directory.members()).map(({ route, host }) => [route, host]);
    }),
  );
  const [first, second] = routes.map(([peer]) => peer);
  assert.equal(first?.[0], second?.[0]);
  assert.equal(first?.[0]?.length, 32);
  assert.deepEqual([first?.[1], second?.[1]], ["10.2.2.2", "10.3.3.3"]);
});
