/** The PROXY header of a load balancer: whole, in pieces, and broken. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { readProxyProtocol } from "../../../../src/gateway/http/proxy-protocol.ts";

const SIGNATURE = Buffer.from("\r\n\r\n\0\r\nQUIT\n", "latin1");

function binary(command: number, family: number, block: readonly number[]): Buffer {
  const fixed = Buffer.of(command, family, block.length >> 8, block.length & 0xff);
  return Buffer.concat([SIGNATURE, fixed, Buffer.from(block)]);
}

const IPV4 = [192, 0, 2, 1, 192, 0, 2, 2, 0, 123, 22, 46];
const IPV6 = [0x20, 0x01, 0x0d, 0xb8, ...Array<number>(11).fill(0), 1];

const V4_FACTS = { address: "192.0.2.1", serverAddress: "192.0.2.2", port: 123, serverPort: 5678 };
const V6_FACTS = {
  address: "2001:db8::1",
  serverAddress: "2001:db8::1",
  port: 123,
  serverPort: 5678,
};

const HEADERS: readonly (readonly [string, Buffer, object | undefined])[] = [
  ["a line for IPv4", Buffer.from("PROXY TCP4 192.0.2.1 192.0.2.2 123 5678\r\n"), V4_FACTS],
  ["a line for IPv6", Buffer.from("PROXY TCP6 2001:db8::1 2001:db8::1 123 5678\r\n"), V6_FACTS],
  ["an unknown line", Buffer.from("PROXY UNKNOWN\r\n"), undefined],
  ["an unknown line with more", Buffer.from("PROXY UNKNOWN a b c\r\n"), undefined],
  ["the binary form for IPv4", binary(0x21, 0x11, IPV4), V4_FACTS],
  [
    "the binary form with more behind",
    binary(0x21, 0x21, [...IPV6, ...IPV6, 0, 123, 22, 46, 3, 0, 1, 7]),
    V6_FACTS,
  ],
  ["the binary form of a check by the balancer itself", binary(0x20, 0x11, IPV4), undefined],
  ["the binary form for a Unix socket", binary(0x21, 0x31, Array<number>(216).fill(0)), undefined],
];

for (const [name, bytes, facts] of HEADERS) {
  test(`reads ${name}, and asks for more while it is not whole`, () => {
    const received = Buffer.concat([bytes, Buffer.from("GET /")]);
    assert.deepEqual(readProxyProtocol(received), { kind: "header", facts, length: bytes.length });
    for (let length = 0; length < bytes.length; length++) {
      assert.deepEqual(readProxyProtocol(bytes.subarray(0, length)), { kind: "more" });
    }
  });
}

const BROKEN = [
  Buffer.from("GET / HTTP/1.1\r\n"),
  Buffer.from("PROXY TCP4 192.0.2.1 192.0.2.2 123\r\n"),
  Buffer.from("PROXY TCP4 192.0.2.1 192.0.2.2 123 99999\r\n"),
  Buffer.from("PROXY TCP5 192.0.2.1 192.0.2.2 123 5678\r\n"),
  Buffer.from(`PROXY TCP4 ${"1".repeat(120)}`),
  binary(0x11, 0x11, IPV4),
  binary(0x21, 0x11, IPV4.slice(1)),
];

for (const bytes of BROKEN) {
  test(`refuses ${JSON.stringify(bytes.toString("latin1").slice(0, 50))}`, () => {
    assert.deepEqual(readProxyProtocol(bytes), { kind: "broken" });
  });
}
