import assert from "node:assert/strict";
import { test } from "node:test";
import { parseQuartzCron } from "../../../../src/mediation/jobs/quartz-cron.ts";

const SATURDAY = new Date(2026, 10, 21).getTime();

/** The next times in local time, "MM-DD hh:mm:ss". */
function next(source: string, count = 2): readonly string[] {
  const cron = parseQuartzCron(source);
  const found: string[] = [];
  let at: number | undefined = SATURDAY;
  for (let turn = 0; turn < count; turn += 1) {
    at = at === undefined ? undefined : cron.nextMs(at);
    if (at !== undefined) found.push(shown(new Date(at)));
  }
  return found;
}

function shown(date: Date): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":");
  return `${two(date.getMonth() + 1)}-${two(date.getDate())} ${time}`;
}

test("seconds come first and a step may start at a number", () => {
  assert.deepEqual(next("0/20 * * * * ?"), ["11-21 00:00:20", "11-21 00:00:40"]);
  assert.deepEqual(next("0 15 10 ? * *"), ["11-21 10:15:00", "11-22 10:15:00"]);
});

test("days of the week count from Sunday, and ranges may go over the end", () => {
  assert.deepEqual(next("0 0 12 ? * 1"), ["11-22 12:00:00", "11-29 12:00:00"]);
  assert.deepEqual(next("0 0 12 ? * FRI-MON", 4), [
    "11-21 12:00:00",
    "11-22 12:00:00",
    "11-23 12:00:00",
    "11-27 12:00:00",
  ]);
  assert.deepEqual(next("0 0 22-1 * * ?"), ["11-21 01:00:00", "11-21 22:00:00"]);
});

test("last days, nearest weekdays and the n-th day of a month are known", () => {
  assert.deepEqual(next("0 0 0 L * ?"), ["11-30 00:00:00", "12-31 00:00:00"]);
  assert.deepEqual(next("0 0 0 ? * 6L"), ["11-27 00:00:00", "12-25 00:00:00"]);
  assert.deepEqual(next("0 0 0 ? * FRI#1"), ["12-04 00:00:00", "01-01 00:00:00"]);
  assert.deepEqual(next("0 0 0 15W * ?"), ["12-15 00:00:00", "01-15 00:00:00"]);
});

test("a year may be given, and one that is over never comes", () => {
  assert.deepEqual(next("0 0 0 1 1 ? 2028", 1), ["01-01 00:00:00"]);
  assert.deepEqual(next("0 0 0 1 1 ? 2020"), []);
});

test("what is no cron expression is refused with its text", () => {
  for (const faulty of [
    "",
    "* * *",
    "0 0 25 * * ?",
    "a b c d e f",
    "0 0 0 40 * ?",
    "0 0 30-2 * * ?",
  ])
    assert.throws(() => parseQuartzCron(faulty), SyntaxError, faulty);
});
