/** Heads of responses: what is read, what is refused and why, wherever they are cut and whatever comes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { type PeerHead, PeerHeadReader } from "../../../../src/net/http1/peer-head.ts";
import { cutAt, inBytes } from "../../../helpers/codec-reader.ts";

interface Read {
  readonly outcome: "more" | "head" | { readonly fault: string };
  readonly head?: PeerHead;
  /** Bytes behind the head. */
  readonly rest: string;
}

function read(pieces: readonly Buffer[], method = "GET", bytesMax = 4_096): Read {
  const reader = new PeerHeadReader();
  for (const [number, piece] of pieces.entries()) {
    const step = reader.take(piece, bytesMax, method);
    if (step.kind === "fault") return { outcome: { fault: step.sentence }, rest: "" };
    if (step.kind === "more") continue;
    assert.ok(step.used >= 0 && step.used <= piece.length);
    const rest = Buffer.concat([piece.subarray(step.used), ...pieces.slice(number + 1)]);
    return { outcome: "head", head: step.head, rest: rest.toString("latin1") };
  }
  return { outcome: "more", rest: "" };
}

function readText(text: string, method?: string): Read {
  return read([Buffer.from(text, "latin1")], method);
}

const DUPLICATE = "upstream sent duplicate header line";
const NO_HEAD = "upstream sent no valid HTTP/1.0 header";
const INVALID = "upstream sent invalid header";
const LENGTH = 'upstream sent invalid "Content-Length" header';
const CODING = 'upstream sent unknown "Transfer-Encoding"';
const BOTH = 'upstream sent "Content-Length" and "Transfer-Encoding" headers at the same time';

const BAD_HEADS: readonly (readonly [head: string, sentence: string])[] = [
  ["HTTP/2.0 200 OK\r\n\r\n", NO_HEAD],
  ["ICY 200 OK\r\n\r\n", NO_HEAD],
  ["SSH-2.0-OpenSSH\r\n", NO_HEAD],
  ["\r\nHTTP/1.1 200 OK\r\n\r\n", NO_HEAD],
  ["HTTP/1.1 099 OK\r\n\r\n", NO_HEAD],
  ["HTTP/1.1 20 OK\r\n\r\n", NO_HEAD],
  ["HTTP/1.1 2000 OK\r\n\r\n", NO_HEAD],
  ["HTTP/1.1 200 O\0K\r\n\r\n", NO_HEAD],
  ["HTTP/1.1 200 O\rK\r\n\r\n", NO_HEAD],
  ["HTTP/1.1 200 OK\r\nX\r\n\r\n", INVALID],
  ["HTTP/1.1 200 OK\r\n: x\r\n\r\n", INVALID],
  ["HTTP/1.1 200 OK\r\nX : y\r\n\r\n", INVALID],
  ["HTTP/1.1 200 OK\r\nX: y\r\n z\r\n\r\n", INVALID],
  ["HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n", INVALID],
  ["HTTP/1.1 200 OK\r\nX: a\rb\r\n\r\n", INVALID],
  ["HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", DUPLICATE],
  ["HTTP/1.1 200 OK\r\ncontent-length: 1\r\nContent-Length: 2\r\n\r\n", DUPLICATE],
  [
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
    DUPLICATE,
  ],
  ["HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", LENGTH],
  ["HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\n", LENGTH],
  ["HTTP/1.1 200 OK\r\nContent-Length: 0x1\r\n\r\n", LENGTH],
  ["HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\n", LENGTH],
  ["HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n", LENGTH],
  [`HTTP/1.1 200 OK\r\nContent-Length: ${"9".repeat(20)}\r\n\r\n`, LENGTH],
  ["HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", CODING],
  ["HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\n", CODING],
  ["HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", BOTH],
  ["HTTP/1.1 200 OK\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n", BOTH],
  [`HTTP/1.1 200 OK\r\nX: ${"y".repeat(5_000)}\r\n\r\n`, "upstream sent too big header"],
];

test("heads that two parties could read in two ways are refused, whole and byte by byte", () => {
  for (const [head, sentence] of BAD_HEADS) {
    const bytes = Buffer.from(head, "latin1");
    for (const pieces of [[bytes], inBytes(bytes)]) {
      assert.deepEqual(
        read(pieces).outcome,
        { fault: sentence },
        JSON.stringify(head.slice(0, 80)),
      );
    }
  }
});

test("knows where the body of each response ends, and whether the connection lives on", () => {
  const facts = (text: string, method?: string) => {
    const { head } = readText(text, method);
    const { bodyBytes, keepsAlive } = head ?? {};
    return [head?.body?.constructor.name, bodyBytes, keepsAlive];
  };
  const length = "Content-Length: 5\r\n";
  const chunked = "Transfer-Encoding: Chunked\r\n";
  assert.deepEqual(facts(`HTTP/1.1 200 OK\r\n${length}\r\n`), ["LengthDecoder", 5, true]);
  assert.deepEqual(facts(`HTTP/1.1 200 OK\n${length}\n`), ["LengthDecoder", 5, true]);
  assert.deepEqual(facts(`HTTP/1.1 200\r\n${chunked}\r\n`), ["ChunkedDecoder", undefined, true]);
  assert.deepEqual(facts("HTTP/1.1 200 \r\n\r\n"), ["UntilCloseDecoder", undefined, false]);
  assert.deepEqual(facts("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), [undefined, 0, true]);
  // A 304 tells about the body that a 200 would have; a 204 that announces one may bring it.
  for (const [status, keepsAlive] of [
    [204, false],
    [304, true],
  ] as const) {
    assert.deepEqual(facts(`HTTP/1.1 ${status} X\r\n${length}\r\n`), [undefined, 0, keepsAlive]);
    assert.deepEqual(facts(`HTTP/1.1 ${status} X\r\n${chunked}\r\n`), [undefined, 0, keepsAlive]);
  }
  for (const none of ["", "Content-Length: 0\r\n"]) {
    assert.deepEqual(facts(`HTTP/1.1 204 X\r\n${none}\r\n`), [undefined, 0, true]);
  }
  assert.deepEqual(facts(`HTTP/1.1 200 OK\r\n${length}\r\n`, "HEAD"), [undefined, 0, true]);
  assert.deepEqual(facts(`HTTP/1.0 200 OK\r\n${length}\r\n`), ["LengthDecoder", 5, false]);
  const kept = `Connection: x, Keep-Alive\r\n${length}`;
  assert.deepEqual(facts(`HTTP/1.0 200 OK\r\n${kept}\r\n`), ["LengthDecoder", 5, true]);
  const closing = `Connection: keep-alive\r\nConnection: Close\r\n${length}`;
  assert.deepEqual(facts(`HTTP/1.1 200 OK\r\n${closing}\r\n`), ["LengthDecoder", 5, false]);
});

test("a head as large as its bound is read, one byte more is refused", () => {
  const sized = (bytes: number): Buffer =>
    Buffer.from(`HTTP/1.1 200 OK\r\nX: ${"y".repeat(bytes - 24)}\r\n\r\n`);
  assert.equal(sized(100).length, 100);
  for (const cut of [(bytes: Buffer) => [bytes], inBytes]) {
    assert.equal(read(cut(sized(100)), "GET", 100).outcome, "head");
    assert.notEqual(read(cut(sized(101)), "GET", 100).outcome, "head");
  }
});

const fragment = fc.oneof(
  fc.constantFrom(
    "HTTP/1.1 200 OK\r\n",
    "HTTP/1.0 304 Not\n",
    "HTTP/1.1 101 \r\n",
    "Content-Length: 5\r\n",
    "Content-Length: 05\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Connection: close\n",
    "X: \xff\r\n",
    "X\r\n",
    "\r\n",
    "\n",
    "\r",
    "\0",
    ":",
    "body",
  ),
  fc.string({ maxLength: 8 }),
);
const input = fc
  .tuple(fc.constantFrom("HTTP/1.1 200 OK\r\n", ""), fc.array(fragment, { maxLength: 12 }))
  .map(([start, parts]) => Buffer.from(start + parts.join(""), "latin1"));
const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 8 });

test("any bytes are read in one way, wherever they are cut, without a throw", () => {
  fc.assert(
    fc.property(input, cuts, fc.constantFrom("GET", "HEAD"), (bytes, places, method) => {
      const whole = read([bytes], method, 200);
      assert.deepEqual(read(cutAt(bytes, places), method, 200), whole);
      assert.deepEqual(read(inBytes(bytes), method, 200), whole);
    }),
    { numRuns: 1_500 },
  );
});
