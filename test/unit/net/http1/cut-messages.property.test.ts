/** Valid requests of any shape, one behind the other, cut anywhere: each is read as what it was made of (RFC 9112). */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { cutAt, inBytes, readRequests } from "../../../helpers/codec-reader.ts";

interface Made {
  readonly text: string;
  readonly method: string;
  readonly target: string;
  readonly fields: readonly (readonly [string, string])[];
  readonly body: string;
  readonly trailers: readonly (readonly [string, string])[];
}

function textOf(characters: string, minLength: number, maxLength: number): fc.Arbitrary<string> {
  return fc
    .array(fc.constantFrom(...characters.split("")), { minLength, maxLength })
    .map((chosen) => chosen.join(""));
}

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const VISIBLE = `${LETTERS}!"#$%&'()*+,-./:;<=>?@[\\]^_\`{|}~`;
const lineEnd = fc.constantFrom("\r\n", "\r\n", "\n");
const blanks = fc.constantFrom("", " ", "\t", "  ", " \t ");

const method = fc.constantFrom("GET", "POST", "PUT", "DELETE", "OPTIONS", "M-SEARCH");
const target = textOf(VISIBLE, 0, 60).map((text) => `/${text}`);
const name = textOf(`${LETTERS}-`, 1, 12).map((text) => `X-${text}`);
const value = textOf(`${VISIBLE} \t\x80\xa0\xff`, 0, 40).map((text) =>
  text.replace(/^[ \t]+|[ \t]+$/g, ""),
);
const field = fc.record({ name, value, before: blanks, after: blanks, end: lineEnd });
const body = fc
  .uint8Array({ maxLength: 300 })
  .map((bytes) => Buffer.from(bytes).toString("latin1"));

const sized = fc.record({ kind: fc.constant("length" as const), data: body });
const chunk = fc.record({
  data: body.filter((data) => data !== ""),
  zeros: fc.constantFrom("", "0", "000"),
  upper: fc.boolean(),
  extension: fc.constantFrom("", ";a", ";a=b", ' ; a="b;c"', "\t;x=\x80"),
  end: lineEnd,
  dataEnd: lineEnd,
});
const chunked = fc.record({
  kind: fc.constant("chunked" as const),
  coding: fc.constantFrom("chunked", "Chunked", "CHUNKED"),
  chunks: fc.array(chunk, { maxLength: 5 }),
  last: fc.constantFrom("0", "00", "0;last"),
  trailers: fc.array(field, { maxLength: 3 }),
  end: lineEnd,
});
const none = fc.constant({ kind: "none" as const });

const request = fc
  .record({
    before: fc.constantFrom("", "", "\r\n", "\n\r\n"),
    method,
    target,
    fields: fc.array(field, { maxLength: 5 }),
    framing: fc.oneof(none, sized, chunked),
    /** How many fields stand before the one of the framing. */
    framingAt: fc.nat(5),
    end: lineEnd,
  })
  .map((parts): Made => {
    const { framing, framingAt, end } = parts;
    const lines = parts.fields.map(
      (one) => `${one.name}:${one.before}${one.value}${one.after}${one.end}`,
    );
    const fields = parts.fields.map((one): [string, string] => [one.name, one.value]);
    let tail = "";
    let data = "";
    let trailers: [string, string][] = [];
    if (framing.kind === "length") {
      data = tail = framing.data;
      lines.splice(framingAt, 0, `Content-Length: ${data.length}${end}`);
      fields.splice(framingAt, 0, ["Content-Length", String(data.length)]);
    }
    if (framing.kind === "chunked") {
      lines.splice(framingAt, 0, `Transfer-Encoding: ${framing.coding}${end}`);
      fields.splice(framingAt, 0, ["Transfer-Encoding", framing.coding]);
      for (const one of framing.chunks) {
        const digits = one.data.length.toString(16);
        const size = one.zeros + (one.upper ? digits.toUpperCase() : digits);
        tail += `${size}${one.extension}${one.end}${one.data}${one.dataEnd}`;
        data += one.data;
      }
      trailers = framing.trailers.map((one) => [one.name, one.value]);
      const shown = framing.trailers.map(
        (one) => `${one.name}:${one.before}${one.value}${one.after}${one.end}`,
      );
      tail += `${framing.last}${framing.end}${shown.join("")}${framing.end}`;
    }
    const head = `${parts.method} ${parts.target} HTTP/1.1${end}${lines.join("")}${end}`;
    return { ...parts, text: parts.before + head + tail, fields, body: data, trailers };
  });

const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 });

function expected({ method: ofMade, target: wanted, fields, body: data, trailers }: Made) {
  const head = { method: ofMade, target: wanted, version: "1.1", fields };
  return { ...head, body: data, trailers, end: "complete", status: undefined };
}

test("pipelined requests are read as what they were made of, wherever they are cut", () => {
  fc.assert(
    fc.property(fc.array(request, { minLength: 1, maxLength: 4 }), cuts, (made, places) => {
      const bytes = Buffer.from(made.map((one) => one.text).join(""), "latin1");
      const wanted = made.map(expected);
      for (const pieces of [[bytes], cutAt(bytes, places), inBytes(bytes)]) {
        assert.deepEqual(readRequests(pieces), wanted);
      }
    }),
    { numRuns: 200 },
  );
});

test("a request that breaks off is never taken for complete, nor for faulty", () => {
  fc.assert(
    fc.property(request, fc.double({ min: 0, max: 0.999, noNaN: true }), (made, part) => {
      const bytes = Buffer.from(made.text, "latin1");
      const [read, ...others] = readRequests([bytes.subarray(0, Math.floor(part * bytes.length))]);
      assert.deepEqual(others, []);
      if (!read) return;
      assert.equal(read.end, "unfinished");
      assert.ok(made.body.startsWith(read.body));
    }),
    { numRuns: 300 },
  );
});
