/** What is overwritten after a write arrives as it was, however late the receiver takes it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { SendSlabs } from "../../../../src/net/http1/send-slabs.ts";
import { FakeSocket } from "../../../helpers/fake-socket.ts";
import { settled } from "../../../helpers/memory-files.ts";

function write(slabs: SendSlabs, socket: FakeSocket, letter: string, bytes: number): string {
  const data = Buffer.alloc(bytes, letter);
  slabs.write(socket, `${letter}:`, data);
  data.fill("!");
  return `${letter}:${letter.repeat(bytes)}`;
}

test("slabs that are on their way are not written over, those that are back are", async () => {
  const slabs = new SendSlabs();
  const slow = new FakeSocket();
  slow.room = 0;
  const quick = new FakeSocket();
  // More than there are slabs, and more than fits into one.
  const sizes = Array.from({ length: 20 }, () => 1_000);
  const expected = [...sizes, 300 * 1024].map((bytes) => write(slabs, slow, "s", bytes));
  const others: string[] = [];
  for (let round = 0; round < 40; round++) {
    others.push(write(slabs, quick, "q", 2_000));
    await settled();
  }
  slow.takes();
  await settled();
  assert.equal(slow.text, expected.join(""));
  assert.equal(quick.text, others.join(""));
});

test("a slab is used again once the system has taken what was in it", async () => {
  const slabs = new SendSlabs();
  const written = new Set<ArrayBufferLike>();
  const socket = new FakeSocket();
  const plain = socket.write.bind(socket);
  socket.write = ((chunk: Buffer, done: () => void) => {
    written.add(chunk.buffer);
    return plain(chunk, done);
  }) as typeof socket.write;
  for (let round = 0; round < 10; round++) {
    write(slabs, socket, "x", 1_000);
    await settled();
  }
  assert.equal(written.size, 1);
});
