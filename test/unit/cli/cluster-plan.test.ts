import assert from "node:assert/strict";
import { test } from "node:test";
import {
  OFFSET_MAX,
  OFFSET_STEP,
  planCluster,
  WORKERS_MAX,
} from "../../../src/cli/up/cluster-plan.ts";

const plan = (offset: number, workers: number) =>
  planCluster({ dir: "/srv/c", workers, offset, sample: true });

test("uses the ports of WSO2's documents, the second worker one higher", () => {
  const ports = Object.fromEntries(
    plan(0, 2).nodes.map((node) => [node.name, node.ports.map(({ port }) => port)]),
  );
  assert.deepEqual(ports, {
    backend: [9000],
    manager: [9443, 9763, 4100],
    "worker-1": [8280, 8243, 9444, 4200],
    "worker-2": [8281, 8244, 9445, 4300],
    gateway: [8080, 8443, 4000],
  });
});

test("adds the offset to every port and to the URLs", () => {
  const before = plan(0, 2).nodes.flatMap((node) => node.ports.map(({ port }) => port));
  const after = plan(100, 2).nodes.flatMap((node) => node.ports.map(({ port }) => port));
  assert.deepEqual(
    after,
    before.map((port) => port + 100),
  );
  assert.equal(plan(100, 2).urls.services, "http://esb.localhost:8180/services/");
});

test("gives no port out twice and none beyond 65535, at every limit", () => {
  for (const offset of [0, 1, OFFSET_MAX]) {
    const { nodes } = plan(offset, WORKERS_MAX);
    for (const protocol of ["tcp", "udp"] as const) {
      const all = nodes.flatMap(({ ports }) => ports.filter((port) => port.protocol === protocol));
      const numbers = all.map(({ port }) => port);
      assert.equal(new Set(numbers).size, numbers.length, `${protocol}, offset ${offset}`);
      assert.ok(Math.max(...numbers) <= 65_535);
    }
  }
});

test("clusters whose offsets are apart by the step of the advice share no port", () => {
  const numbers = [0, 1, 2, 3, 4].flatMap((step) =>
    plan(step * OFFSET_STEP, 3).nodes.flatMap(({ ports }) =>
      ports.map(({ port, protocol }) => `${protocol} ${port}`),
    ),
  );
  assert.equal(new Set(numbers).size, numbers.length);
});

test("leaves the backend out without the sample", () => {
  const { nodes } = planCluster({ dir: "/srv/c", workers: 1, offset: 0, sample: false });
  assert.deepEqual(
    nodes.map(({ name }) => name),
    ["manager", "worker-1", "gateway"],
  );
});
