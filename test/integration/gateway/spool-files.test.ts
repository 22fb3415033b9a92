/** Temporary files on a real disk: rights, names, what is left behind, and a limit of the system. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { OverflowQueue } from "../../../src/gateway/spool/overflow-queue.ts";
import { SpooledBody } from "../../../src/gateway/spool/spooled-body.ts";
import { TempFiles } from "../../../src/gateway/spool/temp-file.ts";

function folder(context: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "bascule-spool-"));
  context.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

test("makes nested folders for the gateway's user alone and leaves no file in them", async (context) => {
  const directory = join(folder(context), "a", "b");
  const files = new TempFiles(directory);
  const [first, second] = await Promise.all([files.create(), files.create()]);
  assert.equal(statSync(directory).mode & 0o777, 0o700);
  assert.equal(statSync(join(directory, "..")).mode & 0o777, 0o700);
  assert.deepEqual(readdirSync(directory), []);
  await first.append(Buffer.from("one"));
  await second.append(Buffer.from("two"));
  assert.equal(String(await first.read(0, 10)), "one");
  assert.equal(String(await second.read(0, 10)), "two");
  await Promise.all([first.close(), second.close()]);
});

test("a file with a name is for the gateway's user alone, and never one that is there already", async (context) => {
  const directory = folder(context);
  writeFileSync(join(directory, "0000000001"), "of an earlier process");
  const body = new SpooledBody({ files: new TempFiles(directory), inFileOnly: "on" });
  await body.append(Buffer.from("body"));
  await body.seal();
  const { filePath = "" } = body;
  assert.equal(filePath, join(directory, "0000123457"));
  assert.equal(statSync(filePath).mode & 0o777, 0o600);
  body.dispose();
  assert.equal(readFileSync(filePath, "utf8"), "body");
  assert.equal(readFileSync(join(directory, "0000000001"), "utf8"), "of an earlier process");
});

test("takes a large response through the file while the client reads slowly", async (context) => {
  const directory = folder(context);
  const data = Buffer.allocUnsafe(3_000_000);
  for (let at = 0; at < data.length; at++) data[at] = (at * 7 + (at >> 12)) & 0xff;
  const limits = { memoryBytes: 32_768, fileBytesMax: 2_000_000 };
  let wake = (): void => {};
  const queue = new OverflowQueue(limits, new TempFiles(directory), {
    onRoom: () => wake(),
    onReadable: () => wake(),
    onError: (error) => assert.fail(error),
  });
  const taken: Buffer[] = [];
  let pushed = 0;
  while (pushed < data.length || !queue.isEmpty) {
    while (pushed < data.length && !queue.isFull) {
      queue.push(data.subarray(pushed, pushed + 50_000));
      pushed += 50_000;
    }
    const woken = new Promise<void>((resolve) => (wake = resolve));
    const piece = queue.shift();
    if (piece) taken.push(piece);
    else await woken;
    if (taken.length % 5 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(queue.hasSpilled, true);
  assert.ok(Buffer.concat(taken).equals(data));
  queue.dispose();
  assert.deepEqual(readdirSync(directory), []);
});

test("a path that leads through a file is told with what to do", async (context) => {
  const directory = folder(context);
  const file = join(directory, "file");
  writeFileSync(file, "");
  await assert.rejects(new TempFiles(join(file, "deeper")).create(), {
    code: "TEMP_FILE_FAILED",
    message:
      /file\/deeper\/0000000001" could not be opened: ENOTDIR.*a part of the path is no folder/,
  });
});

test("a disk that takes no more is told with the file and what to do, and the process lives on", (context) => {
  const directory = folder(context);
  const spool = fileURLToPath(new URL("../../../src/gateway/spool/", import.meta.url));
  const script = `
    import { SpooledBody } from ${JSON.stringify(join(spool, "spooled-body.ts"))};
    import { TempFiles } from ${JSON.stringify(join(spool, "temp-file.ts"))};
    process.on("SIGXFSZ", () => {});
    const body = new SpooledBody({ files: new TempFiles(${JSON.stringify(directory)}), memoryBytes: 1000 });
    const chunk = Buffer.alloc(50_000, "a");
    try {
      for (let at = 0; at < 10; at++) await body.append(chunk);
      console.log("no error");
    } catch (error) {
      console.log(error.code, error.message);
    }
    body.dispose();
  `;
  const child = spawnSync(
    "sh",
    ["-c", `ulimit -f 200; exec "$0" --input-type=module -e "$1"`, process.execPath, script],
    { encoding: "utf8", timeout: 20_000 },
  );
  assert.match(
    child.stdout,
    /^TEMP_FILE_FAILED temporary file ".*\/0000000001" could not be written: EFBIG.*ulimit -f/,
    child.stderr,
  );
  assert.equal(child.status, 0);
  assert.deepEqual(readdirSync(directory), []);
});
