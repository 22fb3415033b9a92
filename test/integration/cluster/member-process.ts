/**
 * A member in a process of its own, for tests that kill it. Arguments: the port of a well-known member on
 * 127.0.0.1. Prints its id when it has joined; leaves in order on SIGTERM.
 */
import { startCluster } from "../../../src/cluster/start-cluster.ts";
import { systemClock } from "../../../src/runtime/clock.ts";
import { MemoryLog } from "../../helpers/memory-log.ts";

const host = "127.0.0.1";
const cluster = await startCluster({
  provider: "embedded",
  domain: "process.test",
  localMemberHost: host,
  localMemberPort: 0,
  members: [{ host, port: Number(process.argv[2]) }],
  groupPassword: "secret",
  self: { role: "worker", subDomain: "worker", ports: {}, properties: {} },
  log: new MemoryLog(),
  clock: systemClock,
});
process.on("SIGTERM", () => void cluster.close());
console.log(cluster.self.id);
