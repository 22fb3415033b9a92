/** Heads of peers' responses: each is used or refused, never guessed at. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { HeaderField } from "../../../../src/gateway/http/header-fields.ts";
import { responseFault } from "../../../../src/gateway/http/proxy/response-fault.ts";

const LENGTH: HeaderField = ["Content-Length", "2"];
const CHUNKED: HeaderField = ["Transfer-Encoding", "chunked"];

const CASES: readonly (readonly [
  what: string,
  fields: readonly HeaderField[],
  isRefused: boolean,
])[] = [
  ["a length", [LENGTH], false],
  ["chunks, whatever the case", [["transfer-encoding", "Chunked"]], false],
  ["neither", [], false],
  ["length and chunks", [LENGTH, CHUNKED], true],
  ["two lengths, even equal ones", [LENGTH, LENGTH], true],
  ["two codings", [CHUNKED, CHUNKED], true],
  ["a list of codings", [["Transfer-Encoding", "gzip, chunked"]], true],
  ["an unknown coding", [["Transfer-Encoding", "identity"]], true],
  ["a length that is no number", [["Content-Length", "+2"]], true],
  ["an empty length", [["Content-Length", ""]], true],
  ["a name with a space", [["X Y", "1"]], true],
  ["a zero byte in a value", [["X", "a\0b"]], true],
];

for (const [what, fields, isRefused] of CASES) {
  test(`${isRefused ? "refuses" : "takes"} a response with ${what}`, () => {
    assert.equal(responseFault(200, fields) !== undefined, isRefused);
  });
}

test("refuses an interim status as the end of a request", () => {
  assert.equal(responseFault(100, []), "status 100");
});
