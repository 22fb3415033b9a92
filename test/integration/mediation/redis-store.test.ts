import assert from "node:assert/strict";
import { test } from "node:test";
import { Redis } from "ioredis";
import { StoreFailure } from "../../../src/mediation/stores/message-store.ts";
import { RedisStore } from "../../../src/mediation/stores/redis-store.ts";
import { MemoryLog } from "../../helpers/memory-log.ts";
import { freePort, missing, REDIS, startRedis } from "../../helpers/test-server.ts";
import { checkStore, drain, stored, surroundings } from "./store-contract.ts";

const skip = missing(REDIS);

function storeAt(port: number, capacity = 100, log = new MemoryLog()): RedisStore {
  const settings = {
    host: "127.0.0.1",
    port,
    username: undefined,
    password: undefined,
    database: 0,
    key: "k",
    tls: false,
  };
  return new RedisStore(
    { name: "S", capacity, failoverStore: undefined },
    settings,
    surroundings(log),
  );
}

test("a store in Redis keeps messages in order, one consumer a message", { skip }, async () => {
  const server = await startRedis();
  const store = storeAt(server.port);
  try {
    await checkStore(store, () => storeAt(server.port));
  } finally {
    await store.close();
    await server.stop();
  }
});

test("a message that a dead node had in hand comes to the next holder", { skip }, async () => {
  const server = await startRedis();
  const [first, second] = [storeAt(server.port), storeAt(server.port)];
  try {
    for (const id of ["a", "b"]) await first.add(stored(id));
    assert.equal((await first.consumer("F:0").receive())?.id, "a");
    await first.close();
    assert.deepEqual(await drain(second, "F:0"), ["a", "b"]);
  } finally {
    await second.close();
    await server.stop();
  }
});

test(
  "a node that stood still takes nothing away that the next holder has in hand",
  { skip },
  async () => {
    const server = await startRedis();
    const [first, second] = [storeAt(server.port), storeAt(server.port)];
    try {
      for (const id of ["a", "b"]) await first.add(stored(id));
      const [stale, holder] = [first.consumer("F:0"), second.consumer("F:0")];
      await stale.receive();
      await holder.receive();
      await holder.acknowledge();
      assert.equal((await holder.receive())?.id, "b");
      await stale.acknowledge();
      await stale.release(false);
      assert.equal((await holder.receive())?.id, "b");
    } finally {
      await Promise.all([first, second].map((store) => store.close()));
      await server.stop();
    }
  },
);

test("a full list is refused, and a foreign text is put aside", { skip }, async () => {
  const server = await startRedis();
  const log = new MemoryLog();
  const store = storeAt(server.port, 2, log);
  const redis = new Redis(server.port, "127.0.0.1");
  try {
    await redis.rpush("k", "<foreign/>");
    await store.add(stored("a"));
    await assert.rejects(store.add(stored("b")), /store S is full: it holds 2 messages/);
    assert.deepEqual(await drain(store, "one"), ["a"]);
    assert.deepEqual(await redis.lrange("k:unreadable", 0, -1), ["<foreign/>"]);
    assert.ok(log.messages("error").some((line) => /did not write/.test(line)));
  } finally {
    redis.disconnect();
    await store.close();
    await server.stop();
  }
});

test(
  "a server that is away is a failure, and the store works when it is back",
  { skip },
  async () => {
    const port = await freePort();
    const store = storeAt(port);
    await assert.rejects(store.add(stored("a")), (error) => {
      assert.ok(error instanceof StoreFailure);
      assert.match(error.message, /message store S \(Redis at 127\.0\.0\.1:\d+\) failed/);
      return true;
    });
    const server = await startRedis(port);
    await store.add(stored("b"));
    await server.stop();
    await assert.rejects(store.add(stored("c")), StoreFailure);
    const again = await startRedis(port);
    try {
      await store.add(stored("d"));
      assert.deepEqual(await drain(store, "one"), ["d"]);
    } finally {
      await store.close();
      await again.stop();
    }
  },
);
