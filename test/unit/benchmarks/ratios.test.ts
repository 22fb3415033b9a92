import assert from "node:assert/strict";
import { test } from "node:test";
import { turned } from "../../../benchmarks/gateway/case-run.ts";
import { CASES } from "../../../benchmarks/gateway/cases.ts";
import {
  figuresOf,
  median,
  perCpuSecond,
  quantile,
  ratioByRound,
  type Sample,
} from "../../../benchmarks/gateway/sample.ts";
import { judge, TARGETS } from "../../../benchmarks/gateway/targets.ts";

const sample = (changes: Partial<Sample>): Sample => ({
  done: 1000,
  seconds: 2,
  p50Ms: 1,
  p99Ms: 4,
  faults: [],
  cpuSeconds: 0.5,
  rssBytes: 1024,
  ...changes,
});

test("the median is the middle value, or the mean of the two in the middle", () => {
  assert.equal(median([9, 1, 5]), 5);
  assert.equal(median([4, 1, 9, 2]), 3);
  assert.ok(Number.isNaN(median([])));
});

test("a quantile is the smallest value that so many do not exceed", () => {
  const values = Array.from({ length: 100 }, (_, n) => n + 1);
  assert.equal(quantile(values, 0.5), 50);
  assert.equal(quantile(values, 0.99), 99);
  assert.equal(quantile([], 0.99), 0);
});

test("figures are medians of the rounds, each figure for itself", () => {
  const figures = figuresOf([
    sample({ done: 1000, p99Ms: 9 }),
    sample({ done: 3000, p99Ms: 5, faults: ["lost"] }),
    sample({ done: 2000, p99Ms: 7, faults: ["lost"] }),
  ]);
  assert.equal(figures.perSecond, 1000);
  assert.equal(figures.perCpuSecond, 4000);
  assert.equal(figures.p99Ms, 7);
  assert.deepEqual(figures.faults, ["lost"]);
  assert.equal(figures.bytesPerConnection, undefined);
});

test("ratios are taken round by round, so a slow round of the machine falls out", () => {
  const own = [sample({ done: 800 }), sample({ done: 80 }), sample({ done: 850 })];
  const nginx = [sample({ done: 1000 }), sample({ done: 100 }), sample({ done: 1000 })];
  assert.equal(ratioByRound(own, nginx, perCpuSecond), 0.8);
});

test("a ratio that reaches its target is met, one below is missed", () => {
  const target = { kind: "cpu-ratio", least: 0.85 } as const;
  const nginx = [sample({ done: 1000 })];
  assert.equal(judge(target, [sample({ done: 850 })], nginx).verdict, "met");
  assert.deepEqual(judge(target, [sample({ done: 840 })], nginx), {
    wanted: "≥ 0.85 of nginx per CPU-second",
    reached: "0.84 of nginx per CPU-second",
    verdict: "missed",
  });
});

test("latency and memory have targets that must not be exceeded", () => {
  const nginx = [sample({ p99Ms: 4 })];
  const p99 = { kind: "p99-ratio", most: 2 } as const;
  assert.equal(judge(p99, [sample({ p99Ms: 8 })], nginx).verdict, "met");
  assert.equal(judge(p99, [sample({ p99Ms: 9 })], nginx).verdict, "missed");
  const idle = { kind: "idle-bytes", most: 10_240 } as const;
  assert.equal(judge(idle, [sample({ bytesPerConnection: 10_000 })], []).verdict, "met");
  assert.equal(judge(idle, [sample({ bytesPerConnection: 10_241 })], []).verdict, "missed");
});

test("without nginx or without samples nothing is judged, and a fault is never a target met", () => {
  const target = { kind: "cpu-ratio", least: 0.5 } as const;
  assert.equal(judge(target, [sample({})], []).verdict, "not measured");
  assert.equal(judge(target, [], [sample({})]).verdict, "not measured");
  assert.equal(judge(target, [sample({ faults: ["lost"] })], [sample({})]).verdict, "missed");
});

test("every target belongs to a case", () => {
  const names = CASES.map(({ name }) => name);
  assert.deepEqual(
    Object.keys(TARGETS).filter((name) => !names.includes(name)),
    [],
  );
});

test("each round begins with another proxy", () => {
  assert.deepEqual(turned(["a", "b", "c"], 0), ["a", "b", "c"]);
  assert.deepEqual(turned(["a", "b", "c"], 4), ["b", "c", "a"]);
  assert.deepEqual(turned([], 1), []);
});
