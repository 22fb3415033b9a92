/** The wire form of packets and claims: what is accepted and what is not. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, it } from "node:test";
import { type Member, MESSAGE_BYTES_MAX } from "../../../src/cluster/cluster.ts";
import type { Claim } from "../../../src/cluster/swim/claim.ts";
import { claimBytes, PIGGYBACK_BYTES_MAX } from "../../../src/cluster/swim/claim-size.ts";
import { PLAIN_BYTES_MAX } from "../../../src/cluster/swim/datagram-seal.ts";
import { checkMessage } from "../../../src/cluster/swim/message-codec.ts";
import {
  decodeClaims,
  decodePacket,
  encodeClaims,
  encodePacket,
} from "../../../src/cluster/swim/packet-codec.ts";
import type { Packet } from "../../../src/cluster/swim/packet.ts";
import { RECORD_BYTES_MAX, checkRecord } from "../../../src/cluster/swim/record-codec.ts";
import { Malformed } from "../../../src/cluster/swim/wire-fields.ts";

const ID = randomUUID();
const TO = randomUUID();

function member(change: Partial<Member> = {}): Member {
  return {
    id: ID,
    name: "worker-1",
    host: "127.0.0.1",
    port: 4200,
    role: "worker",
    domain: "d",
    hostNames: { name: "n", hostname: "h", domain: "", internalHostname: "h", internalDomain: "" },
    subDomain: "worker",
    ports: { http: 8280, https: 8243 },
    properties: { backendServerURL: "https://127.0.0.1:8243/services/" },
    incarnation: 3,
    revision: undefined,
    state: "active",
    startedAtMs: 1_795_000_000_000,
    ...change,
  };
}

const CLAIMS: readonly Claim[] = [
  { kind: "alive", member: member({ revision: "f".repeat(40) }) },
  { kind: "suspect", id: TO, incarnation: 3, by: ID },
  { kind: "gone", id: TO, incarnation: 3, reason: "silent", host: "a.example", port: 4200 },
];
const PACKETS: readonly Packet[] = [
  { kind: "hello", host: "127.0.0.1", port: 4100 },
  { kind: "ping", to: TO, seq: 7, holds: -1, view: 2 ** 32 - 1, ageMs: 5, claims: CLAIMS },
  { kind: "ack", to: TO, seq: 7, holds: 3, view: 0, ageMs: 0, claims: [] },
  { kind: "ping-req", to: TO, seq: 7, target: ID },
  { kind: "nack", to: TO, seq: 7 },
  { kind: "gossip", to: TO, claims: CLAIMS },
  { kind: "message", to: TO, message: { id: ID, topic: "t", body: { a: "b", c: 1.5, d: false } } },
  { kind: "message-ack", to: TO, messageId: ID },
  { kind: "bye", to: TO, incarnation: 4 },
  { kind: "bye-ack", to: TO },
];
const GOSSIP = 5;
const MESSAGE = 6;
const BYE_ACK = 9;

/** The wire form of news whose record has one field replaced. */
function newsWith(field: string, value: unknown): Buffer {
  const { id: _id, ...record } = member();
  return Buffer.from(JSON.stringify([GOSSIP, TO, [["a", ID, { ...record, [field]: value }]]]));
}

describe("the packet codec", () => {
  for (const packet of PACKETS) {
    it(`reads back what it writes: ${packet.kind}`, () => {
      assert.deepEqual(decodePacket(encodePacket(packet)), packet);
    });
  }

  it("reads back the claims of a state exchange", () => {
    assert.deepEqual(decodeClaims(encodeClaims(CLAIMS)), CLAIMS);
  });

  it("never takes a claim for smaller than it is", () => {
    for (const claim of CLAIMS)
      assert.ok(encodeClaims([claim]).length - 2 <= claimBytes(claim), claim.kind);
  });

  const faults: readonly (readonly [what: string, content: string | Buffer])[] = [
    ["no JSON", "{"],
    ["nothing", "[]"],
    ["an object", "{}"],
    ["null", "null"],
    ["an unknown kind", "[10]"],
    ["no receiver", `[${BYE_ACK}]`],
    ["a receiver that is no UUID", `[${BYE_ACK},"x"]`],
    ["an item too many", `[${BYE_ACK},"${TO}",1]`],
    ["an unknown claim", `[${GOSSIP},"${TO}",[["x","${ID}"]]]`],
    ["an unknown reason", `[${GOSSIP},"${TO}",[["g","${ID}",1,4,"h",1]]]`],
    ["an unknown field in the record", newsWith("admin", true)],
    ["a port out of range", newsWith("port", 65_536)],
    ["a port that is text", newsWith("port", "4200")],
    ["an unknown port name", newsWith("ports", { ssh: 22 })],
    ["an unknown role", newsWith("role", "root")],
    ["an unknown state", newsWith("state", "dead")],
    ["a name with a line break", newsWith("name", "a\nERROR forged line")],
    ["an empty name", newsWith("name", "")],
    ["a name that is too long", newsWith("name", "x".repeat(129))],
    ["a property that is no text", newsWith("properties", { a: 1 })],
    ["properties as a list", newsWith("properties", ["a"])],
    ["a missing field", newsWith("host", undefined)],
    ["a start that no date can hold", newsWith("startedAtMs", 8.64e15 + 1)],
    ["a fractional incarnation", newsWith("incarnation", 0.5)],
    [
      "too many properties",
      newsWith(
        "properties",
        Object.fromEntries(Array.from({ length: 33 }, (_, n) => [`p${n}`, ""])),
      ),
    ],
    ["a nested message body", `[${MESSAGE},"${TO}",{"id":"${ID}","topic":"t","body":{"a":{}}}]`],
    [
      "a message body with __proto__",
      `[${MESSAGE},"${TO}",{"id":"${ID}","topic":"t","body":{"__proto__":"x"}}]`,
    ],
    [
      "too many claims",
      JSON.stringify([GOSSIP, TO, Array.from({ length: 2501 }, () => ["s", ID, 1, TO])]),
    ],
  ];
  for (const [what, content] of faults) {
    it(`refuses ${what}`, () => {
      assert.throws(() => decodePacket(Buffer.from(content)), Malformed);
    });
  }

  it("fits the largest record and the largest message into one datagram", () => {
    const { id: _id, ...rest } = member({ properties: {} });
    const room =
      RECORD_BYTES_MAX - JSON.stringify({ ...rest, properties: { a: "", b: "", c: "" } }).length;
    const properties = { a: "x".repeat(512), b: "x".repeat(Math.min(512, room - 512)), c: "" };
    const largest = member({
      properties: { ...properties, c: "x".repeat(Math.max(0, room - 1024)) },
    });
    checkRecord(largest);
    const claims: readonly Claim[] = [{ kind: "alive", member: largest }];
    assert.ok(claimBytes({ kind: "alive", member: largest }) <= PIGGYBACK_BYTES_MAX);
    const piggyback = { holds: 2 ** 40, view: 2 ** 32 - 1, ageMs: 2 ** 40, claims };
    const ping: Packet = { kind: "ping", to: TO, seq: 2 ** 40, ...piggyback };
    assert.ok(encodePacket(ping).length <= PLAIN_BYTES_MAX);
    const message = {
      id: ID,
      topic: "ü".repeat(100),
      body: { a: "x".repeat(MESSAGE_BYTES_MAX - 8) },
    };
    checkMessage(message);
    assert.ok(encodePacket({ kind: "message", to: TO, message }).length <= PLAIN_BYTES_MAX);
  });

  it("names what is too large in an own record", () => {
    const long = { a: "x".repeat(500), b: "x".repeat(500), c: "x".repeat(500) };
    assert.throws(() => checkRecord(member({ properties: long })), {
      code: "CLUSTER_LIMIT",
      message: /takes \d+ bytes, at most 1200 fit a datagram: shorten its properties/,
    });
    assert.throws(
      () => checkRecord(member({ properties: { a: "x".repeat(513) } })),
      /property "a" is no text of 1 to 512/,
    );
    assert.throws(() => checkRecord(member({ name: "a\nb" })), /name has control characters/);
  });

  it("refuses own messages that the others would refuse", () => {
    const send = (topic: string, body: Readonly<Record<string, string | number>>) =>
      checkMessage({ id: ID, topic, body });
    assert.throws(() => send("t", { a: "x".repeat(MESSAGE_BYTES_MAX) }), /at most 800 are allowed/);
    assert.throws(() => send("t", { a: Number.NaN }), { code: "CLUSTER_LIMIT" });
    assert.throws(() => send("", {}), /topic is no text/);
  });
});
