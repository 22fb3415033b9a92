/** The rules of single modules: buckets, hashes, ranges, addresses, times. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { readRanges } from "../../../../src/gateway/http/byte-ranges.ts";
import { checkLimits, LimitZone } from "../../../../src/gateway/http/limit-zones.ts";
import { readAddressRange } from "../../../../src/gateway/http/modules/address-range.ts";
import { readExpires } from "../../../../src/gateway/http/modules/expires.ts";
import { checkPassword } from "../../../../src/gateway/http/modules/password-hashes.ts";
import { forwardedAddress } from "../../../../src/gateway/http/modules/realip.ts";
import { Template } from "../../../../src/gateway/nginx/template.ts";

const place = { file: "test", line: 1 };

function zoneOf(rate: number, sizeBytes = 32_768): LimitZone {
  return new LimitZone({ name: "one", key: new Template("k", place), rate, sizeBytes });
}

test("a bucket lets the burst through, delays or refuses the rest, and leaks with time", () => {
  const zone = zoneOf(1000);
  const rule = { zoneName: "one", place, burst: 1000, delay: 0 };
  const ask = (nowMs: number) => checkLimits([{ rule, zone, key: "k" }], nowMs);
  assert.equal(ask(0).kind, "passed");
  assert.deepEqual(ask(0), { kind: "delayed", excess: 1000, zoneName: "one", delayMs: 1000 });
  assert.equal(ask(0).kind, "rejected");
  assert.equal(ask(2_000).kind, "passed");
});

test("a refused request fills no bucket", () => {
  const [slow, fast] = [zoneOf(1), zoneOf(1_000_000)];
  const rule = { zoneName: "one", place, burst: 0, delay: 0 };
  const limits = [
    { rule, zone: fast, key: "k" },
    { rule, zone: slow, key: "k" },
  ];
  assert.equal(checkLimits(limits, 0).kind, "passed");
  assert.equal(checkLimits(limits, 10).kind, "rejected");
  assert.equal(checkLimits([{ rule, zone: fast, key: "k" }], 10).kind, "passed");
});

test("a zone keeps no more keys than it has room for", () => {
  const zone = zoneOf(1000, 128 * 4);
  for (let at = 0; at < 100; at++) zone.add(`key ${at}`, 0);
  assert.equal(zone.size, 4);
  assert.ok(zone.touch("key 99"));
});

const HASHES = {
  "{PLAIN}password": true,
  "{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=": true,
  "$apr1$saltsalt$yAAkm4libquA.ZWLHbSBq/": true,
  "$1$saltsalt$qjXMvbEw8oaL.CzflDtaK/": true,
  $1$saltsalt$0000000000000000000000: false,
  "$2y$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui": false,
  password: false,
};

for (const [hash, matches] of Object.entries(HASHES)) {
  test(`a password ${matches ? "matches" : "does not match"} ${hash}`, () => {
    assert.equal(checkPassword("password", hash), matches);
    assert.equal(checkPassword("Password", hash), false);
  });
}

test("reads ranges, and sends the whole where they make no sense", () => {
  assert.deepEqual(readRanges("bytes=0-0,-1", 10, 9), [
    { start: 0, end: 0 },
    { start: 9, end: 9 },
  ]);
  assert.deepEqual(readRanges("bytes=5-", 10, 9), [{ start: 5, end: 9 }]);
  assert.equal(readRanges("bytes=5-4", 10, 9), "unsatisfiable");
  assert.equal(readRanges("bytes=10-", 10, 9), "unsatisfiable");
  assert.equal(readRanges("bytes=0-,0-", 10, 9), undefined);
  assert.equal(readRanges("items=0-1", 10, 9), undefined);
  assert.equal(readRanges("bytes=0-1", 10, 0), undefined);
});

test("takes the last address that no trusted proxy has added", () => {
  const trusted = [readAddressRange("10.0.0.0/8"), readAddressRange("::1")];
  const chain = "192.0.2.1, 192.0.2.2:80, 10.0.0.2";
  const ask = (from: string, recursive: boolean) =>
    forwardedAddress(chain, { from, trusted, recursive });
  assert.deepEqual(ask("10.0.0.1", true), { address: "192.0.2.2", port: 80 });
  assert.deepEqual(ask("10.0.0.1", false), { address: "10.0.0.2", port: 0 });
  assert.equal(ask("192.0.2.9", true), undefined);
  assert.throws(() => readAddressRange("10.0.0.0/33"), /invalid parameter/);
});

test("reads the times of expires", () => {
  assert.deepEqual(readExpires("-1"), { kind: "after", afterMs: -1000 });
  assert.deepEqual(readExpires("@15h30m"), { kind: "daily", dailyMs: 55_800_000 });
  assert.deepEqual(readExpires("max"), { kind: "max" });
  assert.equal(readExpires("soon"), undefined);
});
