import assert from "node:assert/strict";
import { test } from "node:test";
import type { Member } from "../../../../src/cluster/cluster.ts";
import { NodeDirectory } from "../../../../src/manager/relay/node-directory.ts";
import { makeMember, RecordingCluster } from "../../../helpers/recording-cluster.ts";

const MANAGER = makeMember({ id: "m", name: "manager" });

function worker(given: Partial<Member> = {}): Member {
  return makeMember({
    id: "w",
    name: "worker-1",
    role: "worker",
    host: "10.0.0.3",
    port: 4200,
    ports: { http: 8280, management: 9444 },
    properties: { managementCertificate: "fingerprint" },
    ...given,
  });
}

function directoryOf(...others: Member[]): NodeDirectory {
  return new NodeDirectory(new RecordingCluster(MANAGER, others), "manager");
}

test("finds a worker by its name and by its cluster address", () => {
  const directory = directoryOf(worker());
  const found = {
    kind: "member",
    name: "worker-1",
    host: "10.0.0.3",
    port: 9444,
    fingerprint: "fingerprint",
  };
  assert.deepEqual(directory.find("worker-1"), found);
  assert.deepEqual(directory.find("10.0.0.3:4200"), found);
  assert.deepEqual(directory.find("manager"), { kind: "itself" });
});

test("knows the node that stands alone by its own name only", () => {
  const directory = new NodeDirectory(undefined, "alone");
  assert.deepEqual(directory.find("alone"), { kind: "itself" });
  assert.throws(() => directory.find("other"), { code: "RESOURCE_UNKNOWN" });
});

test("takes nothing for a node that is none, and says why", () => {
  const gateway = worker({ id: "g", name: "gateway", role: "gateway", ports: { http: 80 } });
  const old = worker({ id: "o", name: "old", port: 4300, properties: {} });
  const directory = directoryOf(gateway, old);
  assert.throws(() => directory.find("nobody"), { code: "RESOURCE_UNKNOWN" });
  assert.throws(() => directory.find("10.0.0.3:9444"), { code: "RESOURCE_UNKNOWN" });
  assert.throws(() => directory.find("gateway"), /gateway is a gateway without a management port/);
  assert.throws(() => directory.find("old"), { code: "NODE_UNREACHABLE" });
});

test("guesses at no node whose name is shared", () => {
  const directory = directoryOf(worker(), worker({ id: "x", port: 4201 }));
  assert.throws(() => directory.find("worker-1"), {
    code: "REQUEST_INVALID",
    message: /2 nodes are called worker-1; .*10\.0\.0\.3:4200, 10\.0\.0\.3:4201/,
  });
});
