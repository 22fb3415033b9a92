import assert from "node:assert/strict";
import { test } from "node:test";
import type { AppError } from "../../../../src/errors/app-error.ts";
import { OverflowQueue, SLACK_BYTES } from "../../../../src/gateway/spool/overflow-queue.ts";
import { TempFiles } from "../../../../src/gateway/spool/temp-file.ts";
import { MemoryFiles, settled } from "../../../helpers/memory-files.ts";

function queueOn(disk: MemoryFiles, memoryBytes: number, fileBytesMax: number) {
  const said: string[] = [];
  const errors: AppError[] = [];
  const queue = new OverflowQueue({ memoryBytes, fileBytesMax }, new TempFiles("/tmp", disk), {
    onRoom: () => said.push("room"),
    onReadable: () => said.push("readable"),
    onError: (error) => errors.push(error),
  });
  return { queue, said, errors };
}

/** Everything that can be had now. */
function shiftAll(queue: OverflowQueue): string {
  let text = "";
  for (let piece = queue.shift(); piece; piece = queue.shift()) text += piece.toString("latin1");
  return text;
}

/** Everything, waiting for the disk. */
async function drain(queue: OverflowQueue): Promise<string> {
  let text = "";
  for (let turn = 0; turn < 100 && !queue.isEmpty; turn++) {
    text += shiftAll(queue);
    await settled();
  }
  return text;
}

test("without a file it is full at its bound and has room again at half of it", async () => {
  const disk = new MemoryFiles();
  const { queue, said } = queueOn(disk, 8000, 0);
  queue.push(Buffer.alloc(3000, "a"));
  assert.equal(queue.isFull, false);
  queue.push(Buffer.alloc(3000, "b"));
  queue.push(Buffer.alloc(3000, "c"));
  assert.equal(queue.isFull, true);
  assert.equal(queue.shift()?.[0], 0x61);
  assert.equal(queue.isFull, true);
  assert.deepEqual(said, []);
  queue.shift();
  await settled();
  assert.equal(queue.isFull, false);
  assert.deepEqual(said, ["room"]);
  queue.shift();
  assert.equal(queue.isEmpty, true);
  assert.equal(queue.shift(), undefined);
  assert.deepEqual(said, ["room"]);
  assert.deepEqual(disk.operations, []);
});

test("a producer that pushes as soon as there is room does not overtake the piece that was shifted", async () => {
  const sent: string[] = [];
  let isEmptyAtRoom: boolean | undefined;
  const queue = new OverflowQueue({ memoryBytes: 4, fileBytesMax: 0 }, new TempFiles("/tmp"), {
    onRoom: () => {
      isEmptyAtRoom = queue.isEmpty;
      sent.push("second");
    },
    onReadable: () => assert.fail("nothing was on a disk"),
    onError: (error) => assert.fail(error),
  });
  queue.push(Buffer.from("first"));
  assert.equal(queue.isFull, true);
  sent.push(String(queue.shift()));
  await settled();
  assert.equal(isEmptyAtRoom, true);
  assert.deepEqual(sent, ["first", "second"]);
});

test("copies chunks: the buffer that they came in may be overwritten", async () => {
  const { queue } = queueOn(new MemoryFiles(), 4, 1000);
  const received = Buffer.alloc(3);
  for (const word of ["abc", "def", "ghi"]) {
    received.write(word);
    queue.push(received);
  }
  received.fill("x");
  assert.equal(await drain(queue), "abcdefghi");
});

test("what alone is larger than the memory needs no file", () => {
  const disk = new MemoryFiles();
  const { queue } = queueOn(disk, 4, 1000);
  queue.push(Buffer.from("larger than four"));
  assert.equal(shiftAll(queue), "larger than four");
  assert.deepEqual(disk.operations, []);
});

test("opens a file only when the memory is used up, and is full until it is open", async () => {
  const disk = new MemoryFiles();
  const { queue, said } = queueOn(disk, 10, 1000);
  queue.push(Buffer.from("0123456789"));
  assert.deepEqual(disk.operations, []);
  disk.hold();
  queue.push(Buffer.from("abc"));
  assert.equal(queue.isFull, true);
  queue.push(Buffer.from("def"));
  disk.release();
  await settled();
  assert.equal(queue.isFull, false);
  assert.deepEqual(said, ["room"]);
  assert.deepEqual(disk.operations.slice(2), ["write 0+6", "read 0+6"]);
  assert.equal(await drain(queue), "0123456789abcdef");
});

test("needs no disk when the client catches up while the file is opened", async () => {
  const disk = new MemoryFiles();
  const { queue } = queueOn(disk, 4, 1000);
  queue.push(Buffer.from("abcd"));
  disk.hold();
  queue.push(Buffer.from("efgh"));
  assert.equal(shiftAll(queue), "abcdefgh");
  disk.release();
  await settled();
  assert.deepEqual(
    disk.operations.filter((operation) => operation.startsWith("write")),
    [],
  );
});

test("tells when a piece is back from the disk, and reads ahead one piece", async () => {
  const disk = new MemoryFiles();
  const { queue, said } = queueOn(disk, 64 * 1024, 1_000_000);
  for (const letter of "abcd") {
    queue.push(Buffer.alloc(64 * 1024, letter));
    await settled();
  }
  assert.deepEqual(said, ["room"]);
  assert.equal(disk.operations.filter((operation) => operation.startsWith("read")).length, 0);
  disk.hold();
  assert.equal(queue.shift()?.[0], 0x61);
  assert.equal(queue.shift(), undefined);
  assert.equal(queue.isEmpty, false);
  disk.release();
  await settled();
  assert.deepEqual(said, ["room", "readable"]);
  assert.deepEqual(
    disk.operations.filter((operation) => operation.startsWith("read")),
    ["read 0+65536"],
  );
  assert.equal(queue.shift()?.[0], 0x62);
  await settled();
  assert.equal(queue.shift()?.[0], 0x63);
});

test("uses the file from its start again once it has been read up", async () => {
  const disk = new MemoryFiles();
  const { queue } = queueOn(disk, 4, 1000);
  for (let round = 0; round < 3; round++) {
    for (const word of ["aaaa", "bbbb", "cccc"]) queue.push(Buffer.from(word));
    await settled();
    assert.equal(await drain(queue), "aaaabbbbcccc");
  }
  const writes = disk.operations.filter((operation) => operation.startsWith("write"));
  assert.deepEqual(writes, ["write 0+8", "write 0+4", "write 4+4", "write 0+4", "write 4+4"]);
});

test("is full while too much waits for the disk", async () => {
  const disk = new MemoryFiles();
  const { queue, said } = queueOn(disk, 4, 10_000_000);
  queue.push(Buffer.from("abcd"));
  queue.push(Buffer.from("e"));
  await settled();
  said.length = 0;
  disk.hold();
  queue.push(Buffer.alloc(SLACK_BYTES, "f"));
  assert.equal(queue.isFull, false);
  queue.push(Buffer.from("g"));
  assert.equal(queue.isFull, true);
  disk.release();
  await settled();
  assert.equal(queue.isFull, false);
  assert.ok(said.includes("room"));
  assert.equal((await drain(queue)).length, SLACK_BYTES + 6);
});

test("is full at the bound of the file until that has been read up, and never writes beyond it", async () => {
  const disk = new MemoryFiles();
  const { queue, said } = queueOn(disk, 100_000, 250_000);
  for (const letter of "abc") queue.push(Buffer.alloc(100_000, letter));
  await settled();
  assert.equal(queue.isFull, false);
  queue.push(Buffer.alloc(100_000, "d"));
  await settled();
  assert.equal(queue.isFull, true);
  said.length = 0;
  const text = await drain(queue);
  assert.equal(text, ["a", "b", "c", "d"].map((letter) => letter.repeat(100_000)).join(""));
  assert.equal(queue.isFull, false);
  assert.ok(said.includes("room"));
  const writes = disk.operations.filter((operation) => operation.startsWith("write"));
  assert.deepEqual(writes, ["write 0+200000", "write 0+100000"]);
});

test("a failing disk is told once, and the queue is never taken for sent", async () => {
  const faults = [
    { capacityBytes: 3 },
    { failing: { operation: "openNew", code: "EACCES" } },
    { failing: { operation: "read", code: "EIO" } },
  ] as const;
  for (const fault of faults) {
    const disk = new MemoryFiles(fault);
    const { queue, errors, said } = queueOn(disk, 4, 1000);
    for (const word of ["aaaa", "bbbb", "cccc"]) queue.push(Buffer.from(word));
    await settled();
    await drain(queue);
    assert.deepEqual(
      errors.map((error) => error.code),
      ["TEMP_FILE_FAILED"],
    );
    assert.equal(queue.isEmpty, false);
    assert.equal(queue.isFull, true);
    assert.equal(queue.shift(), undefined);
    queue.push(Buffer.from("more"));
    said.length = 0;
    await settled();
    assert.deepEqual(said, []);
    assert.equal(disk.openCount, 0);
  }
});

test("dispose closes the file while it is opened, written or read, and tells nothing afterwards", async () => {
  for (const turns of [0, 1, 2, 3, 4, 5, 6]) {
    const disk = new MemoryFiles();
    const { queue, said, errors } = queueOn(disk, 4, 1000);
    for (const word of ["aaaa", "bbbb", "cccc"]) queue.push(Buffer.from(word));
    for (let turn = 0; turn < turns; turn++) await Promise.resolve();
    disk.hold();
    queue.shift();
    queue.dispose();
    queue.dispose();
    said.length = 0;
    disk.release();
    await settled();
    assert.deepEqual(said, []);
    assert.deepEqual(errors, []);
    assert.equal(disk.openCount, 0);
    assert.equal(queue.shift(), undefined);
    assert.equal(queue.isEmpty, true);
  }
});
