import assert from "node:assert/strict";
import { test } from "node:test";
import {
  familyOf,
  parseAllowedCpus,
  parseRss,
  parseStat,
} from "../../../benchmarks/gateway/process-usage.ts";

test("user and system time are added up, whatever the process is called", () => {
  const text =
    "4711 (nginx: a) (b) S 4700 4711 4700 0 -1 4194560 900 0 0 0 250 130 7 9 20 0 1 0 99";
  assert.deepEqual(parseStat(text), { pid: 4711, parent: 4700, cpuSeconds: 3.8 });
});

test("resident memory is read in bytes, and none is 0", () => {
  assert.equal(parseRss("Name:\tnode\nVmRSS:\t   2048 kB\nThreads:\t11\n"), 2 * 1024 * 1024);
  assert.equal(parseRss("Name:\tkthreadd\n"), 0);
});

test("lists and ranges of allowed CPUs are read", () => {
  assert.deepEqual(parseAllowedCpus("Cpus_allowed_list:\t1\n"), [1]);
  assert.deepEqual(parseAllowedCpus("Cpus_allowed_list:\t0,2-4\n"), [0, 2, 3, 4]);
  assert.deepEqual(parseAllowedCpus(""), []);
});

test("a family is the process with all that descend from it, and nobody else", () => {
  const process = (pid: number, parent: number) => ({ pid, parent, cpuSeconds: 0 });
  const all = [process(1, 0), process(10, 1), process(11, 10), process(12, 11), process(20, 1)];
  assert.deepEqual(
    familyOf(10, all).map(({ pid }) => pid),
    [10, 11, 12],
  );
});
