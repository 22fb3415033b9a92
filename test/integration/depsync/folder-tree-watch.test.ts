/** Events of a folder and of all below it, of the real file system. */
import assert from "node:assert/strict";
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, it } from "node:test";
import { FolderTreeWatch } from "../../../src/depsync/folder-tree-watch.ts";
import { eventually } from "../../helpers/http-request.ts";
import { temporaryFolder } from "./repository-room.ts";

function watched(test: TestContext) {
  const root = join(temporaryFolder(test), "server");
  mkdirSync(join(root, "a/b"), { recursive: true });
  const paths = new Set<string | undefined>();
  const errors: unknown[] = [];
  const watch = new FolderTreeWatch(root, {
    onEvent: (path) => void paths.add(path),
    onError: (error) => void errors.push(error),
  });
  test.after(() => watch.close());
  const until = (path: string) =>
    eventually(`an event of ${path}`, () => Promise.resolve(paths.has(path) || undefined));
  return { root, paths, errors, watch, until };
}

it("tells of files in folders that were there, and in those that come later", async (test) => {
  const { root, until } = watched(test);
  writeFileSync(join(root, "a/b/one.xml"), "1");
  await until("a/b/one.xml");
  mkdirSync(join(root, "c/d"), { recursive: true });
  await until("c");
  writeFileSync(join(root, "c/d/two.xml"), "2");
  await until("c/d/two.xml");
});

it("tells of files in a folder that was removed and made again, or moved here", async (test) => {
  const { root, until, errors } = watched(test);
  rmSync(join(root, "a"), { recursive: true });
  await until("a");
  mkdirSync(join(root, "a/b"), { recursive: true });
  writeFileSync(join(root, "z.xml"), "z");
  await until("z.xml");
  writeFileSync(join(root, "a/b/three.xml"), "3");
  await until("a/b/three.xml");
  mkdirSync(join(root, "../outside/in"), { recursive: true });
  renameSync(join(root, "../outside"), join(root, "moved"));
  await until("moved");
  writeFileSync(join(root, "moved/in/four.xml"), "4");
  await until("moved/in/four.xml");
  assert.deepEqual(errors, []);
});

it("throws where there is no folder, and is quiet once closed", async (test) => {
  const { root, paths, watch, until } = watched(test);
  const events = { onEvent: () => {}, onError: () => {} };
  assert.throws(() => new FolderTreeWatch(join(root, "none"), events), { code: "ENOENT" });
  writeFileSync(join(root, "a/one.xml"), "1");
  await until("a/one.xml");
  watch.close();
  writeFileSync(join(root, "a/two.xml"), "2");
  await new Promise((resolve) => void setTimeout(resolve, 100));
  assert.equal(paths.has("a/two.xml"), false);
});
