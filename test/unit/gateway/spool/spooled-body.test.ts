import assert from "node:assert/strict";
import { test } from "node:test";
import type { BodyReader } from "../../../../src/gateway/spool/body-reader.ts";
import { SpooledBody } from "../../../../src/gateway/spool/spooled-body.ts";
import { TempFiles } from "../../../../src/gateway/spool/temp-file.ts";
import { MemoryFiles, settled } from "../../../helpers/memory-files.ts";

async function readAll(reader: BodyReader): Promise<string> {
  let text = "";
  for (;;) {
    const piece = await reader.read();
    if (!piece) return text;
    text += piece.toString("latin1");
  }
}

function bodyOn(
  disk: MemoryFiles,
  memoryBytes: number,
  inFileOnly: "off" | "clean" | "on" = "off",
) {
  return new SpooledBody({ files: new TempFiles("/tmp", disk), memoryBytes, inFileOnly });
}

test("keeps a body up to the bound in memory and reads it at once, as often as wanted", () => {
  const disk = new MemoryFiles();
  const body = bodyOn(disk, 10);
  assert.equal(body.append(Buffer.from("hello")), undefined);
  assert.equal(body.append(Buffer.from("w\xf6rld", "latin1")), undefined);
  assert.equal(body.seal(), undefined);
  assert.equal(body.byteCount, 10);
  assert.equal(body.isInFile, false);
  assert.equal(body.text, "hellow\xf6rld");
  assert.equal(Buffer.concat(body.chunks).toString("latin1"), "hellow\xf6rld");
  for (let time = 0; time < 3; time++) {
    const reader = body.reader();
    const piece = reader.read();
    assert.ok(Buffer.isBuffer(piece));
    assert.equal(piece.toString("latin1"), "hellow\xf6rld");
    assert.equal(reader.read(), undefined);
  }
  assert.deepEqual(disk.operations, []);
});

test("copies chunks: the buffer that they came in may be overwritten", async () => {
  const disk = new MemoryFiles();
  const body = bodyOn(disk, 4);
  const received = Buffer.from("abc");
  void body.append(received);
  received.fill("x");
  assert.equal(body.text, "abc");
  received.write("def");
  disk.hold();
  const written = body.append(received);
  received.fill("x");
  disk.release();
  await written;
  await body.seal();
  assert.equal(await readAll(body.reader()), "abcdef");
});

test("puts the whole body into one file when it is larger than the bound", async () => {
  const disk = new MemoryFiles({ shortBytes: 3 });
  const body = bodyOn(disk, 4);
  for (const word of ["one", "two", "three", "four"]) await body.append(Buffer.from(word));
  await body.seal();
  assert.equal(body.isInFile, true);
  assert.equal(body.text, "");
  assert.deepEqual(body.chunks, []);
  assert.equal(body.filePath, "/tmp/0000000001");
  assert.equal(body.byteCount, 15);
  const [first, second] = [body.reader(), body.reader()];
  assert.deepEqual(await Promise.all([readAll(first), readAll(second)]), [
    "onetwothreefour",
    "onetwothreefour",
  ]);
  assert.equal(disk.operations.filter((operation) => operation.startsWith("open")).length, 1);
});

test("makes the writer wait for the disk", async () => {
  const disk = new MemoryFiles();
  const body = bodyOn(disk, 2);
  disk.hold();
  let over = false;
  const written = body.append(Buffer.from("abc"))?.then(() => (over = true));
  assert.ok(written);
  await settled();
  assert.equal(over, false);
  disk.release();
  await written;
  assert.equal(over, true);
});

test("reads from a file in pieces of 64 KB at most", async () => {
  const body = bodyOn(new MemoryFiles(), 16);
  await body.append(Buffer.alloc(150_000, "a"));
  await body.seal();
  const reader = body.reader();
  const lengths: number[] = [];
  for (let piece = await reader.read(); piece; piece = await reader.read())
    lengths.push(piece.length);
  assert.deepEqual(lengths, [65_536, 65_536, 150_000 - 131_072]);
});

test("lets a reader wait for the last write, whether or not the caller of seal has", async () => {
  const disk = new MemoryFiles();
  const body = bodyOn(disk, 4);
  await body.append(Buffer.from("12345"));
  void body.append(Buffer.from("6"));
  void body.seal();
  assert.equal(await readAll(body.reader()), "123456");
});

test("an empty body has no file and no pieces", () => {
  const body = bodyOn(new MemoryFiles(), 4);
  assert.equal(body.seal(), undefined);
  assert.equal(body.reader().read(), undefined);
  assert.deepEqual(body.chunks, []);
});

test("with client_body_in_file_only every body has a file with a name", async () => {
  for (const inFileOnly of ["clean", "on"] as const) {
    const disk = new MemoryFiles();
    const body = bodyOn(disk, 100, inFileOnly);
    await body.append(Buffer.from("small"));
    await body.seal();
    assert.equal(body.isInFile, true);
    assert.equal(body.text, "");
    assert.equal(body.filePath, "/tmp/0000000001");
    assert.equal(disk.names.get("/tmp/0000000001")?.content.toString(), "small");
    assert.equal(await readAll(body.reader()), "small");
    body.dispose();
    await settled();
    assert.equal(disk.names.size, inFileOnly === "on" ? 1 : 0);
    assert.equal(disk.openCount, 0);
  }
});

test("an empty body has a file as well with client_body_in_file_only", async () => {
  const disk = new MemoryFiles();
  const body = bodyOn(disk, 100, "on");
  await body.seal();
  assert.equal(disk.names.size, 1);
  assert.equal(await readAll(body.reader()), "");
});

test("a full disk fails the write, every later one, and every reading", async () => {
  const disk = new MemoryFiles({ capacityBytes: 6 });
  const body = bodyOn(disk, 2);
  await body.append(Buffer.from("12345"));
  const failed = body.append(Buffer.from("678"));
  assert.ok(failed);
  await assert.rejects(failed, { code: "TEMP_FILE_FAILED" });
  await assert.rejects(body.seal() ?? Promise.resolve(), { code: "TEMP_FILE_FAILED" });
  await assert.rejects(readAll(body.reader()), { code: "TEMP_FILE_FAILED" });
  body.dispose();
  await settled();
  assert.equal(disk.openCount, 0);
});

test("a failure that nobody waits for does not fail the process", async () => {
  const body = bodyOn(new MemoryFiles({ failing: { operation: "openNew", code: "EACCES" } }), 2);
  void body.append(Buffer.from("12345"));
  void body.seal();
  await settled();
});

test("dispose closes the file while it is opened, written or read, once", async () => {
  const disk = new MemoryFiles();
  const opening = bodyOn(disk, 2);
  disk.hold();
  const written = opening.append(Buffer.from("12345"));
  opening.dispose();
  disk.release();
  await written;
  await settled();
  assert.equal(disk.openCount, 0);

  const reading = bodyOn(disk, 2);
  await reading.append(Buffer.from("12345"));
  await reading.seal();
  const reader = reading.reader();
  disk.hold();
  const piece = reader.read();
  await settled();
  reading.dispose();
  reading.dispose();
  disk.release();
  assert.equal(String(await piece), "12345");
  await settled();
  assert.equal(disk.openCount, 0);
  await assert.rejects(Promise.resolve(reader.read()), { code: "INTERNAL" });
  assert.equal(reading.append(Buffer.from("more")), undefined);
});

test("is not read before it is complete", () => {
  assert.throws(() => bodyOn(new MemoryFiles(), 2).reader(), { code: "INTERNAL" });
});

test("a body in tiny chunks is one piece of memory", () => {
  const body = bodyOn(new MemoryFiles(), 16_384);
  for (let at = 0; at < 16_384; at++) assert.equal(body.append(Buffer.from("a")), undefined);
  void body.seal();
  assert.equal(body.chunks.length, 1);
  assert.equal(body.text.length, 16_384);
});
