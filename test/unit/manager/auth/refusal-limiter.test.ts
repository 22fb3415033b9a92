import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  REFUSAL_WINDOW_MS,
  REFUSALS_MAX,
  RefusalLimiter,
} from "../../../../src/manager/auth/refusal-limiter.ts";
import { FakeClock } from "../../../helpers/fake-clock.ts";

describe("the limit of wrong tokens", () => {
  it("tells the first refusal of an address a minute, which is logged, from the others", () => {
    const clock = new FakeClock();
    const limiter = new RefusalLimiter(clock);
    const refuse = (): boolean => limiter.refused("10.0.0.1");
    assert.deepEqual([refuse(), refuse(), limiter.refused("10.0.0.2")], [true, false, true]);
    clock.advance(REFUSAL_WINDOW_MS);
    assert.deepEqual([refuse(), refuse()], [true, false]);
  });

  it("turns an address away after too many, others not, and lets it try again later", () => {
    const clock = new FakeClock();
    const limiter = new RefusalLimiter(clock);
    for (let count = 0; count < REFUSALS_MAX; count += 1) {
      limiter.check("10.0.0.1");
      limiter.refused("10.0.0.1");
    }
    assert.throws(() => limiter.check("10.0.0.1"), { code: "LOGIN_LIMITED" });
    limiter.check("10.0.0.2");
    clock.advance(REFUSAL_WINDOW_MS);
    limiter.check("10.0.0.1");
  });
});
