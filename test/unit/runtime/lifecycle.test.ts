import assert from "node:assert/strict";
import { test } from "node:test";
import { CLOSE_MS_MAX, Lifecycle } from "../../../src/runtime/lifecycle.ts";
import { FakeClock } from "../../helpers/fake-clock.ts";

test("closes the parts in reverse order of their start, once", async () => {
  const order: string[] = [];
  const lifecycle = new Lifecycle(new FakeClock(), () => {});
  for (const name of ["a", "b", "c"]) {
    lifecycle.add(name, { close: async () => void order.push(name) });
  }
  await Promise.all([lifecycle.close(), lifecycle.close()]);
  assert.deepEqual(order, ["c", "b", "a"]);
});

test("goes on when a part fails to close, and says which", async () => {
  const said: string[] = [];
  const order: string[] = [];
  const lifecycle = new Lifecycle(new FakeClock(), (sentence) => said.push(sentence));
  lifecycle.add("first", { close: async () => void order.push("first") });
  lifecycle.add("second", { close: () => Promise.reject(new Error("stuck")) });
  await lifecycle.close();
  assert.deepEqual(order, ["first"]);
  assert.match(said.join(), /second failed to close: .*stuck/);
});

test("leaves a part behind that does not close in time", async () => {
  const clock = new FakeClock();
  const said: string[] = [];
  const lifecycle = new Lifecycle(clock, (sentence) => said.push(sentence));
  lifecycle.add("hanging", { close: () => new Promise(() => {}) });
  const closed = lifecycle.close();
  clock.advance(CLOSE_MS_MAX);
  await closed;
  assert.match(said.join(), /hanging did not close within 10 s/);
});
