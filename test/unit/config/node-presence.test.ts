/** axis2.xml clustering: names of the node, and when it opens its ports. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { readAxis2 } from "../../../src/config/axis2.ts";
import { reading, xml } from "./reading.ts";

function read(parameters: Readonly<Record<string, string>>) {
  const { reader, errors } = reading({}, {});
  const rows = Object.entries(parameters).map(
    ([name, value]) => `<parameter name="${name}">${value}</parameter>`,
  );
  const root = xml(
    `<axisconfig><clustering class="org.wso2.carbon.core.clustering.hazelcast.HazelcastClusteringAgent">${rows.join("")}</clustering></axisconfig>`,
  );
  const surroundings = {
    isWorker: false,
    localAddress: () => "10.1.2.3",
    managementPorts: { httpPort: 9763, httpsPort: 9443 },
    notices: [],
    portOffset: 0,
    properties: {},
  };
  const { clustering } = readAxis2(root, surroundings, reader);
  return { clustering, errors: errors() };
}

test("a node waits for nobody and names nothing unless it is told", () => {
  const { clustering, errors } = read({});
  assert.deepEqual(errors, []);
  assert.deepEqual([clustering?.hostNames, clustering?.stability], [undefined, undefined]);
});

test("has happn's time-out and interval where members are waited for", () => {
  assert.deepEqual(read({ minimumPeers: "1" }).clustering?.stability, {
    minimumPeers: 1,
    stabiliseTimeoutMs: 120_000,
    stableReportIntervalMs: 5_000,
    strict: false,
  });
});

test("takes happn's and Axon's settings", () => {
  const { clustering, errors } = read({
    minimumPeers: "2",
    stabiliseTimeout: "0",
    stableReportInterval: "1000",
    stabiliseStrict: "true",
    hostname: "w1",
    "hostname-domain": "example.com",
    "internal-hostname": "node1",
    "internal-domain": "lan",
  });
  assert.deepEqual(errors, []);
  assert.deepEqual(clustering?.stability, {
    minimumPeers: 2,
    stabiliseTimeoutMs: 0,
    stableReportIntervalMs: 1_000,
    strict: true,
  });
  assert.deepEqual(clustering?.hostNames, {
    hostname: "w1",
    domain: "example.com",
    internalHostname: "node1",
    internalDomain: "lan",
  });
});

for (const [name, value] of [
  ["minimumPeers", "many"],
  ["stableReportInterval", "1"],
  ["stabiliseStrict", "perhaps"],
  ["internal-hostname", "a b"],
] as const) {
  test(`refuses ${name} "${value}"`, () => {
    assert.equal(read({ [name]: value }).errors.length, 1);
  });
}
