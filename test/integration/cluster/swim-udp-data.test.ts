/** Maps and leases of the embedded provider over real sockets, held to the contract of every provider. */
import { describeDataContract } from "../../helpers/cluster-data-contract.ts";
import { makeUdpWorld } from "../../helpers/swim-world.ts";

describeDataContract("maps and leases over UDP and TCP", () => Promise.resolve(makeUdpWorld()));
