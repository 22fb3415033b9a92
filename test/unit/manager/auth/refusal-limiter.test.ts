import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  REFUSAL_WINDOW_MS,
  REFUSALS_MAX,
  RefusalLimiter,
} from "../../../../src/manager/auth/refusal-limiter.ts";
import { FakeClock } from "../../../helpers/fake-clock.ts";

describe("the limit of wrong tokens", () => {
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
