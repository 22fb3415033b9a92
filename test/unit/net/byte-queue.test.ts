import assert from "node:assert/strict";
import { test } from "node:test";
import { ByteQueue, type ByteSource, bytesStream } from "../../../src/net/byte-queue.ts";
import { BodyTooLarge, type ByteSink, collectBytes } from "../../../src/net/byte-stream.ts";

class RecordedSource implements ByteSource {
  readonly calls: string[] = [];
  pause(): void {
    this.calls.push("pause");
  }
  resume(): void {
    this.calls.push("resume");
  }
  cancel(): void {
    this.calls.push("cancel");
  }
}

class RecordedSink implements ByteSink {
  readonly seen: string[] = [];
  takes = true;
  onBodyData(chunk: Buffer): boolean {
    this.seen.push(chunk.toString());
    return this.takes;
  }
  onBodyEnd(): void {
    this.seen.push("END");
  }
  onBodyFault(error: Error): void {
    this.seen.push(`FAULT ${error.message}`);
  }
}

test("what came before its reader is kept in order, and the end comes after it", () => {
  const queue = new ByteQueue(new RecordedSource());
  const sink = new RecordedSink();
  queue.push(Buffer.from("a"));
  queue.push(Buffer.from("b"));
  queue.consume(sink);
  queue.push(Buffer.from("c"));
  queue.end();
  assert.deepEqual(sink.seen, ["a", "b", "c", "END"]);
});

test("a reader that takes no more pauses the source, and resumes it when it goes on", () => {
  const source = new RecordedSource();
  const queue = new ByteQueue(source);
  const sink = new RecordedSink();
  sink.takes = false;
  queue.consume(sink);
  queue.push(Buffer.from("a"));
  queue.push(Buffer.from("late"));
  assert.deepEqual([sink.seen, source.calls], [["a"], ["pause"]]);
  sink.takes = true;
  queue.resume();
  queue.end();
  assert.deepEqual(sink.seen, ["a", "late", "END"]);
  assert.deepEqual(source.calls, ["pause", "resume"]);
});

test("a source whose reader has not come is paused at the bound", () => {
  const source = new RecordedSource();
  const queue = new ByteQueue(source);
  queue.push(Buffer.alloc(64 * 1024));
  assert.deepEqual(source.calls, ["pause"]);
  queue.consume(new RecordedSink());
  assert.deepEqual(source.calls, ["pause", "resume"]);
});

test("a fault comes after the bytes before it, and once", () => {
  const queue = new ByteQueue(new RecordedSource());
  const sink = new RecordedSink();
  queue.push(Buffer.from("a"));
  queue.fail(new Error("first"));
  queue.fail(new Error("second"));
  queue.consume(sink);
  assert.deepEqual(sink.seen, ["a", "FAULT first"]);
});

test("discarding cancels a source that has more to come, and nothing else", () => {
  const source = new RecordedSource();
  const queue = new ByteQueue(source);
  queue.discard();
  queue.discard();
  queue.push(Buffer.from("late"));
  assert.deepEqual(source.calls, ["cancel"]);
  const ended = new RecordedSource();
  const complete = new ByteQueue(ended);
  complete.end();
  complete.discard();
  assert.deepEqual(ended.calls, []);
});

test("bytes that are all here are taken whole, once", () => {
  const stream = bytesStream(Buffer.from("all"));
  assert.equal(stream.takeWhole()?.toString(), "all");
  assert.equal(stream.takeWhole(), undefined);
});

test("collecting stops at its bound and discards the rest", async () => {
  const source = new RecordedSource();
  const queue = new ByteQueue(source);
  const collected = collectBytes(queue, 3);
  queue.push(Buffer.from("four"));
  await assert.rejects(collected, BodyTooLarge);
  assert.deepEqual(source.calls.includes("cancel"), true);
});
