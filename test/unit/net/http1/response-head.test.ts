/** How the end of a response is marked, and what its head looks like on the wire. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  formatLastChunk,
  formatResponseHead,
  responseFraming,
} from "../../../../src/net/http1/response-head.ts";

const request = (method: string, version: string) => ({
  method,
  target: "/",
  version,
  fields: [],
  line: "",
});
const response = (status: number, length?: number) => ({
  status,
  reason: "OK",
  fields: length === undefined ? [] : [["content-length", String(length)] as const],
});

test("marks the end by length, by chunks, or by closing, and where there is no body not at all", () => {
  const framings = [
    responseFraming(request("GET", "1.1"), response(200, 5), true),
    responseFraming(request("GET", "1.1"), response(200), true),
    responseFraming(request("GET", "1.0"), response(200), true),
    responseFraming(request("GET", "1.1"), response(200), false),
    responseFraming(request("HEAD", "1.1"), response(200), true),
    responseFraming(request("GET", "1.1"), response(204), true),
    responseFraming(request("GET", "1.1"), response(304), true),
  ];
  assert.deepEqual(framings, ["length", "chunked", "close", "length", "none", "none", "none"]);
});

test("a value neither ends its line nor becomes another one as bytes", () => {
  const fields = [["X", "a\r\nb\u010d\u010ac\xe9"]] as const;
  const head = formatResponseHead(
    { ...response(200), fields },
    { framing: "none", connection: "close" },
  );
  assert.equal(head, "HTTP/1.1 200 OK\r\nX: a  b??c\xe9\r\nConnection: close\r\n\r\n");
});

test("writes the length of an empty body, and no length beside chunks", () => {
  const format = (framing: "length" | "chunked" | "none", length?: number) =>
    formatResponseHead(response(200, length), { framing, connection: "close" });
  const end = "Connection: close\r\n\r\n";
  assert.equal(format("length"), `HTTP/1.1 200 OK\r\nContent-Length: 0\r\n${end}`);
  assert.equal(format("length", 5), `HTTP/1.1 200 OK\r\ncontent-length: 5\r\n${end}`);
  assert.equal(format("chunked"), `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n${end}`);
  assert.equal(format("none"), `HTTP/1.1 200 OK\r\n${end}`);
});

test("ends chunks with their trailers", () => {
  assert.equal(formatLastChunk(), "0\r\n\r\n");
  assert.equal(formatLastChunk([["T", "v"]]), "0\r\nT: v\r\n\r\n");
});
