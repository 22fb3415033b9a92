/** What is remembered between revisions. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BlobCache } from "../../../src/depsync/blob-cache.ts";

describe("BlobCache", () => {
  it("forgets what was used longest ago when it is full", () => {
    const cache = new BlobCache(10);
    for (const name of ["a", "b"]) cache.set(name, Buffer.alloc(5));
    cache.get("a");
    cache.set("c", Buffer.alloc(5));
    assert.deepEqual(
      ["a", "b", "c"].map((name) => cache.get(name)?.length),
      [5, undefined, 5],
    );
    cache.set("too large", Buffer.alloc(11));
    assert.equal(cache.get("too large"), undefined);
  });
});
