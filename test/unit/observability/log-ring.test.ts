import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createLog, type LogLevel } from "../../../src/observability/log.ts";
import {
  LogRing,
  MESSAGE_LENGTH_MAX,
  RING_LINES_MAX,
} from "../../../src/observability/log-ring.ts";

function add(ring: LogRing, message: string, level: LogLevel = "info"): void {
  ring.add({ level, component: "Part", message, atMs: 0 });
}

function messages(ring: LogRing, start = ring.oldest): readonly (string | undefined)[] {
  return Array.from({ length: ring.next - start }, (_, index) => ring.at(start + index)?.message);
}

describe("the ring of a log's last lines", () => {
  it("keeps the newest lines and numbers them on", () => {
    const ring = new LogRing(3);
    for (const message of ["a", "b", "c", "d", "e"]) add(ring, message);
    assert.deepEqual([ring.oldest, ring.next, messages(ring)], [3, 6, ["c", "d", "e"]]);
    assert.equal(ring.at(2), undefined);
    assert.equal(ring.at(6), undefined);
  });

  it("keeps a million characters at most, however long the lines are", () => {
    const ring = new LogRing();
    for (let count = 0; count < RING_LINES_MAX; count += 1) add(ring, "x".repeat(5_000));
    const kept = ring.next - ring.oldest;
    assert.ok(kept > 150 && kept <= 200, String(kept));
  });

  it("cuts a message that is too long and says by how much", () => {
    const ring = new LogRing();
    add(ring, "x".repeat(MESSAGE_LENGTH_MAX + 7));
    assert.match(ring.at(1)?.message ?? "", /x \.\.\. \(7 characters more\)$/);
  });

  it("finds the start of the last lines of a level", () => {
    const ring = new LogRing(10);
    add(ring, "w1", "warn");
    add(ring, "i1");
    add(ring, "e1", "error");
    add(ring, "i2");
    assert.equal(ring.startOfLast(1, "warn"), 3);
    assert.equal(ring.startOfLast(2, "warn"), 1);
    assert.equal(ring.startOfLast(9, "trace"), 1);
    assert.equal(ring.startOfLast(0, "trace"), 5);
    assert.equal(ring.startOfLast(5, "fatal"), 5);
  });

  it("tells its watchers until they have enough", () => {
    const ring = new LogRing();
    let told = 0;
    const stop = ring.watch(() => {
      told += 1;
    });
    add(ring, "a");
    stop();
    add(ring, "b");
    assert.equal(told, 1);
  });

  it("is fed by the log, in both formats, with what the lines say", () => {
    for (const format of ["carbon", "json"] as const) {
      const ring = new LogRing();
      const log = createLog({ node: "n", sinks: [], ring, format });
      log.child("LogMediator").warn("To: x", { count: 2 });
      log.debug("below the level");
      const record = ring.at(1);
      assert.equal(ring.next, 2);
      assert.deepEqual(
        [record?.level, record?.component, record?.message],
        ["warn", "LogMediator", "To: x {count=2}"],
      );
      assert.ok(Math.abs((record?.atMs ?? 0) - Date.now()) < 5_000);
    }
  });
});
