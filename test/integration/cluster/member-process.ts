/**
 * A member in a process of its own, for tests that kill and stop it. Arguments: the ports of well-known members on 127.0.0.1 with
 * commas between, its own port (default: any), the secret. Prints its id and port when it has joined; leaves in order on SIGTERM.
 */
import { startCluster } from "../../../src/cluster/start-cluster.ts";
import { systemClock } from "../../../src/runtime/clock.ts";
import { MemoryLog } from "../../helpers/memory-log.ts";

const host = "127.0.0.1";
const [ports = "", ownPort = "0", secret = "secret"] = process.argv.slice(2);
const cluster = await startCluster({
  provider: "embedded",
  domain: "process.test",
  localMemberHost: host,
  localMemberPort: Number(ownPort),
  members: ports.split(",").map((port) => ({ host, port: Number(port) })),
  groupPassword: secret,
  self: { role: "worker", subDomain: "worker", ports: {}, properties: {} },
  log: new MemoryLog(),
  clock: systemClock,
});
process.on("SIGTERM", () => void cluster.close());
console.log(`${cluster.self.id} ${cluster.self.port}`);
