/** The words of `bascule drain`, `resume` and `restart`, and the lines that they print. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parseDeadline, readDrainArguments, takeFlags } from "../../../src/cli/drain-arguments.ts";
import { drainLine } from "../../../src/cli/drain-progress.ts";
import { PACKAGE_ROOT } from "../../../src/runtime/product.ts";
import { REMOVED_STATUS } from "../../../src/runtime/removed-status.ts";
import { RESTART_STATUS, supervisorOf } from "../../../src/runtime/restart-status.ts";

test("a deadline is a number of seconds, minutes or hours", () => {
  assert.deepEqual(
    ["0", "90", "90s", "10m", "1h"].map((text) => parseDeadline(text)),
    [0, 90_000, 90_000, 600_000, 3_600_000],
  );
  for (const text of ["", "m", "-1", "1d", "1.5h", "10 m", "1234567"])
    assert.throws(() => parseDeadline(text), { code: "USAGE", message: /--deadline takes a time/ });
});

test("own flags are taken out wherever they stand", () => {
  const { given, deadlineMs, rest } = takeFlags(
    ["--stop", "worker-1", "--deadline", "5s", "--user", "joe", "--force"],
    ["--stop", "--force"],
  );
  assert.deepEqual(
    [[...given], deadlineMs, rest],
    [["--stop", "--force"], 5_000, ["worker-1", "--user", "joe"]],
  );
  assert.equal(takeFlags(["--deadline=2m"], []).deadlineMs, 120_000);
});

test("one node is named, and none beside --rolling", async () => {
  const read = (args: readonly string[]) =>
    readDrainArguments(args, ["--rolling"], (given) => !given.has("--rolling"));
  await assert.rejects(read([]), { code: "USAGE", message: "name one node" });
  await assert.rejects(read(["a", "b"]), { code: "USAGE", message: "name one node" });
  await assert.rejects(read(["--rolling", "a"]), { code: "USAGE", message: /takes no node/ });
  await assert.rejects(read(["--stop", "a"]), { code: "USAGE" });
});

test("a line shows node, phase, sessions, the oldest and the time left", () => {
  const row = {
    name: "worker-1",
    phase: "draining",
    sessions: 12,
    oldestSeconds: 340,
    isComplete: true,
    secondsLeft: 412,
    reason: null,
  };
  assert.equal(
    drainLine(row),
    "worker-1          draining    12 sessions  oldest 340 s  412 s left",
  );
  assert.equal(drainLine({ ...row, phase: "drained" }), "worker-1          drained");
  assert.match(
    drainLine({ ...row, sessions: 1, isComplete: false }),
    / {2}1\+\? session {2}oldest/,
  );
  assert.match(drainLine({ ...row, phase: "failed", reason: "it is gone" }), /failed +it is gone$/);
});

test("the systemd units start a node again that ends to be restarted, tell it so, and leave a removed one", () => {
  for (const role of ["gateway", "manager", "worker"]) {
    const unit = readFileSync(join(PACKAGE_ROOT, `conf/systemd/bascule-${role}.service`), "utf8");
    assert.match(unit, new RegExp(`^RestartForceExitStatus=${RESTART_STATUS}$`, "m"));
    assert.match(unit, new RegExp(`^RestartPreventExitStatus=${REMOVED_STATUS}$`, "m"));
    assert.match(unit, /^Environment=BASCULE_SUPERVISOR=systemd$/m);
  }
});

test("a node knows what starts it again", () => {
  assert.equal(supervisorOf({}, true), "bascule up");
  assert.equal(supervisorOf({ BASCULE_SUPERVISOR: "systemd" }, false), "systemd");
  assert.equal(supervisorOf({ BASCULE_SUPERVISOR: " " }, false), undefined);
  assert.equal(supervisorOf({}, false), undefined);
});
