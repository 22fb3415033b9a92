/** The wire form of the mesh: what is accepted and what is not. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, it } from "node:test";
import { type Member, MESSAGE_BYTES_MAX } from "../../../src/cluster/cluster.ts";
import {
  type Datagram,
  checkMessage,
  decodeDatagram,
  encodeDatagram,
  splitRoster,
} from "../../../src/cluster/mesh/datagram-codec.ts";
import { PLAIN_BYTES_MAX } from "../../../src/cluster/mesh/datagram-seal.ts";
import { RECORD_BYTES_MAX, checkRecord } from "../../../src/cluster/mesh/record-codec.ts";
import { Malformed } from "../../../src/cluster/mesh/wire-fields.ts";

const ID = randomUUID();
const TO = randomUUID();

function member(change: Partial<Member> = {}): Member {
  return {
    id: ID,
    name: "worker-1",
    host: "127.0.0.1",
    port: 4200,
    role: "worker",
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

const DATAGRAMS: readonly Datagram[] = [
  { kind: "hello", record: member() },
  { kind: "alive", to: TO, roster: "abcdefghijkl", record: member({ revision: "f".repeat(40) }) },
  { kind: "roster", to: TO, entries: [{ id: ID, host: "a.example", port: 4200 }] },
  { kind: "message", to: TO, message: { id: ID, topic: "t", body: { a: "b", c: 1.5, d: false } } },
  { kind: "ack", to: TO, messageId: ID },
  { kind: "bye", to: TO },
  { kind: "bye-ack", to: TO },
];

/** The wire form of a heartbeat whose record has one field replaced. */
function heartbeatWith(field: string, value: unknown): Buffer {
  const { id: _id, ...record } = member();
  return Buffer.from(
    JSON.stringify({ kind: "alive", to: TO, roster: "r", record: { ...record, [field]: value } }),
  );
}

describe("the datagram codec", () => {
  for (const datagram of DATAGRAMS) {
    it(`reads back what it writes: ${datagram.kind}`, () => {
      assert.deepEqual(decodeDatagram(ID, encodeDatagram(datagram)), datagram);
    });
  }

  const faults: readonly (readonly [what: string, content: string | Buffer])[] = [
    ["no JSON", "{"],
    ["no object", "[]"],
    ["null", "null"],
    ["an unknown kind", '{"kind":"attack"}'],
    ["no receiver", '{"kind":"bye"}'],
    ["a receiver that is no UUID", '{"kind":"bye","to":"x"}'],
    ["an unknown field", `{"kind":"bye","to":"${TO}","more":1}`],
    ["an unknown field in the record", heartbeatWith("admin", true)],
    ["a port out of range", heartbeatWith("port", 65_536)],
    ["a port that is text", heartbeatWith("port", "4200")],
    ["an unknown port name", heartbeatWith("ports", { ssh: 22 })],
    ["an unknown role", heartbeatWith("role", "root")],
    ["an unknown state", heartbeatWith("state", "dead")],
    ["a name with a line break", heartbeatWith("name", "a\nERROR forged line")],
    ["an empty name", heartbeatWith("name", "")],
    ["a name that is too long", heartbeatWith("name", "x".repeat(129))],
    ["a property that is no text", heartbeatWith("properties", { a: 1 })],
    ["properties as a list", heartbeatWith("properties", ["a"])],
    ["a missing field", heartbeatWith("host", undefined)],
    ["a fractional incarnation", heartbeatWith("incarnation", 0.5)],
    [
      "too many properties",
      heartbeatWith(
        "properties",
        Object.fromEntries(Array.from({ length: 33 }, (_, n) => [`p${n}`, ""])),
      ),
    ],
    [
      "a nested message body",
      `{"kind":"message","to":"${TO}","message":{"id":"${ID}","topic":"t","body":{"a":{}}}}`,
    ],
    [
      "a message body with __proto__",
      `{"kind":"message","to":"${TO}","message":{"id":"${ID}","topic":"t","body":{"__proto__":"x"}}}`,
    ],
    [
      "too many roster entries",
      JSON.stringify({
        kind: "roster",
        to: TO,
        entries: Array.from({ length: 65 }, () => ({ id: ID, host: "h", port: 1 })),
      }),
    ],
  ];
  for (const [what, content] of faults) {
    it(`refuses ${what}`, () => {
      assert.throws(() => decodeDatagram(ID, Buffer.from(content)), Malformed);
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
    const heartbeat: Datagram = { kind: "alive", to: TO, roster: "r".repeat(12), record: largest };
    assert.ok(encodeDatagram(heartbeat).length <= PLAIN_BYTES_MAX);
    const message = {
      id: ID,
      topic: "ü".repeat(100),
      body: { a: "x".repeat(MESSAGE_BYTES_MAX - 8) },
    };
    checkMessage(message);
    assert.ok(encodeDatagram({ kind: "message", to: TO, message }).length <= PLAIN_BYTES_MAX);
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

  it("cuts a long list of members into parts that fit a datagram each", () => {
    const entries = Array.from({ length: 100 }, () => ({
      id: ID,
      host: "h".repeat(200),
      port: 65_535,
    }));
    const parts = splitRoster(entries);
    assert.equal(parts.flat().length, 100);
    for (const part of parts) {
      assert.ok(
        encodeDatagram({ kind: "roster", to: TO, entries: part }).length <= PLAIN_BYTES_MAX,
      );
    }
    assert.deepEqual(splitRoster([]), []);
  });
});
