/** DNS messages: what is asked, what is understood, and that nothing breaks the reader. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import {
  decodeReply,
  type DnsQuestion,
  encodeQuery,
  isDnsName,
} from "../../../../src/gateway/resolver/dns-message.ts";
import { readRecords } from "../../../../src/gateway/resolver/name-answer.ts";
import { type DoubleAnswer, encodeReply } from "../../../helpers/dns-double.ts";

const HOST: DnsQuestion = { name: "host.test", type: "A" };

function reply(answer: DoubleAnswer, question = HOST) {
  return decodeReply(encodeReply(encodeQuery(7, question), answer), 7, question);
}

test("asks as RFC 1035 says", () => {
  const bytes = "0007 0100 0001 0000 0000 0000 04 686f7374 04 74657374 00 0001 0001";
  assert.equal(encodeQuery(7, HOST).toString("hex"), bytes.replaceAll(" ", ""));
});

test("reads addresses, services and aliases with their times to live", () => {
  const a = reply({ records: [{ type: "A", data: "192.0.2.1", ttl: 5 }] });
  assert.deepEqual(a, {
    code: 0,
    isTruncated: false,
    records: [
      { kind: "address", type: "A", name: "host.test", ttlSeconds: 5, address: "192.0.2.1" },
    ],
  });
  const v6 = ["2001:db8::1", "::1", "fe80::", "1:2:3:4:5:6:7:8", "1:0:0:2::3"];
  const six = reply(
    { records: v6.map((data) => ({ type: "AAAA", data })) },
    { ...HOST, type: "AAAA" },
  );
  const addresses = six?.records.map((record) => record.kind === "address" && record.address);
  assert.deepEqual(addresses, ["2001:db8::1", "::1", "fe80::", "1:2:3:4:5:6:7:8", "1:0:0:2::3"]);
  const service = reply(
    { records: [{ type: "SRV", data: "1 2 8080 Peer.TEST" }] },
    { ...HOST, type: "SRV" },
  );
  assert.deepEqual(service?.records, [
    {
      kind: "service",
      name: "host.test",
      ttlSeconds: 3_600,
      priority: 1,
      weight: 2,
      port: 8080,
      target: "peer.test",
    },
  ]);
});

test("is deaf to other numbers, other questions, queries and broken records", () => {
  const query = encodeQuery(7, HOST);
  const good = encodeReply(query, { records: [{ type: "A", data: "192.0.2.1" }] });
  assert.equal(decodeReply(good, 8, HOST), undefined);
  assert.equal(decodeReply(good, 7, { ...HOST, type: "AAAA" }), undefined);
  assert.equal(decodeReply(good, 7, { ...HOST, name: "other.test" }), undefined);
  assert.equal(decodeReply(query, 7, HOST), undefined);
  for (let length = 0; length < good.length; length++) {
    assert.equal(decodeReply(good.subarray(0, length), 7, HOST), undefined, String(length));
  }
  const short = Buffer.from(good);
  short.writeUInt16BE(3, good.length - 6);
  assert.equal(decodeReply(short.subarray(0, -1), 7, HOST), undefined);
});

test("a pointer that leads forwards or to itself ends the reading", () => {
  const good = encodeReply(encodeQuery(7, HOST), { records: [{ type: "CNAME", data: "x" }] });
  for (const target of [good.length - 3, good.length - 1, 0x3fff]) {
    const bad = Buffer.from(good);
    bad.writeUInt16BE(0xc000 | target, good.length - 3);
    assert.equal(decodeReply(bad, 7, HOST), undefined);
  }
});

test("no bytes make the reader throw", () => {
  const start = encodeReply(encodeQuery(7, HOST), {}).subarray(0, 27);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(5), (bytes, answers) => {
      const message = Buffer.concat([start, bytes]);
      message.writeUInt16BE(answers, 6);
      decodeReply(message, 7, HOST);
      decodeReply(Buffer.from(bytes), 7, HOST);
    }),
  );
});

test("a name is labels of 1 to 63 printable characters", () => {
  for (const name of ["a", "a.b", "_http._tcp.x", "a".repeat(63)]) assert.ok(isDnsName(name), name);
  for (const name of [
    "",
    ".",
    "a..b",
    ".a",
    "a b",
    "\xe4.test",
    "a".repeat(64),
    "a.".repeat(151) + "a",
  ]) {
    assert.ok(!isDnsName(name), name);
  }
});

test("follows aliases, also in circles, and leaves out what hangs on none of them", () => {
  const at = (owner: string, data: string, ttl: number) =>
    ({ type: "A", owner, data, ttl }) as const;
  const to = (owner: string, data: string, ttl: number) =>
    ({ type: "CNAME", owner, data, ttl }) as const;
  const read = (records: DoubleAnswer["records"] = []) =>
    readRecords(reply({ records })?.records ?? [], HOST);
  const found = read([
    at("end.test", "192.0.2.1", 50),
    to("mid.test", "end.test", 9),
    to("host.test", "mid.test", 70),
    at("evil.test", "192.0.2.66", 1),
  ]);
  assert.deepEqual([found.target, found.ttlSeconds, found.records.length], ["end.test", 9, 1]);
  const open = read([to("host.test", "elsewhere.test", 5)]);
  assert.deepEqual([open.target, open.records], ["elsewhere.test", []]);
  assert.deepEqual(read([to("host.test", "b.test", 5), to("b.test", "host.test", 5)]).records, []);
});
