/** Names of a node: the chain of defaults. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { hostNamesOf, internalHostOf } from "../../../src/cluster/host-names.ts";
import type { HostNamesConfig } from "../../../src/config/node-config.ts";

function names(configured: HostNamesConfig, localMemberHost = "10.0.0.5") {
  const found = hostNamesOf({ configured, name: "worker-1", machine: "box", localMemberHost });
  return [found.hostname, found.domain, internalHostOf(found)];
}

const CASES: readonly (readonly [HostNamesConfig, readonly string[]])[] = [
  [{}, ["box", "", "10.0.0.5"]],
  [{ domain: "example.com" }, ["box", "example.com", "10.0.0.5"]],
  [{ hostname: "w1" }, ["w1", "", "w1"]],
  [{ hostname: "w1", domain: "example.com" }, ["w1", "example.com", "w1.example.com"]],
  [
    { hostname: "w1", domain: "example.com", internalDomain: "lan" },
    ["w1", "example.com", "w1.lan"],
  ],
  [{ hostname: "w1", internalHostname: "node1" }, ["w1", "", "node1"]],
  [{ internalHostname: "10.9.9.9", internalDomain: "lan" }, ["box", "", "10.9.9.9"]],
];

for (const [configured, expected] of CASES) {
  test(`${JSON.stringify(configured)} gives ${expected.join(", ")}`, () => {
    assert.deepEqual(names(configured), expected);
  });
}

test("a cluster address that is a name gets no domain", () => {
  assert.deepEqual(names({ domain: "example.com" }, "w1.lan"), ["box", "example.com", "w1.lan"]);
});
