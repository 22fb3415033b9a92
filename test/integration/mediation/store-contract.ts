/** What every shared store has to do, whatever server is behind it. */
import assert from "node:assert/strict";
import type { MessageStore } from "../../../src/mediation/stores/message-store.ts";
import { MemoryQueues } from "../../../src/mediation/stores/memory-store.ts";
import type { StoreSurroundings } from "../../../src/mediation/stores/store-definition.ts";
import type { StoredMessage } from "../../../src/mediation/stores/stored-message.ts";
import { systemClock } from "../../../src/runtime/clock.ts";
import { MemoryLog } from "../../helpers/memory-log.ts";

export function surroundings(log = new MemoryLog()): StoreSurroundings {
  return { queues: new MemoryQueues(), log, clock: systemClock };
}

export function stored(id: string): StoredMessage {
  return {
    id,
    target: "/services/P",
    method: "POST",
    transport: "http",
    headers: [["Content-Type", "text/xml"]],
    addressing: {},
    properties: [["text", "ä"]],
    axis2: [],
    axis2Client: [],
    body: { kind: "json", text: `{"id":"${id}"}` },
  };
}

/** Takes everything that is left. */
export async function drain(store: MessageStore, consumer: string): Promise<readonly string[]> {
  const taker = store.consumer(consumer);
  const ids: string[] = [];
  for (let message = await taker.receive(); message; message = await taker.receive()) {
    ids.push(message.id);
    await taker.acknowledge();
  }
  await taker.release(true);
  return ids;
}

/** `reopen` gives the same store as another node sees it. The store is to be empty. */
export async function checkStore(store: MessageStore, reopen: () => MessageStore): Promise<void> {
  for (const id of ["a", "b", "c"]) await store.add(stored(id));
  const one = store.consumer("one");
  assert.equal((await one.receive())?.id, "a");
  assert.equal((await one.receive())?.id, "a", "until it is acknowledged");
  const two = store.consumer("two");
  const inHand = await two.receive();
  assert.deepEqual(inHand?.properties, [["text", "ä"]]);
  assert.equal(inHand.id, "b", "none gets what another has in hand");
  await one.acknowledge();
  await two.release(true);
  const other = reopen();
  try {
    assert.deepEqual(await drain(other, "one"), ["b", "c"], "given back in front");
  } finally {
    await other.close();
  }
  await one.release(true);
}
