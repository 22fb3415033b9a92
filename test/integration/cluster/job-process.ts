/**
 * A worker's task in a process of its own, for tests that stop and continue it: the engine's job under the cluster's lease. Arguments:
 * the provider, and the port on 127.0.0.1 of a member of that provider's cluster. Prints "run MS" for each run (one a second), by
 * the machine's monotonic clock, which all processes share.
 */
import { startCluster } from "../../../src/cluster/start-cluster.ts";
import { compileEngine } from "../../../src/mediation/compile-engine.ts";
import { systemClock } from "../../../src/runtime/clock.ts";
import { ClusterLease } from "../../../src/worker/cluster-lease.ts";
import { MemoryLog } from "../../helpers/memory-log.ts";
import { responseOf } from "../../helpers/stock-quote-backend.ts";

const DEFINITIONS = `<definitions xmlns="http://ws.apache.org/ns/synapse">
  <sequence name="main"><send><endpoint><address uri="http://backend/"/></endpoint></send></sequence>
  <task name="T" class="org.apache.synapse.startup.tasks.MessageInjector"><trigger interval="1"/><property name="message"><m xmlns=""/></property></task>
</definitions>`;

const host = "127.0.0.1";
const [provider = "embedded", port = "0"] = process.argv.slice(2);
const known = { host, port: Number(port) };
const log = new MemoryLog();
const cluster = await startCluster({
  provider: provider === "hazelcast" ? "hazelcast" : "embedded",
  domain: "jobs.test",
  localMemberHost: host,
  localMemberPort: 0,
  members: provider === "hazelcast" ? [] : [known],
  hazelcast: { members: [known], command: undefined, folder: "" },
  groupPassword: "secret",
  self: { role: "worker", subDomain: "worker", ports: {}, properties: {} },
  log,
  clock: systemClock,
});
cluster.update({ state: "active" });
const file = { path: "synapse-configs/default/synapse.xml", content: Buffer.from(DEFINITIONS) };
const compiled = compileEngine([file], {
  log,
  systemProperties: {},
  clock: systemClock,
  lease: new ClusterLease({ cluster: () => cluster, log }),
  callEndpoint: () => {
    console.log(`run ${Number(process.hrtime.bigint()) / 1e6}`);
    return Promise.resolve(responseOf(202, "text/plain", ""));
  },
});
if (compiled.kind === "faulty") throw new Error(JSON.stringify(compiled.problems));
await compiled.engine.activate();
