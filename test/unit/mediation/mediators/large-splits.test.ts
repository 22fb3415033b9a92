import assert from "node:assert/strict";
import { test } from "node:test";
import { MediationWorld, proxy, soap } from "../mediation-world.ts";

const AGGREGATE =
  '<aggregate><completeCondition><messageCount/></completeCondition><onComplete expression="//i"><respond/></onComplete></aggregate>';

/** Milliseconds, and the items that come back. */
async function splitAndJoin(count: number): Promise<{ ms: number; items: number }> {
  const mediator = `<iterate expression="//i"><target><sequence>${AGGREGATE}</sequence></target></iterate>`;
  const world = new MediationWorld(proxy(mediator));
  const startMs = performance.now();
  const { text } = await world.ask({ body: soap(`<a>${"<i>5</i>".repeat(count)}</a>`) });
  return { ms: performance.now() - startMs, items: text.split("<i>").length - 1 };
}

test("all copies of a split come together, also when they are more than a group by expression holds", async () => {
  assert.equal((await splitAndJoin(12_000)).items, 12_000);
});

test("the time of splitting and joining grows with the number of items and not with its square", async () => {
  await splitAndJoin(1_000);
  const [few, many] = [await splitAndJoin(1_500), await splitAndJoin(15_000)];
  // Ten times as many: a hundred times as long where each item looks at all others.
  assert.ok(many.ms < few.ms * 45 + 500, `${few.ms} ms and ${many.ms} ms`);
});
