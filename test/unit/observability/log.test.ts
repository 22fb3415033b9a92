import assert from "node:assert/strict";
import { test } from "node:test";
import { createLog, formatLogTime } from "../../../src/observability/log.ts";

function linesOf(format: "carbon" | "json", level: "debug" | "info" = "info") {
  const lines: string[] = [];
  const log = createLog({
    node: "worker-1",
    sinks: [{ write: (line) => lines.push(line) }],
    format,
    level,
  });
  return { log, lines };
}

test("writes WSO2's console pattern with the part's name", () => {
  const { log, lines } = linesOf("carbon");
  log.child("LogMediator").info("To: /services/P, Direction: request");
  log.warn("careful");
  assert.match(
    lines[0] ?? "",
    /^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}\] \[worker-1\]  INFO - LogMediator To: \/services\/P, Direction: request\n$/,
  );
  assert.match(lines[1] ?? "", /\[worker-1\]  WARN - Bascule careful\n$/);
});

test("shows fields behind the sentence and the stack of an error", () => {
  const { log, lines } = linesOf("carbon");
  log.error("failed", { reason: "silent", error: new Error("boom") });
  assert.match(lines[0] ?? "", /ERROR - Bascule failed \{reason=silent, error=Error: boom\n/);
});

test("drops what is below the level, and writes JSON when asked to", () => {
  const { log, lines } = linesOf("json");
  log.debug("hidden");
  log.child("Part").info("shown", { count: 2 });
  assert.equal(lines.length, 1);
  const record: unknown = JSON.parse(lines[0] ?? "");
  assert.ok(typeof record === "object" && record !== null);
  assert.deepEqual(
    [Reflect.get(record, "msg"), Reflect.get(record, "component"), Reflect.get(record, "count")],
    ["shown", "Part", 2],
  );
});

test("prints local time with milliseconds after a comma", () => {
  assert.equal(
    formatLogTime(new Date(2026, 10, 2, 3, 4, 5, 6).getTime()),
    "2026-11-02 03:04:05,006",
  );
});
