/** The Hazelcast provider held to the cluster contract, over the double in real time. */
import { describeClusterContract } from "../../helpers/cluster-contract.ts";
import { HazelcastDouble } from "../../helpers/hazelcast-double/hazelcast-double.ts";
import { makeHazelcastWorld } from "../../helpers/hazelcast-world.ts";

describeClusterContract("the Hazelcast provider, over the double", async () => {
  const clusterName = "contract.double";
  const double = new HazelcastDouble(clusterName);
  await double.start();
  return makeHazelcastWorld({
    clusterName,
    addresses: [double.address],
    end: () => double.stop(),
  });
});
