/** The embedded provider held to the cluster contract, over real sockets and in real time. */
import { describeClusterContract } from "../../helpers/cluster-contract.ts";
import { makeUdpWorld } from "../../helpers/swim-world.ts";

describeClusterContract("the embedded provider, over UDP and TCP", () =>
  Promise.resolve(makeUdpWorld()),
);
