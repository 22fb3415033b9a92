/** Messages of any shape, cut anywhere: the same result. Heads that could be read in two ways: refused, or read in one. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { requestFraming } from "../../../../src/net/http1/body-framing.ts";
import { ChunkedDecoder, LengthDecoder } from "../../../../src/net/http1/body-decoder.ts";
import type { HeaderField } from "../../../../src/net/http1/header-field.ts";
import { type HeadLimits, HeadReader } from "../../../../src/net/http1/head-reader.ts";
import type { RequestHead } from "../../../../src/net/http1/request-head.ts";
import { SeededRandom, seedOfRun } from "../../../simulation/seeded-random.ts";

const LIMITS: HeadLimits = {
  firstBufferBytes: 1024,
  largeBufferBytes: 8192,
  largeBufferCount: 4,
  fieldsMax: 1000,
};

interface Message {
  readonly head: RequestHead;
  readonly status: number | undefined;
  readonly body: string;
  readonly trailers: readonly HeaderField[];
  readonly end: "complete" | "unfinished" | "fault";
}

/** Reads as many messages as the pieces hold, as a connection does. */
function readAll(pieces: readonly Buffer[], limits = LIMITS): readonly Message[] {
  const messages: Message[] = [];
  const reader = new HeadReader();
  let decoder: ChunkedDecoder | LengthDecoder | undefined;
  for (const piece of pieces) {
    let rest = piece;
    for (let turn = 0; rest.length > 0 || decoder; turn++) {
      assert.ok(turn < 1000, "the codec makes no progress");
      const last = messages.at(-1);
      if (last?.end === "fault") return messages;
      if (decoder && last) {
        const step = decoder.take(rest, 0);
        if (step.kind === "more") break;
        if (step.kind === "fault") messages[messages.length - 1] = { ...last, end: "fault" };
        if (step.kind === "fault") return messages;
        rest = rest.subarray(step.used);
        if (step.kind === "data") {
          const body = last.body + step.data.toString("latin1");
          messages[messages.length - 1] = { ...last, body };
        } else {
          const trailers = decoder instanceof ChunkedDecoder ? decoder.trailers : [];
          messages[messages.length - 1] = { ...last, trailers, end: "complete" };
          decoder = undefined;
        }
        continue;
      }
      const step = reader.take(rest, limits);
      if (step.kind === "more") break;
      rest = step.rest;
      const framing = step.head.fault ? undefined : requestFraming(step.head);
      const fault = step.head.fault ?? (framing?.kind === "fault" ? framing.fault : undefined);
      const end = fault ? "fault" : framing?.kind === "none" ? "complete" : "unfinished";
      messages.push({ head: step.head, status: fault?.status, body: "", trailers: [], end });
      if (framing?.kind === "length") decoder = new LengthDecoder(framing.bytes);
      if (framing?.kind === "chunked") decoder = new ChunkedDecoder();
    }
  }
  return messages;
}

/** A string at once. */
function read(text: string, limits = LIMITS): readonly Message[] {
  return readAll([Buffer.from(text, "latin1")], limits);
}

function below(random: SeededRandom, bound: number): number {
  return random.whole(0, bound - 1);
}

function cut(bytes: Buffer, random: SeededRandom): readonly Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = below(random, 3) === 0 ? 1 : 1 + below(random, 40);
    pieces.push(bytes.subarray(at, at + length));
    at += length;
  }
  return pieces;
}

/** Words that messages are made of, the harmless and the others. */
const WORDS = [
  "GET ",
  "POST ",
  "/a?b ",
  "http://a/ ",
  "HTTP/1.1",
  "HTTP/1.0",
  "HTTP/2.0",
  "\r\n",
  "\r\n",
  "\n",
  "\r",
  "Host: a\r\n",
  "Content-Length: 5\r\n",
  "Content-Length: +5\r\n",
  "Transfer-Encoding: chunked\r\n",
  "Transfer-Encoding: x\r\n",
  "X: y\r\n",
  " folded\r\n",
  "\r\n\r\n",
  "\r\n\r\n",
  "hello",
  "5\r\nhello\r\n",
  "0\r\n\r\n",
  "0\r\nT: v\r\n\r\n",
  "a;x=y\r\n",
  "ffffffffffffff\r\n",
  "\0",
  "\x80\xff",
  ":",
  " ",
  "\t",
];

function anyMessage(random: SeededRandom): string {
  if (below(random, 2) === 0) {
    return Array.from(
      { length: 1 + below(random, 14) },
      () => WORDS[below(random, WORDS.length)],
    ).join("");
  }
  const end = below(random, 2) === 0 ? "\r\n" : "\n";
  const body = "x".repeat(below(random, 60));
  const chunked = below(random, 2) === 0;
  const lines = [
    "POST /p HTTP/1.1",
    "Host: a",
    ...Array.from({ length: below(random, 4) }, () => "X-A: b "),
  ];
  if (!chunked) return [...lines, `Content-Length: ${body.length}`, "", ""].join(end) + body;
  const half = below(random, body.length + 1);
  const chunks = [body.slice(0, half), body.slice(half)]
    .filter((part) => part !== "")
    .map((part) => `${part.length.toString(16)};e="${end === "\n" ? "" : "q"}"${end}${part}${end}`);
  return `${[...lines, "Transfer-Encoding: chunked", "", ""].join(end)}${chunks.join("")}0${end}T: v${end}${end}`;
}

test("any split of any messages gives the same result, and nothing throws or hangs", (context) => {
  const seed = seedOfRun();
  context.diagnostic(`SEED=${seed}`);
  const random = new SeededRandom(seed);
  let completeCount = 0;
  for (let round = 0; round < 3000; round++) {
    const text = anyMessage(random) + anyMessage(random);
    const bytes = Buffer.from(text, "latin1");
    const whole = readAll([bytes]);
    const seen = (messages: readonly Message[]) =>
      messages.map(({ head, status, ...others }) => ({
        ...others,
        status,
        // A fault may be found before the rest of the head is there: then less of it is known.
        head: status === undefined ? head : undefined,
      }));
    assert.deepEqual(seen(readAll(cut(bytes, random))), seen(whole), JSON.stringify(text));
    completeCount += whole.filter(({ end }) => end === "complete").length;
  }
  assert.ok(completeCount > 1000, `${completeCount} complete messages`);
});

/** Heads by what is doubtful in them, and the status of the refusal. */
const REFUSED: Readonly<Record<string, readonly [head: string, status: number]>> = {
  "both a length and a coding": [
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
    400,
  ],
  "two lengths that differ": [
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n",
    400,
  ],
  "the same length twice": [
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\ncontent-length: 3\r\n\r\n",
    400,
  ],
  "a list of lengths": ["POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3, 3\r\n\r\n", 400],
  "a signed length": ["POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\n", 400],
  "a hexadecimal length": ["POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x3\r\n\r\n", 400],
  "an empty length": ["POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n", 400],
  "a length beyond all bounds": [
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n",
    400,
  ],
  "an unknown coding": ["POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n", 501],
  "a coding before chunked": [
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
    501,
  ],
  "chunked twice": [
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n",
    501,
  ],
  "two codings": [
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n",
    400,
  ],
  "a coding in HTTP/1.0": ["POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", 400],
  "a vertical tab before chunked": [
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \x0bchunked\r\n\r\n",
    400,
  ],
  "a space before the colon": [
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n",
    400,
  ],
  "a folded line": [
    "POST / HTTP/1.1\r\nHost: a\r\nX: y\r\n Transfer-Encoding: chunked\r\n\r\n",
    400,
  ],
  "a folded first line": ["POST / HTTP/1.1\r\n Host: a\r\n\r\n", 400],
  "a bare CR in a value": ["GET / HTTP/1.1\r\nHost: a\r\nX: y\rContent-Length: 3\r\n\r\n", 400],
  "a bare CR in the request line": ["GET /\r HTTP/1.1\r\nHost: a\r\n\r\n", 400],
  "two CR before LF": ["GET / HTTP/1.1\r\nHost: a\r\r\n\r\n", 400],
  "NUL in a value": ["GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n", 400],
  "NUL in the target": ["GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n", 400],
  "a line without a colon": ["GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n", 400],
  "an empty name": ["GET / HTTP/1.1\r\nHost: a\r\n: x\r\n\r\n", 400],
  "bytes beyond ASCII in a name": [
    "GET / HTTP/1.1\r\nHost: a\r\nTransfer\xa0Encoding: chunked\r\n\r\n",
    400,
  ],
  "a space in the target": ["GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400],
  "a tab instead of a space": ["GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", 400],
  "a method in lower case": ["get / HTTP/1.1\r\nHost: a\r\n\r\n", 400],
  "no version": ["GET /\r\nHost: a\r\n\r\n", 400],
  TRACE: ["TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 405],
  CONNECT: ["CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", 405],
  "CONNECT to a path": ["CONNECT / HTTP/1.1\r\nHost: a\r\n\r\n", 400],
  "CONNECT without a port": ["CONNECT a HTTP/1.1\r\nHost: a\r\n\r\n", 400],
  "HTTP/0.9": ["GET / HTTP/0.9\r\nHost: a\r\n\r\n", 400],
  "HTTP/2.0": ["GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505],
  "a TLS handshake": ["\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03", 400],
  "a line longer than a buffer": [`GET / HTTP/1.1\r\nX: ${"y".repeat(8192)}`, 494],
  "a target longer than a buffer": [`GET /${"y".repeat(8192)}`, 414],
  "a head longer than all buffers": [
    `GET / HTTP/1.1\r\n${`X: ${"y".repeat(8000)}\r\n`.repeat(5)}`,
    494,
  ],
  "more lines than allowed": [`GET / HTTP/1.1\r\n${"X: y\r\n".repeat(1001)}\r\n`, 494],
};

for (const [what, [head, status]] of Object.entries(REFUSED)) {
  test(`refuses ${what} with ${status} and reads nothing behind it`, () => {
    const messages = read(`${head}GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n`);
    assert.deepEqual([messages.length, messages[0]?.status], [1, status]);
  });
}

test("reads bare LF line ends, empty lines before a head and blanks around values in one way", () => {
  const [message] = read("\r\n\nGET http://b/x HTTP/1.1\nHost:\t a \r\nX_Y: z\n\n");
  assert.deepEqual(message?.head, {
    method: "GET",
    target: "http://b/x",
    version: "1.1",
    fields: [["Host", "a", "host"]],
    line: "GET http://b/x HTTP/1.1",
  });
});

const BAD_CHUNKS: Readonly<Record<string, string>> = {
  "no digits": "\r\n",
  "a sign": "+5\r\nhello\r\n",
  "a prefix": "0x5\r\nhello\r\n",
  "a size beyond all bounds": "fffffffffffffff\r\n",
  "more data than the size": "4\r\nhello\r\n",
  "a bare CR behind the size": "5\rhello\r\n",
  "a control character in an extension": "5;\x0b\r\nhello\r\n",
  "an endless extension": `5;${"x".repeat(5000)}`,
  "a trailer without a colon": "0\r\nX\r\n\r\n",
  "trailers without end": `0\r\n${"X: y\r\n".repeat(101)}`,
};

for (const [what, chunks] of Object.entries(BAD_CHUNKS)) {
  test(`refuses a chunked body with ${what}`, () => {
    const [message] = read(
      `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}`,
    );
    assert.equal(message?.end, "fault");
  });
}

test("decodes chunks with extensions and trailers, and finds the next request behind them", () => {
  const [first, second] = read(
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n5;a=b\r\nhello\r\n1\n!\n0\r\nT: v\r\n\r\nGET /2 HTTP/1.0\r\n\r\n",
  );
  assert.deepEqual(
    [first?.body, first?.trailers, first?.end],
    ["hello!", [["T", "v"]], "complete"],
  );
  assert.equal(second?.head.target, "/2");
});
