/** Maps and leases over the simulated members, held to the contract of every provider. */
import { describeDataContract } from "../helpers/cluster-data-contract.ts";
import type { Cluster } from "../../src/cluster/cluster.ts";
import { FakeClock } from "../helpers/fake-clock.ts";
import type { ClusterWorld } from "../helpers/cluster-contract.ts";
import { SeededRandom, seedOfRun } from "./seeded-random.ts";
import { SimulatedMembers, type SimulatedNode } from "./simulated-members.ts";

const STEP_MS = 5;

function makeWorld(): ClusterWorld {
  const clock = new FakeClock();
  const members = new SimulatedMembers(clock, new SeededRandom(seedOfRun()));
  const cut = new Set<SimulatedNode>();
  const nodeOf = (cluster: Cluster): SimulatedNode | undefined => members.node(cluster.self.id);
  members.split((node) => (cut.has(node) ? 1 : 0));
  return {
    start: () => Promise.resolve(members.start(`member ${members.nodes.length}`).cluster),
    vanish: (cluster) => Promise.resolve(nodeOf(cluster)?.crash()),
    cut(cluster) {
      const node = nodeOf(cluster);
      if (node) cut.add(node);
    },
    heal(cluster) {
      const node = nodeOf(cluster);
      if (node) cut.delete(node);
    },
    freePort: () => Promise.resolve(4200),
    pass: (ms) => clock.advanceAsync(ms, STEP_MS),
    end: () => Promise.resolve(),
  };
}

describeDataContract("maps and leases over simulated members", () => Promise.resolve(makeWorld()));
