import assert from "node:assert/strict";
import { test } from "node:test";
import { AppError } from "../../../../src/errors/app-error.ts";
import { TempFiles } from "../../../../src/gateway/spool/temp-file.ts";
import { MemoryFiles, systemError } from "../../../helpers/memory-files.ts";

const FIRST = "/tmp/0000000001";

test("names its files with ten digits and unlinks them as soon as they are open", async () => {
  const disk = new MemoryFiles();
  const files = new TempFiles("/tmp", disk);
  const first = await files.create();
  await files.create();
  assert.equal(first.path, FIRST);
  assert.deepEqual(disk.operations, [
    `open ${FIRST}`,
    `unlink ${FIRST}`,
    "open /tmp/0000000002",
    "unlink /tmp/0000000002",
  ]);
  assert.equal(disk.names.size, 0);
});

test("keeps the name on demand, until it is removed", async () => {
  const disk = new MemoryFiles();
  const file = await new TempFiles("/tmp", disk).create({ keepName: true });
  await file.append(Buffer.from("body"));
  assert.equal(disk.names.get(FIRST)?.content.toString(), "body");
  await file.remove();
  await file.remove();
  assert.equal(disk.names.size, 0);
});

test("makes the folder when the first file needs it", async () => {
  const disk = new MemoryFiles();
  await new TempFiles("/tmp/a/b", disk).create();
  assert.deepEqual(disk.operations.slice(0, 2), [
    "open /tmp/a/b/0000000001",
    "makeFolder /tmp/a/b",
  ]);
});

test("steps far away from names that are taken", async () => {
  const disk = new MemoryFiles();
  const files = new TempFiles("/tmp", disk);
  for (let number = 1; number < 50; number++)
    await disk.openNew(`/tmp/00000000${String(number).padStart(2, "0")}`);
  assert.equal((await files.create()).path, "/tmp/0000123457");
});

test("reads what was appended, from any place, through short reads and writes", async () => {
  const file = await new TempFiles("/tmp", new MemoryFiles({ shortBytes: 3 })).create();
  await file.append(Buffer.from("hello "));
  await file.append(Buffer.from("world"));
  assert.equal(file.size, 11);
  assert.equal(String(await file.read(0, 100)), "hello world");
  assert.equal(String(await file.read(4, 4)), "o wo");
  assert.equal((await file.read(11, 5)).length, 0);
});

test("starts over at the beginning after rewind", async () => {
  const file = await new TempFiles("/tmp", new MemoryFiles()).create();
  await file.append(Buffer.from("long text"));
  file.rewind();
  await file.append(Buffer.from("new"));
  assert.equal(String(await file.read(0, 100)), "new");
});

test("says which file failed, why, and what to do", async () => {
  const cases = [
    {
      faults: { failing: { operation: "openNew", code: "EACCES" } },
      says: /opened: EACCES.*user write there/,
    },
    {
      faults: { failing: { operation: "openNew", code: "EROFS" } },
      says: /EROFS.*mount that disk/,
    },
    { faults: { failing: { operation: "unlink", code: "EPERM" } }, says: /unlinked: EPERM/ },
    { faults: { failing: { operation: "openNew", code: "EMFILE" } }, says: /worker_rlimit_nofile/ },
    { faults: { failing: { operation: "openNew", code: "EIO" } }, says: /EIO.*check that disk/ },
  ] as const;
  for (const { faults, says } of cases) {
    const disk = new MemoryFiles(faults);
    await assert.rejects(new TempFiles("/tmp", disk).create(), (error) => {
      assert.ok(error instanceof AppError);
      assert.equal(error.code, "TEMP_FILE_FAILED");
      assert.match(error.message, says);
      assert.ok(error.message.includes(FIRST));
      return true;
    });
    assert.equal(disk.openCount, 0, "no file stays open");
  }
});

test("gives a folder up that cannot be made, or is gone as soon as it is made", async () => {
  const refusing = new MemoryFiles({ failing: { operation: "makeFolder", code: "EACCES" } });
  await assert.rejects(
    new TempFiles("/no", refusing).create(),
    /"\/no" could not be made as a folder: EACCES/,
  );
  const vanishing = new MemoryFiles({ failing: { operation: "openNew", code: "ENOENT" } });
  await assert.rejects(new TempFiles("/no", vanishing).create(), /could not be opened: ENOENT/);
});

test("fails when the disk is full, and keeps what was written before", async () => {
  const file = await new TempFiles(
    "/tmp",
    new MemoryFiles({ capacityBytes: 8, shortBytes: 5 }),
  ).create();
  await file.append(Buffer.from("12345"));
  await assert.rejects(
    file.append(Buffer.from("6789")),
    /written: ENOSPC.*free space on that disk/,
  );
  assert.equal(String(await file.read(0, 100)), "12345");
});

test("fails when somebody has cut the file", async () => {
  const disk = new MemoryFiles();
  const file = await new TempFiles("/tmp", disk).create({ keepName: true });
  await file.append(Buffer.from("12345"));
  const bytes = disk.names.get(FIRST);
  assert.ok(bytes);
  bytes.content = bytes.content.subarray(0, 2);
  await assert.rejects(file.read(0, 5), /read: the file is shorter/);
});

test("closes once, after what is under way, and never fails to", async () => {
  const disk = new MemoryFiles();
  const file = await new TempFiles("/tmp", disk).create();
  disk.hold();
  const appended = file.append(Buffer.from("data"));
  const closed = Promise.all([file.close(), file.close()]);
  assert.equal(disk.openCount, 1);
  disk.release();
  await appended;
  await closed;
  assert.equal(disk.openCount, 0);
  await assert.rejects(file.read(0, 4), /EBADF/);

  const broken = new TempFiles("/tmp", {
    makeFolder: () => Promise.resolve(),
    unlink: () => Promise.resolve(),
    openNew: () =>
      Promise.resolve({
        write: () => Promise.resolve(0),
        read: () => Promise.resolve(0),
        close: () => Promise.reject(systemError("EIO")),
      }),
  });
  const unlucky = await broken.create();
  await assert.rejects(unlucky.append(Buffer.from("a")), /takes no more bytes/);
  await unlucky.close();
});
