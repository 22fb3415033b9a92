/** No input makes the codec throw or stand still, where it is cut makes no difference, and bounds hold to the byte. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import {
  ChunkedDecoder,
  LengthDecoder,
  type BodyDecoder,
} from "../../../../src/net/http1/body-decoder.ts";
import { requestFraming } from "../../../../src/net/http1/body-framing.ts";
import type { HeadLimits } from "../../../../src/net/http1/head-reader.ts";
import { parseRequestHead } from "../../../../src/net/http1/request-head.ts";
import { cutAt, HEAD_LIMITS, inBytes, readRequests } from "../../../helpers/codec-reader.ts";

/** What heads and chunked bodies are made of, and what breaks them; put together in any order. */
const FRAGMENTS = [
  "GET / HTTP/1.1\r\n",
  "POST /a HTTP/1.1\r\nHost: a\r\n",
  "POST /b HTTP/1.1\nTransfer-Encoding: chunked\n\n",
  "GET http://a/ HTTP/1.0\r\n",
  "Host: a\r\n",
  "Content-Length: 5\r\n",
  "Content-Length: 5, 5\r\n",
  "Content-Length: -1\r\n",
  "Transfer-Encoding: chunked\r\n",
  "Transfer-Encoding: identity\r\n",
  "Transfer-Encoding:\r\n chunked\r\n",
  "transfer-encoding : chunked\r\n",
  "5\r\nhello\r\n",
  "0\r\n\r\n",
  "0\r\n",
  "ffffffffffffffff\r\n",
  "5;a=b\r\n",
  "0x5\r\n",
  "\r\n\r\n",
  "\r\n",
  "\r",
  "\n",
  "\0",
  " ",
  "\t",
  ":",
  ";",
  "hello",
  "\xff\x80",
] as const;

const fragment = fc.oneof(
  { arbitrary: fc.constantFrom(...FRAGMENTS), weight: 8 },
  {
    arbitrary: fc
      .uint8Array({ maxLength: 6 })
      .map((bytes) => Buffer.from(bytes).toString("latin1")),
    weight: 1,
  },
);
const START = "POST /c HTTP/1.1\r\nHost: a\r\n";
/** Without a good start most inputs end in the first line. */
const goodStart = fc.constantFrom(
  "",
  START,
  `${START}Content-Length: 12\r\n\r\n`,
  `${START}Transfer-Encoding: chunked\r\n\r\n`,
  `${START}Transfer-Encoding: chunked\r\n\r\n5\r\nhello`,
  `${START}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n`,
);
const hostile = fc
  .tuple(goodStart, fc.array(fragment, { maxLength: 25 }))
  .map(([good, parts]) => Buffer.from(good + parts.join(""), "latin1"));
const noise = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
const input = fc.oneof({ arbitrary: hostile, weight: 4 }, { arbitrary: noise, weight: 1 });
const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 });

test("any bytes are read in the same way, wherever they are cut, without a throw or a standstill", () => {
  fc.assert(
    fc.property(input, cuts, (bytes, places) => {
      const outcomes = [[bytes], cutAt(bytes, places), inBytes(bytes)].map((pieces) =>
        readRequests(pieces).map(({ fields, trailers, end, ...request }) =>
          // Of a faulty head as much is known as has come until the fault was seen.
          end === "fault" ? { end, status: request.status } : { ...request, end, fields, trailers },
        ),
      );
      assert.deepEqual(outcomes[1], outcomes[0]);
      assert.deepEqual(outcomes[2], outcomes[0]);
    }),
    { numRuns: 1500 },
  );
});

test("the parser of heads and the framing take any text", () => {
  const text = fc.oneof(hostile, noise).map((bytes) => bytes.toString("latin1"));
  const value = fc.oneof(
    fc.constantFrom("chunked", "5", "0", "", "+5", "5, 5", "9".repeat(30)),
    fc.string(),
  );
  const field = fc.tuple(fc.constantFrom("Content-Length", "transfer-encoding", "Host"), value);
  fc.assert(
    fc.property(text, fc.array(field, { maxLength: 4 }), (head, fields) => {
      const parsed = parseRequestHead(head, { fieldsMax: 100 });
      requestFraming(parsed);
      const framing = requestFraming({ ...parsed, fields });
      const framings = fields.filter(([name]) => name !== "Host");
      if (framings.length > 1) assert.equal(framing.kind, "fault", "two framings are never one");
      if (framing.kind === "length")
        assert.ok(Number.isSafeInteger(framing.bytes) && framing.bytes > 0);
    }),
    { numRuns: 500 },
  );
});

/** Takes everything. @returns bytes of data and what came at the end. */
function decode(decoder: BodyDecoder, bytes: Buffer): { data: number; used: number; end: string } {
  let data = 0;
  let used = 0;
  for (let turn = 0; turn <= bytes.length + 1; turn++) {
    const step = decoder.take(bytes, used);
    if (step.kind === "more") return { data, used: bytes.length, end: "more" };
    if (step.kind === "fault") return { data, used, end: "fault" };
    used += step.used;
    if (step.kind === "end") return { data, used, end: "end" };
    data += step.data.length;
    assert.ok(step.data.length <= step.used);
  }
  return assert.fail("the decoder makes no progress");
}

test("decoders take any bytes, give no more than came, and nothing from behind the body", () => {
  fc.assert(
    fc.property(input, fc.integer({ min: 1, max: 400 }), (bytes, length) => {
      const chunked = decode(new ChunkedDecoder(), bytes);
      assert.ok(chunked.data <= chunked.used && chunked.used <= bytes.length);
      const sized = decode(new LengthDecoder(length), bytes);
      assert.equal(sized.data, Math.min(length, bytes.length));
      assert.equal(sized.end, length <= bytes.length ? "end" : "more");
    }),
    { numRuns: 500 },
  );
});

const SMALL: HeadLimits = {
  firstBufferBytes: 64,
  largeBufferBytes: 100,
  largeBufferCount: 2,
  fieldsMax: 4,
};

test("a head within its bounds is read, one beyond them is refused, wherever it is cut", () => {
  const sizes = fc.record({
    targetBytes: fc.integer({ min: 1, max: 120 }),
    valueBytes: fc.array(fc.integer({ min: 1, max: 110 }), { maxLength: 6 }),
  });
  fc.assert(
    fc.property(sizes, cuts, ({ targetBytes, valueBytes }, places) => {
      const lines = [
        `GET /${"a".repeat(targetBytes - 1)} HTTP/1.1\r\n`,
        ...valueBytes.map((bytes) => `X: ${"b".repeat(bytes)}\r\n`),
      ];
      const text = `${lines.join("")}\r\n`;
      const bytesMax = SMALL.firstBufferBytes + SMALL.largeBufferBytes * SMALL.largeBufferCount;
      const lineMax = SMALL.largeBufferBytes;
      const isLongLine = (line: string): boolean => line.length > lineMax;
      const refusals = new Set<number>();
      if (isLongLine(lines[0] ?? "")) refusals.add(414);
      if (lines.slice(1).some(isLongLine) || text.length > bytesMax) refusals.add(494);
      if (valueBytes.length > SMALL.fieldsMax) refusals.add(494);
      const bytes = Buffer.from(text, "latin1");
      for (const pieces of [[bytes], cutAt(bytes, places), inBytes(bytes)]) {
        const [read, ...others] = readRequests(pieces, SMALL);
        assert.ok(read);
        assert.deepEqual(others, []);
        if (refusals.size === 0) assert.equal(read.end, "complete");
        else
          assert.ok(
            refusals.has(read.status ?? 0),
            `${read.status} is none of ${[...refusals].join()}`,
          );
      }
    }),
    { numRuns: 400 },
  );
});

test("the bounds of a head hold to the byte", () => {
  const line = (bytes: number): string => `X: ${"b".repeat(bytes - 5)}\r\n`;
  // 16 for the request line, 2 for the empty line; the bound is 64 + 2 * 100.
  const sized = (bytes: number): string =>
    `GET / HTTP/1.1\r\n${line(100)}${line(100)}${line(bytes - 218)}\r\n`;
  const outcomes = (text: string): readonly (number | undefined)[] => {
    const bytes = Buffer.from(text, "latin1");
    return [[bytes], inBytes(bytes)].map((pieces) => readRequests(pieces, SMALL)[0]?.status);
  };
  assert.equal(sized(264).length, 264);
  assert.deepEqual(outcomes(sized(264)), [undefined, undefined]);
  assert.deepEqual(outcomes(sized(265)), [494, 494]);
  assert.deepEqual(outcomes(`GET / HTTP/1.1\r\n${line(101)}\r\n`), [494, 494]);
  const target = (bytes: number): string => `GET /${"a".repeat(bytes - 16)} HTTP/1.1\r\n\r\n`;
  assert.deepEqual(outcomes(target(100)), [undefined, undefined]);
  assert.deepEqual(outcomes(target(101)), [414, 414]);
  assert.deepEqual(outcomes(`GET / HTTP/1.1\r\n${"X: y\r\n".repeat(4)}\r\n`), [
    undefined,
    undefined,
  ]);
  assert.deepEqual(outcomes(`GET / HTTP/1.1\r\n${"X: y\r\n".repeat(5)}\r\n`), [494, 494]);
});

test("a head that never ends is refused when the buffers are full, however slowly it comes", () => {
  const { firstBufferBytes, largeBufferBytes, largeBufferCount } = HEAD_LIMITS;
  const bytesMax = firstBufferBytes + largeBufferBytes * largeBufferCount;
  const endless = fc.constantFrom(
    "GET /",
    "GET / HTTP/1.1\r\nX: ",
    "GET / HTTP/1.1\r\n",
    "GET / HTTP/1.1\nA: b\n",
  );
  const filler = fc.constantFrom("a", "a: b\r\n", "\t", "a:\n");
  fc.assert(
    fc.property(
      endless,
      filler,
      fc.integer({ min: 200, max: 5_000 }),
      (start, more, pieceBytes) => {
        const text = start + more.repeat(Math.ceil((bytesMax + 1) / more.length));
        const pieces: Buffer[] = [];
        for (let at = 0; at < text.length; at += pieceBytes) {
          pieces.push(Buffer.from(text.slice(at, at + pieceBytes), "latin1"));
        }
        const [read] = readRequests(pieces);
        assert.equal(read?.end, "fault");
        assert.ok([400, 414, 494].includes(read.status ?? 0));
      },
    ),
    { numRuns: 100 },
  );
});

test("lines and trailers of a chunked body are bounded, however slowly they come", () => {
  const head = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
  const endless = [
    `5;${"a".repeat(5_000)}`,
    `0\r\nX: ${"a".repeat(5_000)}`,
    `0\r\n${"X: y\r\n".repeat(200)}`,
  ];
  for (const body of endless) {
    const bytes = Buffer.from(head + body, "latin1");
    for (const pieces of [[bytes], inBytes(bytes)]) {
      assert.equal(readRequests(pieces)[0]?.end, "fault", body.slice(0, 10));
    }
  }
});
