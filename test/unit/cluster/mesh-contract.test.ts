/** The embedded provider held to the cluster contract, in memory and without real time. */
import { describeClusterContract } from "../../helpers/cluster-contract.ts";
import { makeMemoryWorld } from "../../helpers/mesh-world.ts";

describeClusterContract("the mesh, in memory", () => Promise.resolve(makeMemoryWorld()));
