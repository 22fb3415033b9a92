import assert from "node:assert/strict";
import { test } from "node:test";
import { parseH2load } from "../../../benchmarks/gateway/loads/h2load.ts";
import { luaScript, parseWrk, sessionId } from "../../../benchmarks/gateway/loads/wrk.ts";

const WRK = `Running 1s test @ http://127.0.0.1:21999/
  1 threads and 4 connections
  135393 requests in 1.10s, 24.40MB read
Requests/sec: 123142.20

RESULT 135393 1099485 26 94 0 0 0 0 0
`;

test("wrk's result line gives exact requests, seconds and milliseconds", () => {
  assert.deepEqual(parseWrk(WRK), {
    done: 135_393,
    seconds: 1.099485,
    p50Ms: 0.026,
    p99Ms: 0.094,
    faults: [],
  });
});

test("errors that wrk counted become faults, each with its kind", () => {
  const output = WRK.replace("26 94 0 0 0 0 0", "26 94 1 2 0 3 4");
  assert.deepEqual(parseWrk(output).faults, [
    "wrk counted 1 connect errors",
    "wrk counted 2 read errors",
    "wrk counted 3 status errors",
    "wrk counted 4 timeout errors",
  ]);
});

test("wrk without a result line is an error that shows wrk's words", () => {
  assert.throws(() => parseWrk("unable to connect to 127.0.0.1:1"), /unable to connect/);
});

test("the script sends the body, closes and takes cookies only where the case says so", () => {
  const plain = luaScript({ path: "/" });
  assert.doesNotMatch(plain, /Connection|wrk\.body|Cookie/);
  assert.match(luaScript({ path: "/", closing: true }), /wrk\.headers\["Connection"\] = "close"/);
  assert.match(luaScript({ path: "/", bodyBytes: 10_240 }), /string\.rep\("x", 10240\)/);
});

test("the script makes the ids that the sessions were made with", () => {
  const script = luaScript({ path: "/", sessions: { cookie: "JSESSIONID", count: 100_000 } });
  const template = /string\.format\("JSESSIONID=([^"]+)%05X", n - 1\)/.exec(script)?.[1] ?? "";
  assert.equal(`${template}0001F`, sessionId(31));
  assert.equal(sessionId(99_999).length, 32);
});

const H2LOAD = `finished in 3.00s, 2000.00 req/s, 369.14KB/s
requests: 4 total, 4 started, 4 done, 4 succeeded, 0 failed, 0 errored, 0 timeout
status codes: 4 2xx, 0 3xx, 0 4xx, 0 5xx
`;
const LOG = "1795235626530304\t200\t349\n1\t200\t100\n2\t200\t200\n3\t200\t9000\n";

test("percentiles of h2load come from its log", () => {
  assert.deepEqual(parseH2load(H2LOAD, LOG, 2), {
    done: 4,
    seconds: 2,
    p50Ms: 0.2,
    p99Ms: 9,
    faults: [],
  });
});

test("requests of h2load that failed become faults", () => {
  const output = H2LOAD.replace("0 failed, 0 errored, 0 timeout", "1 failed, 2 errored, 0 timeout");
  assert.deepEqual(parseH2load(output, LOG, 2).faults, [
    "1 requests of h2load failed",
    "2 requests of h2load errored",
  ]);
});

test("h2load without its closing lines is an error", () => {
  assert.throws(() => parseH2load("option --h3 unknown", "", 2), /option --h3 unknown/);
});
