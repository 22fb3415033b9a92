/** When a git command is ended. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { GIT_OUTPUT_BYTES_MAX, GitWatchdog } from "../../../src/depsync/git-watchdog.ts";
import { FakeClock } from "../../helpers/fake-clock.ts";

describe("GitWatchdog", () => {
  async function bite(act: (watchdog: GitWatchdog, clock: FakeClock) => void): Promise<string> {
    const clock = new FakeClock();
    const watchdog = new GitWatchdog(clock);
    act(watchdog, clock);
    watchdog.rest();
    const quiet = Promise.resolve("quiet");
    const reason = await Promise.race([
      watchdog.bitten.catch((error: Error) => error.message),
      quiet.then(() => quiet),
    ]);
    assert.equal(watchdog.signal.aborted, reason !== "quiet");
    return reason;
  }

  it("ends a command that is silent for half a minute", async () => {
    assert.match(
      await bite((_watchdog, clock) => clock.advance(30_000)),
      /no sign of life for 30 s/,
    );
  });

  it("lets a command run that writes now and then, but not for ever", async () => {
    const write = (minutes: number) => (watchdog: GitWatchdog, clock: FakeClock) => {
      for (let number = 0; number < minutes * 3; number += 1) {
        clock.advance(20_000);
        watchdog.heard(Buffer.alloc(1));
      }
    };
    assert.equal(await bite(write(9)), "quiet");
    assert.match(await bite(write(11)), /did not end within 10 minutes/);
  });

  it("ends a command that floods", async () => {
    const chunk = Buffer.alloc(GIT_OUTPUT_BYTES_MAX / 2 + 1);
    const flood = (watchdog: GitWatchdog) => [1, 2].forEach(() => watchdog.heard(chunk));
    assert.match(await bite(flood), /it wrote more than/);
  });
});
