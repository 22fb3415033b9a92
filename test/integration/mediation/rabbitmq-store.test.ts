import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { connect } from "amqplib";
import { StoreFailure } from "../../../src/mediation/stores/message-store.ts";
import { RabbitMqStore } from "../../../src/mediation/stores/rabbitmq-store.ts";
import { MemoryLog } from "../../helpers/memory-log.ts";
import {
  freePort,
  missing,
  RABBITMQ,
  startRabbitMq,
  type TestServer,
} from "../../helpers/test-server.ts";
import { startSilentLink } from "../../helpers/silent-link.ts";
import { checkStore, drain, stored, surroundings } from "./store-contract.ts";

const skip = missing(RABBITMQ);
let server: TestServer | undefined;

before(async () => {
  if (skip === false) server = await startRabbitMq();
});

after(async () => {
  await server?.stop();
});

interface Place {
  readonly queue: string;
  readonly exchange?: string;
  readonly capacity?: number;
  readonly port?: number;
}

function storeAt(place: Place, log = new MemoryLog()): RabbitMqStore {
  const { queue, exchange, capacity = 100, port = server?.port ?? 0 } = place;
  const settings = {
    host: "127.0.0.1",
    port,
    username: "guest",
    password: "guest",
    virtualHost: "/",
    queue,
    exchange,
    routeKey: "route",
    tls: false,
  };
  return new RabbitMqStore(
    { name: "S", capacity, failoverStore: undefined },
    settings,
    surroundings(log),
  );
}

test("a store in RabbitMQ keeps messages in order, one consumer a message", { skip }, async () => {
  const store = storeAt({ queue: "order" });
  try {
    await checkStore(store, () => storeAt({ queue: "order" }));
  } finally {
    await store.close();
  }
});

test("messages go through an exchange where one is named", { skip }, async () => {
  const store = storeAt({ queue: "routed", exchange: "ex" });
  try {
    await store.add(stored("a"));
    assert.deepEqual(await drain(store, "one"), ["a"]);
  } finally {
    await store.close();
  }
});

test("a message that a dead node had in hand comes back", { skip }, async () => {
  const [first, second] = [storeAt({ queue: "dead" }), storeAt({ queue: "dead" })];
  try {
    for (const id of ["a", "b"]) await first.add(stored(id));
    assert.equal((await first.consumer("F:0").receive())?.id, "a");
    await first.close();
    assert.deepEqual(await drain(second, "F:0"), ["a", "b"]);
  } finally {
    await second.close();
  }
});

test("a full queue refuses, and what somebody else wrote is left out", { skip }, async () => {
  const log = new MemoryLog();
  const store = storeAt({ queue: "full", capacity: 2 }, log);
  const foreign = await connect(`amqp://127.0.0.1:${server?.port ?? 0}`);
  try {
    await store.add(stored("a"));
    const channel = await foreign.createConfirmChannel();
    channel.sendToQueue("full", Buffer.from("<foreign/>"));
    await channel.waitForConfirms();
    await assert.rejects(store.add(stored("b")), /store S is full/);
    assert.deepEqual(await drain(store, "one"), ["a"]);
    assert.ok(log.messages("error").some((line) => /did not write/.test(line)));
  } finally {
    await foreign.close();
    await store.close();
  }
});

test("a broker that is away is a failure", async () => {
  const store = storeAt({ queue: "away", port: await freePort() });
  await assert.rejects(store.add(stored("a")), StoreFailure);
  await store.close();
});

test(
  "a broker that falls silent holds no stop up, and has the message again",
  { skip },
  async () => {
    const link = await startSilentLink(server?.port ?? 0);
    const [store, other] = [
      storeAt({ queue: "silent", port: link.port }),
      storeAt({ queue: "silent" }),
    ];
    try {
      await store.add(stored("a"));
      const consumer = store.consumer("F:0");
      assert.equal((await consumer.receive())?.id, "a");
      link.silence();
      const beganMs = Date.now();
      await consumer.release(true);
      await store.close();
      assert.ok(Date.now() - beganMs < 6_000, "both are bounded");
      assert.deepEqual(await drain(other, "F:0"), ["a"]);
    } finally {
      await other.close();
      await link.close();
    }
  },
);

test(
  "a publisher whose connection breaks says so, and not that the queue is full",
  { skip },
  async () => {
    const link = await startSilentLink(server?.port ?? 0);
    const store = storeAt({ queue: "broken", port: link.port });
    try {
      await store.add(stored("a"));
      link.silence();
      const added = assert.rejects(store.add(stored("b")), (error) => {
        assert.ok(error instanceof StoreFailure);
        return /failed: /.test(error.message) && !/full/.test(error.message);
      });
      await new Promise((resolve) => void setTimeout(resolve, 50));
      await link.close();
      await added;
    } finally {
      await store.close();
    }
  },
);
