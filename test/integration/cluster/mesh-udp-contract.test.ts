/** The embedded provider held to the cluster contract, over real sockets and in real time. */
import { describeClusterContract } from "../../helpers/cluster-contract.ts";
import { makeUdpWorld } from "../../helpers/mesh-world.ts";

describeClusterContract("the mesh, over UDP", () => Promise.resolve(makeUdpWorld()));
