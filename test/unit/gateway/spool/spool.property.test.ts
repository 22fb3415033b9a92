/** Whatever the limits, the chunks, the disk's short operations and the order of calls: the same bytes come out, in order. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { OverflowQueue } from "../../../../src/gateway/spool/overflow-queue.ts";
import { SpooledBody } from "../../../../src/gateway/spool/spooled-body.ts";
import { TempFiles } from "../../../../src/gateway/spool/temp-file.ts";
import { MemoryFiles, settled } from "../../../helpers/memory-files.ts";

const RUNS = { numRuns: 150 } as const;

/** Small ones and such that are larger than every block and piece. */
const chunkLength = fc.oneof(
  fc.integer({ min: 0, max: 20 }),
  fc.integer({ min: 0, max: 5_000 }),
  fc.constantFrom(65_536, 70_000, 140_000),
);
const shortBytes = fc.constantFrom(7_001, 65_536, Infinity);

/** Gives bytes that tell their place, in a buffer that is overwritten by the next call, as a socket's is. */
class Source {
  readonly #received = Buffer.alloc(200_000);
  #sent = 0;

  next(length: number): Buffer {
    for (let at = 0; at < length; at++) this.#received[at] = byteAt(this.#sent + at);
    this.#sent += length;
    return this.#received.subarray(0, length);
  }

  get sent(): number {
    return this.#sent;
  }
}

function byteAt(place: number): number {
  return (place * 31 + (place >> 8) * 7 + (place >> 16)) & 0xff;
}

/** Checks what comes out as it comes. */
class Sink {
  count = 0;

  take(piece: Buffer): void {
    assert.ok(piece.length > 0);
    for (const byte of piece) {
      if (byte !== byteAt(this.count++)) assert.fail(`byte ${this.count - 1} is another`);
    }
  }
}

test("a stored body reads as it came, any number of times", async () => {
  const bodies = fc.record({
    memoryBytes: fc.constantFrom(0, 1, 10, 4_096, 100_000),
    inFileOnly: fc.constantFrom("off", "clean", "on"),
    shortBytes,
    chunks: fc.array(chunkLength, { maxLength: 12 }),
    waitsForSeal: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(bodies, async ({ memoryBytes, inFileOnly, chunks, ...rest }) => {
      const disk = new MemoryFiles({ shortBytes: rest.shortBytes });
      const body = new SpooledBody({ files: new TempFiles("/tmp", disk), memoryBytes, inFileOnly });
      const source = new Source();
      for (const length of chunks) await body.append(source.next(length));
      const sealed = body.seal();
      if (rest.waitsForSeal) await sealed;
      assert.equal(body.byteCount, source.sent);
      assert.equal(body.isInFile, inFileOnly !== "off" || source.sent > memoryBytes);
      const sinkOfText = new Sink();
      const textBytes = Buffer.from(body.text, "latin1");
      if (textBytes.length > 0) sinkOfText.take(textBytes);
      assert.equal(sinkOfText.count, body.isInFile ? 0 : source.sent);
      for (let time = 0; time < 2; time++) {
        const sink = new Sink();
        const reader = body.reader();
        for (let piece = await reader.read(); piece; piece = await reader.read()) sink.take(piece);
        assert.equal(sink.count, source.sent);
      }
      body.dispose();
      await settled();
      assert.equal(disk.openCount, 0);
    }),
    RUNS,
  );
});

type Action =
  | { readonly kind: "push"; readonly length: number }
  | { readonly kind: "shift" }
  /** The disk gets that many turns. */
  | { readonly kind: "turns"; readonly count: number };

const action: fc.Arbitrary<Action> = fc.oneof(
  fc.record({ kind: fc.constant("push" as const), length: chunkLength }),
  fc.constant({ kind: "shift" as const }),
  fc.record({ kind: fc.constant("turns" as const), count: fc.integer({ min: 0, max: 12 }) }),
);

const queues = fc.record({
  memoryBytes: fc.constantFrom(0, 1, 10, 4_096, 70_000, 300_000),
  fileBytesMax: fc.constantFrom(0, 10, 5_000, 150_000, 10_000_000),
  shortBytes,
  /** The producer pauses when it is told to. */
  obeys: fc.boolean(),
  actions: fc.array(action, { maxLength: 60 }),
});

test("a response comes out as it went in, is never stuck, and stays within its bounds", async () => {
  await fc.assert(
    fc.asyncProperty(queues, async ({ memoryBytes, fileBytesMax, obeys, actions, ...rest }) => {
      const disk = new MemoryFiles({ shortBytes: rest.shortBytes });
      const source = new Source();
      const sink = new Sink();
      const waiting = { forRoom: false, forPiece: false };
      const queue = new OverflowQueue({ memoryBytes, fileBytesMax }, new TempFiles("/tmp", disk), {
        onRoom: () => (waiting.forRoom = false),
        onReadable: () => (waiting.forPiece = false),
        onError: (error) => assert.fail(error),
      });
      const shift = (): void => {
        const piece = queue.shift();
        if (piece) sink.take(piece);
        waiting.forPiece = !piece && !queue.isEmpty;
      };
      for (const step of actions) {
        if (step.kind === "turns")
          for (let turn = 0; turn < step.count; turn++) await Promise.resolve();
        if (step.kind === "shift" && !waiting.forPiece) shift();
        if (step.kind !== "push" || (obeys && waiting.forRoom)) continue;
        queue.push(source.next(step.length));
        if (step.length > 0) waiting.forPiece = waiting.forPiece && sink.count < source.sent;
        waiting.forRoom = queue.isFull;
        assert.equal(queue.byteCount, source.sent - sink.count);
        if (obeys && fileBytesMax === 0) assert.ok(queue.byteCount <= memoryBytes + 140_000);
      }
      // Only what the queue itself calls for: a call that is missing is a client that waits for ever.
      for (let turn = 0; turn < 1_000 && sink.count < source.sent; turn++) {
        if (waiting.forPiece) await settled();
        else shift();
      }
      assert.equal(sink.count, source.sent, "everything has come out");
      await settled();
      assert.equal(queue.isEmpty, true);
      assert.equal(queue.isFull, false);
      assert.equal(waiting.forRoom, false, "the producer goes on");
      for (const operation of disk.operations) {
        const [, at, length] = /^write (\d+)\+(\d+)$/.exec(operation) ?? [];
        assert.ok(Number(at ?? 0) + Number(length ?? 0) <= fileBytesMax);
      }
      queue.dispose();
      await settled();
      assert.equal(disk.openCount, 0);
    }),
    RUNS,
  );
});
