import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../../../helpers/fake-clock.ts";
import type { XQueryJob } from "../../../../src/mediation/transform/xquery-job.ts";
import type {
  QueryProcess,
  QueryProcessEvents,
} from "../../../../src/mediation/transform/xquery-process.ts";
import {
  XQUERY_WAITING_LENGTH_MAX,
  XQUERY_WAITING_MAX,
  XQueryRunner,
} from "../../../../src/mediation/transform/xquery-runner.ts";

/** A process that does what the test says. */
class ToldProcess implements QueryProcess {
  readonly events: QueryProcessEvents;
  readonly seen: string[] = [];

  constructor(events: QueryProcessEvents) {
    this.events = events;
  }

  send({ query }: XQueryJob): void {
    this.seen.push(query);
  }

  rest(): void {
    this.seen.push("(rests)");
  }

  end(): void {
    this.seen.push("(ended)");
  }

  answer(text: string): void {
    this.events.onAnswer({ kind: "text", text });
  }
}

function made(): { clock: FakeClock; processes: ToldProcess[]; runner: XQueryRunner } {
  const clock = new FakeClock();
  const processes: ToldProcess[] = [];
  const start = (events: QueryProcessEvents): ToldProcess => {
    const started = new ToldProcess(events);
    processes.push(started);
    return started;
  };
  return { clock, processes, runner: new XQueryRunner({ timeMaxMs: 700, clock, start }) };
}

function ask(runner: XQueryRunner, query: string, payload = "<a/>"): Promise<string> {
  return runner.run({ query, payload, variables: {} });
}

test("the first query starts the process, which takes one query after the other and then rests", async () => {
  const { clock, processes, runner } = made();
  assert.equal(processes.length, 0);
  const [one, two] = [ask(runner, "one"), ask(runner, "two")];
  const [only] = processes;
  assert.deepEqual(only?.seen, ["one"]);
  only?.answer("1");
  assert.equal(await one, "1");
  assert.deepEqual(only?.seen, ["one", "two"]);
  only?.events.onAnswer({ kind: "error", message: "XPST0003" });
  await assert.rejects(two, /^MediationFault: XPST0003$/);
  assert.deepEqual(only?.seen, ["one", "two", "(rests)"]);
  const three = ask(runner, "three");
  only?.answer("3");
  assert.equal(await three, "3");
  assert.equal(processes.length, 1);
  assert.equal(clock.pendingCount, 0);
});

test("a process that ends by itself costs the query that it had, and the others go to a new one", async () => {
  const { clock, processes, runner } = made();
  const [one, two] = [ask(runner, "one"), ask(runner, "two")];
  processes[0]?.events.onEnded("it took too much memory");
  await assert.rejects(one, /^MediationFault: it took too much memory$/);
  assert.equal(processes.length, 2);
  processes[1]?.answer("2");
  assert.equal(await two, "2");
  assert.equal(clock.pendingCount, 0);
});

test("a process that ends while nothing waits is noticed by nobody, and the next query starts another", async () => {
  const { processes, runner } = made();
  const one = ask(runner, "one");
  processes[0]?.answer("1");
  await one;
  processes[0]?.events.onEnded("its process was killed");
  assert.equal(processes.length, 1);
  const two = ask(runner, "two");
  processes[1]?.answer("2");
  assert.equal(await two, "2");
});

test("a query that takes longer than its time ends its process", async () => {
  const { clock, processes, runner } = made();
  const [one, two] = [ask(runner, "one"), ask(runner, "two")];
  clock.advance(699);
  assert.deepEqual(processes[0]?.seen, ["one"]);
  clock.advance(1);
  await assert.rejects(one, /^MediationFault: it took longer than 700 ms$/);
  assert.deepEqual(processes[0]?.seen, ["one", "(ended)"]);
  clock.advance(699);
  processes[1]?.answer("2");
  assert.equal(await two, "2");
  assert.equal(clock.pendingCount, 0);
});

test("a process that cannot be started is a fault of each query, and tried again by the next one", async () => {
  const clock = new FakeClock();
  let left = 2;
  const processes: ToldProcess[] = [];
  const start = (events: QueryProcessEvents): ToldProcess => {
    left -= 1;
    if (left >= 0) throw new Error("spawn ENOMEM");
    processes.push(new ToldProcess(events));
    return processes[0] ?? new ToldProcess(events);
  };
  const runner = new XQueryRunner({ clock, start });
  await assert.rejects(ask(runner, "one"), /no process for it can be started: spawn ENOMEM/);
  await assert.rejects(ask(runner, "two"), /no process for it can be started: spawn ENOMEM/);
  const three = ask(runner, "three");
  processes[0]?.answer("3");
  assert.equal(await three, "3");
});

test("what waits is bounded in number and in characters", async () => {
  const { processes, runner } = made();
  const waiting = Array.from({ length: XQUERY_WAITING_MAX }, () => ask(runner, "q"));
  await assert.rejects(ask(runner, "q"), /more than 200 queries are waiting/);
  for (const _ of waiting) processes[0]?.answer("");
  await Promise.all(waiting);
  const long = ask(runner, "q", "x".repeat(XQUERY_WAITING_LENGTH_MAX));
  await assert.rejects(ask(runner, "q"), /queries with more than 134217728 characters are waiting/);
  processes[0]?.answer("");
  await long;
  const last = ask(runner, "q");
  processes[0]?.answer("last");
  assert.equal(await last, "last");
});
