import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ExpiryWatch, expirySentence } from "../../../../src/net/tls/expiry-watch.ts";
import { FakeClock } from "../../../helpers/fake-clock.ts";
import { MemoryLog } from "../../../helpers/memory-log.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
const NOW = Date.UTC(2026, 10, 21);
const after = (days: number) => ({ file: "/c/node.crt", validUntilMs: NOW + days * DAY_MS });

describe("what is said of a certificate", () => {
  const cases: readonly (readonly [days: number, sentence: RegExp | undefined])[] = [
    [31, undefined],
    [30, /expires in 30 days, on 2026-12-21: replace/],
    [1, /expires in 1 day, on 2026-11-22/],
    [0.5, /expires within a day, on 2026-11-21/],
    [0, /has expired on 2026-11-21 and clients refuse it/],
    [-40, /has expired on 2026-10-12/],
  ];
  for (const [days, sentence] of cases) {
    it(`${days} days before its end: ${sentence?.source ?? "nothing"}`, () => {
      const said = expirySentence(after(days), NOW);
      if (sentence) assert.match(said ?? "", sentence);
      else assert.equal(said, undefined);
    });
  }
});

describe("the watch of certificates", () => {
  it("warns at the start and daily, each file once, until the file is replaced", () => {
    const clock = new FakeClock(NOW);
    const log = new MemoryLog();
    let changes = 0;
    let current = [after(1.5), after(1.5)];
    const watch = new ExpiryWatch({
      certificates: () => current,
      log,
      clock,
      onChange: () => (changes += 1),
    });
    assert.equal(log.messages("warn").length, 1);
    clock.advance(DAY_MS);
    assert.equal(log.messages("warn").length, 2);
    clock.advance(DAY_MS);
    assert.equal(log.messages("error").length, 1);
    assert.match(watch.trouble ?? "", /has expired/);
    current = [after(400)];
    watch.look();
    assert.equal(watch.trouble, undefined);
    assert.equal(changes, 4, "the first sentence, a day less, expired, none");
    void watch.close();
    assert.equal(clock.pendingCount, 0);
  });
});
