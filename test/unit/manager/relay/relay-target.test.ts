import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { readRelayTarget, RELAY_PREFIX } from "../../../../src/manager/relay/relay-target.ts";

test("reads name, path and query", () => {
  assert.deepEqual(readRelayTarget("/carbon/nodes/worker-1/logs/tail?level=info&lines=5"), {
    name: "worker-1",
    path: "/logs/tail",
    search: "level=info&lines=5",
  });
  assert.deepEqual(readRelayTarget("/carbon/nodes/10.0.0.2%3A4100/health/live"), {
    name: "10.0.0.2:4100",
    path: "/health/live",
    search: "",
  });
});

test("refuses every path that two readers could understand differently", () => {
  for (const rest of [
    "",
    "w",
    "w/",
    "/logs",
    "w//logs",
    "w/logs/",
    "w/./logs",
    "w/../logs",
    "w/logs/..",
    "w/%2e%2e/logs",
    "w/..%2flogs",
    "w/a%5cb",
    "w/a\\b",
    "w/logs;x",
    "w/logs%00",
    "w/logs#x",
    "w/logs?a=%2e",
    "w/logs?a?b",
    "w/lögs",
    "w/a b",
    "%zz/logs",
    `w/${"a".repeat(600)}`,
    `${"n".repeat(400)}/logs`,
  ])
    assert.equal(readRelayTarget(RELAY_PREFIX + rest), undefined, rest);
  assert.equal(readRelayTarget("/carbon/node/w/logs"), undefined);
});

test("whatever is let through stays the same when an URL is made of it", () => {
  const parts = fc.constantFrom(
    "/",
    ".",
    "..",
    "%2e",
    "%2f",
    "\\",
    "a",
    "logs",
    "?",
    "=",
    "&",
    "#",
    "~",
  );
  fc.assert(
    fc.property(
      fc.array(fc.oneof(parts, fc.string({ maxLength: 3 })), { maxLength: 8 }),
      (list) => {
        const target = readRelayTarget(`${RELAY_PREFIX}w/${list.join("")}`);
        if (!target) return;
        const search = target.search === "" ? "" : `?${target.search}`;
        const url = new URL(`${target.path}${search}`, "https://10.0.0.2:9444");
        assert.equal(url.href, `https://10.0.0.2:9444${target.path}${search}`);
      },
    ),
    { numRuns: 2_000 },
  );
});
