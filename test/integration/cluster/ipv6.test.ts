/** Members whose localMemberHost is an IPv6 address: datagrams, streams and printed addresses. */
import assert from "node:assert/strict";
import { networkInterfaces } from "node:os";
import { test } from "node:test";
import type { Cluster } from "../../../src/cluster/cluster.ts";
import { formatAddress } from "../../../src/cluster/member-address.ts";
import { startCluster } from "../../../src/cluster/start-cluster.ts";
import { systemClock } from "../../../src/runtime/clock.ts";
import { MemoryLog } from "../../helpers/memory-log.ts";

const host = "::1";
const hasIpv6 = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .some(({ address }) => address === host);
const skip = hasIpv6 ? false : "this machine has no ::1";

function start(log: MemoryLog, known?: Cluster): Promise<Cluster> {
  return startCluster({
    provider: "embedded",
    domain: "ipv6.test",
    localMemberHost: host,
    localMemberPort: 0,
    members: known ? [known.self] : [],
    groupPassword: "secret",
    self: { role: "worker", subDomain: "worker", ports: {}, properties: {} },
    log,
    clock: systemClock,
  });
}

test(
  "members find each other and share a map over IPv6, and print its addresses in brackets",
  { skip },
  async () => {
    const log = new MemoryLog();
    const first = await start(log);
    const second = await start(new MemoryLog(), first);
    try {
      const [here, there] = [first.map("m", {}), second.map("m", {})];
      here.set("key", "value", 60_000);
      const seen = await there.ask("key", 2_000);
      assert.equal(seen, "value");
      assert.equal(first.members().length, 2);
      assert.equal(first.self.name, `[::1]:${first.self.port}`);
      assert.ok(log.messages().some((line) => line.endsWith(`: /[::1]:${second.self.port}`)));
    } finally {
      await Promise.all([first.close(), second.close()]);
    }
  },
);

test("an IPv4 address and a name stay as they are", () => {
  assert.equal(formatAddress({ host: "10.0.0.1", port: 4000 }), "10.0.0.1:4000");
  assert.equal(formatAddress({ host: "esb.local", port: 4000 }), "esb.local:4000");
});
