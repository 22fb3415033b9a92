/** The embedded provider held to the cluster contract, in memory and without real time. */
import { describeClusterContract } from "../../helpers/cluster-contract.ts";
import { makeMemoryWorld } from "../../helpers/swim-world.ts";

describeClusterContract("the embedded provider, in memory", () =>
  Promise.resolve(makeMemoryWorld()),
);
