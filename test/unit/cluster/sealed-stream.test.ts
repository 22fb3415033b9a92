/** Streams between members: who understands whom, what strangers see, and messages over them in order. */
import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";
import { type Duplex, duplexPair } from "node:stream";
import { describe, it } from "node:test";
import { acceptStream, openStream } from "../../../src/cluster/swim/sealed-stream.ts";

const KEY = randomBytes(32);
const party = (...keys: Buffer[]) => ({ ownId: randomUUID(), domain: "d", keys });

async function streams(client = party(KEY), server = party(KEY)) {
  const [near, far]: [Duplex, Duplex] = duplexPair();
  const [opened, accepted] = await Promise.all([
    openStream(near, client),
    acceptStream(far, server),
  ]);
  return { opened, accepted, near, far, client };
}

describe("a sealed stream", () => {
  it("carries frames of every size in both directions, and knows who is there", async () => {
    const { opened, accepted, client } = await streams();
    assert.equal(accepted.peerId, client.ownId);
    for (const bytes of [0, 1, 70_000, 1_048_576]) {
      const content = randomBytes(bytes);
      for (const [from, to] of [
        [opened, accepted],
        [accepted, opened],
      ] as const) {
        const [, read] = await Promise.all([from.write(content), to.read()]);
        assert.ok(read?.equals(content));
      }
    }
  });

  it("opens with any of the keys while a secret is being rotated", async () => {
    const newer = randomBytes(32);
    const { opened, accepted } = await streams(party(KEY), party(newer, KEY));
    await opened.write(Buffer.from("x"));
    assert.equal(String(await accepted.read()), "x");
    await accepted.write(Buffer.from("y"));
    assert.equal(String(await opened.read()), "y");
  });

  it("refuses another key, another domain, and a frame that was changed", async () => {
    for (const stranger of [party(randomBytes(32)), { ...party(KEY), domain: "e" }]) {
      const { opened, accepted } = await streams(stranger);
      await opened.write(Buffer.from("x"));
      await assert.rejects(accepted.read(), { isForeign: true });
    }
    const { accepted, near } = await streams();
    near.write(Buffer.concat([Buffer.from([0, 0, 0, 17]), randomBytes(17)]));
    await assert.rejects(accepted.read(), /does not authenticate/);
  });

  it("does not wait for a frame that is larger than agreed", async () => {
    const { accepted, near } = await streams();
    near.write(Buffer.from([0x7f, 0xff, 0xff, 0xff]));
    await assert.rejects(accepted.read(), /a frame of 2147483647 bytes/);
  });

  it("gives nothing to who says something else", async () => {
    const [near, far] = duplexPair();
    near.end("GET / HTTP/1.1\r\nhost: x\r\nuser-agent: somebody\r\n\r\n");
    await assert.rejects(acceptStream(far, party(KEY)), { isForeign: true });
    assert.equal(near.read(), null);
  });
});
