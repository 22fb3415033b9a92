import assert from "node:assert/strict";
import { test } from "node:test";
import { MediationWorld, proxy } from "../mediation-world.ts";

async function answerOf(flow: string): Promise<string> {
  return (await new MediationWorld(proxy(`${flow}<respond/>`)).ask()).text;
}

test("a header block is added to those of its name, and removing takes all of them", async () => {
  const set = (value: string): string => `<header xmlns:m="urn:m" name="m:H" value="${value}"/>`;
  const blocks = '<m:H xmlns:m="urn:m">1</m:H><m:H xmlns:m="urn:m">2</m:H>';
  assert.ok((await answerOf(set("1") + set("2"))).includes(blocks));
  const removed = await answerOf(
    `${set("1")}${set("2")}<header xmlns:m="urn:m" name="m:H" action="remove"/>`,
  );
  assert.ok(!removed.includes("urn:m"), removed);
});

test("every element inside a header mediator becomes a header block", async () => {
  const flow = '<header><m:A xmlns:m="urn:m">1</m:A><m:B xmlns:m="urn:m">2</m:B></header>';
  assert.match(await answerOf(flow), /<m:A xmlns:m="urn:m">1<\/m:A><m:B xmlns:m="urn:m">2<\/m:B>/);
});
