/** The head of an outgoing request: what is written, what is left out, what is refused. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type OutgoingHead, outgoingHead } from "../../../../src/net/http1/outgoing-head.ts";

function headOf(head: Partial<OutgoingHead>): string {
  return outgoingHead({
    method: "POST",
    target: "/a?b",
    version: "1.1",
    host: "h:81",
    fields: [],
    authorization: undefined,
    length: 5,
    closes: false,
    ...head,
  });
}

test("host, fields and length stand behind the request line", () => {
  assert.equal(
    headOf({ fields: [["X-Two", "b\xe9"]] }),
    "POST /a?b HTTP/1.1\r\nHost: h:81\r\nX-Two: b\xe9\r\nContent-Length: 5\r\n\r\n",
  );
});

test("the caller's Host and Authorization count more than those of the address", () => {
  const authorization = "Basic own";
  const fields = [
    ["host", "other"],
    ["authorization", "Bearer x"],
  ] as const;
  assert.equal(
    headOf({ fields, authorization, length: undefined, method: "GET" }),
    "GET /a?b HTTP/1.1\r\nhost: other\r\nauthorization: Bearer x\r\n\r\n",
  );
  assert.match(headOf({ authorization }), /\r\nAuthorization: Basic own\r\n/);
});

test("there is one Host, whatever the fields hold", () => {
  const fields = [
    ["Host", "first"],
    ["host", "second"],
  ] as const;
  assert.equal(
    headOf({ fields }),
    "POST /a?b HTTP/1.1\r\nHost: first\r\nContent-Length: 5\r\n\r\n",
  );
});

test("what the fields say about connection, length and Expect is not believed", () => {
  const fields = [
    ["Content-Length", "7"],
    ["transfer-encoding", "chunked"],
    ["Connection", "keep-alive"],
    ["Expect", "100-continue"],
    ["Upgrade", "h2c"],
  ] as const;
  assert.equal(headOf({ fields }), headOf({}));
});

test("a body of unknown length is chunked, a missing body of a POST has length 0, of a GET nothing", () => {
  assert.match(headOf({ length: "chunked" }), /\r\nTransfer-Encoding: chunked\r\n\r\n$/);
  assert.match(headOf({ length: undefined }), /\r\nContent-Length: 0\r\n\r\n$/);
  assert.doesNotMatch(headOf({ length: undefined, method: "GET" }), /Content-Length/);
});

test("a connection that serves nothing else says so", () => {
  assert.match(headOf({ closes: true, version: "1.0" }), /^POST \/a\?b HTTP\/1\.0\r\n/);
  assert.match(headOf({ closes: true }), /\r\nConnection: close\r\n/);
});

test("methods, addresses and fields that HTTP does not allow are refused", () => {
  const refused: readonly Partial<OutgoingHead>[] = [
    { method: "G T" },
    { method: "" },
    { target: "" },
    { target: "/a b" },
    { target: "/a\r\nX: y" },
    { target: "/\u20ac" },
    { fields: [["X", "a\nb"]] },
    { fields: [["X", "a\0b"]] },
    { fields: [["X", "\u20ac"]] },
    { fields: [["X Y", "a"]] },
    { fields: [["", "a"]] },
  ];
  for (const head of refused) {
    assert.throws(() => headOf(head), /HTTP does not allow/, JSON.stringify(head));
  }
});
