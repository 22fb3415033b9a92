import assert from "node:assert/strict";
import { test } from "node:test";
import { diskAdvice } from "../../../src/depsync/unwritable-disk.ts";

test("says what to do where a disk does not take what is written, in Node's words and in git's", () => {
  const known = [
    [
      "ENOSPC: no space left on device, write",
      /^; make room on the repository's disk, then try again$/,
    ],
    ["fatal: write error: No space left on device", /make room/],
    ["EDQUOT: disk quota exceeded, open '/r'", /make room/],
    ["EFBIG: file too large, write", /make room/],
    ["EROFS: read-only file system, mkdir '/r'", /file system writable/],
    ["Unable to create '/r/HEAD.lock': Read-only file system", /file system writable/],
    ["EACCES: permission denied, open '/r'", /let the user of this process write there/],
    ["fatal: couldn't write '/r/refs/heads/live.lock'", /check the free space and the permissions/],
    ["Unable to create '/r/live.lock': Too many links", /check the free space/],
    ["remote unpack failed: unable to create temporary object directory", /check the free space/],
  ] as const;
  for (const [words, advice] of known) assert.match(diskAdvice(words), advice, words);
});

test("says nothing where it is something else", () => {
  for (const words of [
    "git@host: Permission denied (publickey).",
    "Unable to create '/r/refs/heads/live.lock': File exists.",
    "fatal: couldn't find remote ref live",
  ])
    assert.equal(diskAdvice(words), "", words);
});
