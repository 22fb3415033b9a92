import assert from "node:assert/strict";
import { test } from "node:test";
import { reasonOf } from "../../../../src/mediation/transform/xquery-process.ts";

test("says why a process that queries has ended, as a sentence about its query", () => {
  const lastWords =
    "\n<--- Last few GCs --->\n\nFATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\n";
  const tooMuch = "it took too much memory: a query has 256 MB";
  assert.equal(reasonOf(null, "SIGABRT", lastWords), tooMuch);
  assert.equal(reasonOf(134, null, lastWords), tooMuch);
  assert.equal(
    reasonOf(null, "SIGKILL", ""),
    "its process was killed from outside, by the system if memory was short",
  );
  assert.equal(reasonOf(null, "SIGSEGV", ""), "its process ended (SIGSEGV)");
  assert.equal(
    reasonOf(1, null, "node:internal\n  throw\n\nError: Cannot find module 'x'\n    at y\n"),
    "its process ended (status 1): Error: Cannot find module 'x'",
  );
});
