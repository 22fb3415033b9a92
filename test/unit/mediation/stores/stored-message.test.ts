import assert from "node:assert/strict";
import { test } from "node:test";
import { MessageQueue } from "../../../../src/mediation/stores/memory-store.ts";
import {
  decodeStored,
  encodeStored,
  type StoredMessage,
} from "../../../../src/mediation/stores/stored-message.ts";

function stored(id: string): StoredMessage {
  return {
    id,
    target: "/services/P?x=1",
    method: "POST",
    transport: "http",
    headers: [["Content-Type", "application/json"]],
    addressing: { To: "/services/P" },
    properties: [
      ["long", { long: "9007199254740993" }],
      ["xml", { xml: ["<a/>"] }],
    ],
    axis2: [],
    axis2Client: [],
    body: { kind: "json", text: '{"a":1}' },
  };
}

test("a stored message survives its JSON form", () => {
  const message = stored("1");
  const { bascule, ...rest } = JSON.parse(encodeStored(message)) as Record<string, unknown>;
  assert.equal(bascule, 1);
  assert.deepEqual(rest, message);
  assert.deepEqual(decodeStored(encodeStored(message))?.properties, message.properties);
});

test("what somebody else wrote is no stored message", () => {
  for (const text of ["", "null", "[]", '{"a":1}', '{"bascule":1}', '{"bascule":2}', "<xml/>"])
    assert.equal(decodeStored(text), undefined, text);
});

test("a queue gives each message to one consumer and takes it back in front", () => {
  const queue = new MessageQueue();
  for (let index = 0; index < 3_000; index += 1) queue.push(stored(String(index)));
  assert.equal(queue.take("one")?.id, "0");
  assert.equal(queue.take("one")?.id, "0", "until it is acknowledged");
  assert.equal(queue.take("two")?.id, "1");
  queue.acknowledge("two");
  queue.release("one");
  assert.equal(queue.take("two")?.id, "0");
  queue.acknowledge("two");
  for (let index = 2; index < 3_000; index += 1) {
    assert.equal(queue.take("two")?.id, String(index));
    queue.acknowledge("two");
  }
  assert.equal(queue.take("two"), undefined);
  assert.equal(queue.size, 0);
  assert.equal(queue.bytes, 0);
});
