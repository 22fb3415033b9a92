/** How a request's body goes from its connection to its one reader: kept, paused, dropped, broken. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { ChunkedDecoder, LengthDecoder } from "../../../../src/net/http1/body-decoder.ts";
import { BodyFault, type BodySink, RequestBody } from "../../../../src/net/http1/request-body.ts";

/** Notes what comes; takes so many pieces before it wants a pause. */
class Sink implements BodySink {
  readonly told: string[] = [];
  /** Pieces that it takes in a row. */
  takes = Infinity;

  onBodyData(chunk: Buffer): boolean {
    this.told.push(chunk.toString("latin1"));
    return --this.takes > 0;
  }

  onBodyEnd(): void {
    this.told.push("end");
  }

  onBodyFault({ status }: BodyFault): void {
    this.told.push(`fault ${status}`);
  }
}

function sized(bytes: number) {
  const counts = { wanted: 0 };
  const body = new RequestBody(new LengthDecoder(bytes), () => void counts.wanted++);
  return { body, counts, sink: new Sink() };
}

/** What a connection does with each read: the buffer is used again afterwards. */
function read(body: RequestBody, text: string): string {
  const chunk = Buffer.from(text, "latin1");
  body.offer(chunk);
  const rest = body.takeRest().toString("latin1");
  chunk.fill("!");
  return rest;
}

test("what comes before there is a reader is kept for it, and more is asked for then", () => {
  const { body, counts, sink } = sized(6);
  read(body, "abc");
  assert.deepEqual([body.wanted, counts.wanted, body.received], [false, 0, 3]);
  body.consume(sink);
  assert.deepEqual([sink.told, body.wanted, counts.wanted], [["abc"], true, 1]);
  assert.equal(read(body, "defGET /"), "GET /");
  assert.deepEqual(sink.told, ["abc", "def", "end"]);
  assert.deepEqual([body.complete, body.received], [true, 6]);
});

test("a reader that pauses gets nothing until it goes on, and the end last", () => {
  const { body, counts, sink } = sized(4);
  sink.takes = 1;
  body.consume(sink);
  read(body, "a");
  assert.equal(body.wanted, false);
  read(body, "b");
  read(body, "cd");
  assert.deepEqual([sink.told, body.complete], [["a"], true]);
  sink.takes = 1;
  body.resume();
  assert.deepEqual(sink.told, ["a", "b"]);
  sink.takes = Infinity;
  body.resume();
  body.resume();
  assert.deepEqual(sink.told, ["a", "b", "cd", "end"]);
  assert.equal(counts.wanted, 1, "a complete body wants no more");
});

test("a body that breaks is told once, also to a reader that pauses or comes later, and never after its end", () => {
  const gone = new BodyFault(499, "the client has gone");
  const early = sized(5);
  read(early.body, "ab");
  early.body.break(gone);
  early.body.break(new BodyFault(408, "late"));
  early.body.consume(early.sink);
  assert.deepEqual([early.sink.told, early.body.broken], [["fault 499"], true]);
  const paused = sized(5);
  paused.sink.takes = 1;
  paused.body.consume(paused.sink);
  read(paused.body, "ab");
  read(paused.body, "cd");
  paused.body.break(gone);
  paused.body.resume();
  assert.deepEqual(paused.sink.told, ["ab", "fault 499"]);
  const whole = sized(1);
  whole.body.consume(whole.sink);
  read(whole.body, "a");
  whole.body.break(gone);
  assert.deepEqual([whole.sink.told, whole.body.broken], [["a", "end"], false]);
});

test("a reader that breaks the body off within a call hears of it once and gets no more", () => {
  const body = new RequestBody(new ChunkedDecoder(), () => {});
  const sink = new Sink();
  sink.onBodyData = (chunk) => {
    sink.told.push(chunk.toString("latin1"));
    body.break(new BodyFault(499, "enough"));
    return true;
  };
  body.consume(sink);
  read(body, "1\r\na\r\n1\r\nb\r\n0\r\n\r\n");
  assert.deepEqual(sink.told, ["a", "fault 499"]);
});

test("bytes that are no chunks are a fault of the client", () => {
  const body = new RequestBody(new ChunkedDecoder(), () => {});
  const sink = new Sink();
  body.consume(sink);
  read(body, "1\r\na\r\nzz\r\n");
  assert.deepEqual(sink.told, ["a", "fault 400"]);
});

test("whatever the cuts, the pauses and the moment of the reader, the same bytes come, then the end", () => {
  const chunk = fc.string({ minLength: 1, maxLength: 40, unit: "binary-ascii" });
  const moves = fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(fc.array(chunk, { maxLength: 8 }), moves, fc.nat(10), (chunks, sizes, late) => {
      const coded = chunks.map((text) => `${text.length.toString(16)}\r\n${text}\r\n`).join("");
      const wire = `${coded}0\r\n\r\nNEXT`;
      const body = new RequestBody(new ChunkedDecoder(), () => {});
      const sink = new Sink();
      let at = 0;
      let rest = "";
      for (let turn = 0; at < wire.length; turn++) {
        const size = (sizes[turn % sizes.length] ?? 0) + 1;
        if (turn === late) body.consume(sink);
        if (size % 3 === 0) sink.takes = 1;
        else if (turn > late) {
          sink.takes = Infinity;
          body.resume();
        }
        const piece = wire.slice(at, at + size);
        if (body.complete) rest += piece;
        else rest += read(body, piece);
        at += size;
      }
      if (!sink.told.includes("end")) {
        sink.takes = Infinity;
        body.consume(sink);
      }
      assert.equal(sink.told.pop(), "end");
      assert.deepEqual([sink.told.join(""), rest], [chunks.join(""), "NEXT"]);
    }),
    { numRuns: 400 },
  );
});
