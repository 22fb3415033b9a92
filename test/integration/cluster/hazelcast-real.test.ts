/**
 * The Hazelcast provider held to the cluster contract over real Hazelcast members: TEST_HZ_MEMBERS="127.0.0.1:5701,127.0.0.1:5702",
 * TEST_HZ_CLUSTER is the cluster's name (default "dev"). Skipped where they are not set. Members should run with the
 * settings that `member-xml.ts` writes.
 */
import { it } from "node:test";
import { describeClusterContract } from "../../helpers/cluster-contract.ts";
import { makeHazelcastWorld } from "../../helpers/hazelcast-world.ts";

const members = process.env["TEST_HZ_MEMBERS"] ?? "";
const clusterName = process.env["TEST_HZ_CLUSTER"] ?? "dev";

if (members === "") {
  const reason = "TEST_HZ_MEMBERS is not set: no real Hazelcast members to test with";
  it("keeps the cluster contract over real Hazelcast members", { skip: reason }, () => {});
} else {
  const addresses = members.split(",").map((text) => {
    const [host = "", port = "5701"] = text.trim().split(":");
    return { host, port: Number(port) };
  });
  describeClusterContract(`the Hazelcast provider, over ${members}`, () =>
    makeHazelcastWorld({ clusterName, addresses, end: () => Promise.resolve() }),
  );
}
