import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readLogQuery } from "../../../src/observability/log-query.ts";
import { LogRing } from "../../../src/observability/log-ring.ts";
import { LogService, TAILS_MAX } from "../../../src/observability/log-service.ts";
import {
  HEARTBEAT_MS,
  LogTail,
  TAIL_WAITING_BYTES_MAX,
  type TailLink,
} from "../../../src/observability/log-tail.ts";
import { FakeClock } from "../../helpers/fake-clock.ts";
import { addLine } from "../../helpers/made-logs.ts";

/** A reader that takes what was sent when the test says so. */
class FakeLink implements TailLink {
  readonly frames: { message?: string; skipped?: number; number?: number }[] = [];
  waitingBytes = 0;
  pings = 0;
  isCut = false;
  endCode: number | undefined;
  #onSent: (() => void) | undefined;
  #onPong: (() => void) | undefined;
  readonly #onClose: (() => void)[] = [];

  send(text: string, onSent: () => void): void {
    this.frames.push(JSON.parse(text));
    this.#onSent = onSent;
  }
  ping(): void {
    this.pings += 1;
  }
  end(code: number): void {
    this.endCode = code;
  }
  cut(): void {
    this.isCut = true;
    this.close();
  }
  onPong(handler: () => void): void {
    this.#onPong = handler;
  }
  onClose(handler: () => void): void {
    this.#onClose.push(handler);
  }
  close(): void {
    for (const handler of this.#onClose) handler();
  }
  stall(): void {
    this.waitingBytes = TAIL_WAITING_BYTES_MAX + 1;
  }
  take(): void {
    this.waitingBytes = 0;
    this.#onSent?.();
  }
  pong(): void {
    this.#onPong?.();
  }
  get messages(): readonly (string | undefined)[] {
    return this.frames.map(({ message }) => message);
  }
}

function startTail(ring: LogRing, lines = 100) {
  const clock = new FakeClock();
  const link = new FakeLink();
  const tail = new LogTail({ ring, link, query: { level: "info", lines }, clock });
  return { clock, link, tail };
}

describe("a log tail", () => {
  it("sends the last lines, then each new one", () => {
    const ring = new LogRing();
    for (const message of ["a", "b", "c"]) addLine(ring, message);
    const { link } = startTail(ring, 2);
    addLine(ring, "d");
    assert.deepEqual(link.messages, ["b", "c", "d"]);
    assert.deepEqual(
      link.frames.map(({ number }) => number),
      [2, 3, 4],
    );
  });

  it("waits for a slow reader and loses nothing that the ring still has", () => {
    const ring = new LogRing(10);
    const { link } = startTail(ring);
    addLine(ring, "a");
    link.stall();
    addLine(ring, "b");
    addLine(ring, "c");
    assert.deepEqual(link.messages, ["a"]);
    link.take();
    assert.deepEqual(link.messages, ["a", "b", "c"]);
  });

  it("says how many lines were dropped while the reader was slow", () => {
    const ring = new LogRing(3);
    const { link } = startTail(ring);
    addLine(ring, "a");
    link.stall();
    for (let count = 1; count <= 10; count += 1) addLine(ring, `line ${count}`);
    link.take();
    assert.deepEqual(link.frames[1], { skipped: 7 });
    assert.deepEqual(link.messages.slice(2), ["line 8", "line 9", "line 10"]);
  });

  it("cuts off who answers no heartbeat, and keeps who does", () => {
    const { clock, link } = startTail(new LogRing());
    clock.advance(HEARTBEAT_MS);
    link.pong();
    clock.advance(HEARTBEAT_MS);
    assert.deepEqual([link.pings, link.isCut], [2, false]);
    clock.advance(HEARTBEAT_MS);
    assert.equal(link.isCut, true);
    assert.equal(clock.pendingCount, 0);
  });

  it("leaves nothing behind when the reader goes", () => {
    const ring = new LogRing();
    const { clock, link } = startTail(ring);
    link.close();
    addLine(ring, "late");
    assert.deepEqual([link.frames.length, clock.pendingCount], [0, 0]);
  });
});

describe("the log of a node", () => {
  function makeService() {
    const ring = new LogRing();
    const clock = new FakeClock();
    return { ring, service: new LogService({ node: "worker-1", ring, clock }) };
  }

  it("is a page of the last lines with their times", () => {
    const { ring, service } = makeService();
    addLine(ring, "a");
    addLine(ring, "b", "warn");
    const { status, body } = service.page("lines=5&level=warn");
    assert.equal(status, 200);
    assert.deepEqual(body, {
      node: "worker-1",
      count: 1,
      list: [
        {
          number: 2,
          at: "2026-11-21T00:00:00.000Z",
          level: "warn",
          component: "Test",
          message: "b",
        },
      ],
    });
  });

  it("grants a bounded number of tails, and none once it is closed", () => {
    const { service } = makeService();
    const links = Array.from({ length: TAILS_MAX }, () => new FakeLink());
    for (const link of links) {
      const result = service.tail("");
      assert.equal(result.kind, "granted");
      if (result.kind === "granted") result.start(link);
    }
    const refused = service.tail("");
    assert.equal(refused.kind === "refused" && refused.answer.status, 503);
    links[0]?.close();
    assert.equal(service.tail("").kind, "granted");
    service.close();
    assert.equal(links[1]?.endCode, 1001);
    assert.equal(service.tail("").kind, "refused");
  });

  it("takes level and lines in their ranges, and nothing else", () => {
    assert.deepEqual(readLogQuery(""), { kind: "query", query: { level: "trace", lines: 100 } });
    assert.deepEqual(readLogQuery("level=warn&lines=2000"), {
      kind: "query",
      query: { level: "warn", lines: 2000 },
    });
    for (const search of [
      "level=loud",
      "lines=2001",
      "lines=-1",
      "lines=1e3",
      "lines=",
      "level=",
      "other=1",
    ])
      assert.equal(readLogQuery(search).kind, "refused", search);
  });
});
