import assert from "node:assert/strict";
import { test } from "node:test";
import { PieceQueue } from "../../../../src/gateway/spool/piece-queue.ts";

test("joins small chunks, so that a byte a chunk does not cost an object a byte", () => {
  const queue = new PieceQueue();
  for (let at = 0; at < 10_000; at++) queue.push(Buffer.from([at & 0xff]));
  assert.equal(queue.byteCount, 10_000);
  const pieces: Buffer[] = [];
  for (let piece = queue.shift(); piece; piece = queue.shift()) pieces.push(piece);
  assert.equal(pieces.length, 3);
  assert.ok(Buffer.concat(pieces).every((byte, at) => byte === (at & 0xff)));
});

test("a piece that was shifted does not change any more", () => {
  const queue = new PieceQueue();
  queue.push(Buffer.from("ab"));
  queue.push(Buffer.from("cd"));
  const first = queue.shift();
  queue.push(Buffer.from("ef"));
  queue.push(Buffer.from("gh"));
  assert.equal(String(first), "abcd");
  assert.equal(String(queue.shift()), "efgh");
  assert.equal(queue.shift(), undefined);
});

test("keeps its order and its count over many pieces that come and go", () => {
  const queue = new PieceQueue();
  let next = 0;
  for (let at = 0; at < 2_000; at++) {
    queue.push(Buffer.alloc(3_000, at & 0xff));
    if (at < 5) continue;
    assert.equal(queue.shift()?.[0], next++ & 0xff);
    assert.equal(queue.byteCount, 15_000);
  }
  assert.equal(queue.takeAll().length, 15_000);
  assert.equal(queue.byteCount, 0);
});
