import assert from "node:assert/strict";
import { test } from "node:test";
import { storeFailure } from "../../../../src/manager/store/store-failure.ts";

const withCode = (code: string): Error => Object.assign(new Error("disk I/O error"), { code });

test("a full disk is told as a failure of the database that can be tried again", () => {
  for (const code of ["SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_READONLY"]) {
    const failure = storeFailure(withCode(code));
    assert.equal(failure?.code, "STORE_FAILED");
    assert.equal(failure.retryable, true);
    assert.match(failure.message, /database cannot be .* disk I\/O error; check the free space/);
  }
});

test("what is no trouble of the disk stays what it is", () => {
  for (const error of [withCode("SQLITE_CONSTRAINT_UNIQUE"), withCode("EPIPE"), new Error("x"), 1])
    assert.equal(storeFailure(error), undefined);
});
