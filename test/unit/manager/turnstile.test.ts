import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Turnstile } from "../../../src/manager/turnstile.ts";

describe("Turnstile", () => {
  it("runs actions one after the other in the order of arrival", async () => {
    const turnstile = new Turnstile(1, 10);
    const told: string[] = [];
    const action = (name: string) => async () => {
      told.push(`${name} begins`);
      await Promise.resolve();
      told.push(`${name} ends`);
    };
    await Promise.all([turnstile.run(action("a")), turnstile.run(action("b"))]);
    assert.deepEqual(told, ["a begins", "a ends", "b begins", "b ends"]);
  });

  it("lets the next one in when an action fails", async () => {
    const turnstile = new Turnstile(1, 10);
    const failing = turnstile.run(() => Promise.reject(new Error("no")));
    const next = turnstile.run(() => Promise.resolve("yes"));
    await assert.rejects(failing, /no/);
    assert.equal(await next, "yes");
  });

  it("turns away who comes when the line is full", async () => {
    const turnstile = new Turnstile(1, 1);
    const { promise, resolve } = Promise.withResolvers<void>();
    const inside = turnstile.run(() => promise);
    const waiting = turnstile.run(() => Promise.resolve());
    await assert.rejects(
      turnstile.run(() => Promise.resolve()),
      { code: "MANAGER_BUSY" },
    );
    resolve();
    await Promise.all([inside, waiting]);
  });
});
