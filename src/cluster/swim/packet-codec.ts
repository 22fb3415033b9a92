/**
 * Packets and claims as bytes: JSON inside the seal, in arrays rather than objects to save room, claims as `[letter, id, ...]`.
 * Decoding is strict; what does not have exactly this form is dropped and counted by the caller. The same claims travel over streams.
 */
import type { LeaveReason } from "../cluster.ts";
import { AGE_MS_MAX } from "../member-order.ts";
import type { Claim } from "./claim.ts";
import { decodeMessage } from "./message-codec.ts";
import type { Packet, Piggyback } from "./packet.ts";
import { decodeRecord, encodeRecord } from "./record-codec.ts";
import { Malformed, readText, readUuid, readWhole, readWord } from "./wire-fields.ts";

const KINDS = [
  "hello",
  "ping",
  "ack",
  "ping-req",
  "nack",
  "gossip",
  "message",
  "message-ack",
  "bye",
  "bye-ack",
] as const satisfies readonly Packet["kind"][];
const REASONS = ["left", "silent", "refused", "replaced"] as const satisfies readonly LeaveReason[];
const INCARNATION_MAX = 2 ** 40;
const VIEW_MAX = 2 ** 32 - 1;
/** Claims of one datagram; a state has as many as there are members and some that are gone. */
const CLAIMS_MAX = 2500;

type Items = readonly unknown[];

export function encodePacket(packet: Packet): Buffer {
  return Buffer.from(JSON.stringify(packetItems(packet)), "utf8");
}

/** @throws Malformed when the content does not have the agreed form. */
export function decodePacket(plain: Buffer): Packet {
  const items = readItems(parseJson(plain), "packet");
  const kind = KINDS[readWhole(items[0], "kind", 0, KINDS.length - 1)] ?? "hello";
  if (kind === "hello") {
    const [, host, port] = exactly(items, 3);
    return {
      kind,
      host: readText(host, "host", 255),
      port: readWhole(port, "port", 1, 65_535),
    };
  }
  return decodeAddressed(kind, readUuid(items[1], "to"), items);
}

export function encodeClaims(claims: readonly Claim[]): Buffer {
  return Buffer.from(JSON.stringify(claims.map(claimItems)), "utf8");
}

/** @throws Malformed. */
export function decodeClaims(plain: Buffer): readonly Claim[] {
  return readClaims(parseJson(plain));
}

function packetItems(packet: Packet): Items {
  const kind = KINDS.indexOf(packet.kind);
  switch (packet.kind) {
    case "hello":
      return [kind, packet.host, packet.port];
    case "ping":
    case "ack": {
      const { to, seq, holds, view, ageMs, claims } = packet;
      return [kind, to, seq, holds, view, ageMs, claims.map(claimItems)];
    }
    case "ping-req":
      return [kind, packet.to, packet.seq, packet.target];
    case "nack":
      return [kind, packet.to, packet.seq];
    case "gossip":
      return [kind, packet.to, packet.claims.map(claimItems)];
    case "message":
      return [kind, packet.to, packet.message];
    case "message-ack":
      return [kind, packet.to, packet.messageId];
    case "bye":
      return [kind, packet.to, packet.incarnation];
    case "bye-ack":
      break;
  }
  return [kind, packet.to];
}

function decodeAddressed(kind: Exclude<Packet["kind"], "hello">, to: string, items: Items): Packet {
  switch (kind) {
    case "ping":
    case "ack":
      return { kind, to, seq: readSeq(items[2]), ...readPiggyback(exactly(items, 7)) };
    case "ping-req":
      return { kind, to, seq: readSeq(items[2]), target: readUuid(exactly(items, 4)[3], "target") };
    case "nack":
      return { kind, to, seq: readSeq(exactly(items, 3)[2]) };
    case "gossip":
      return { kind, to, claims: readClaims(exactly(items, 3)[2]) };
    case "message":
      return { kind, to, message: decodeMessage(exactly(items, 3)[2]) };
    case "message-ack":
      return { kind, to, messageId: readUuid(exactly(items, 3)[2], "messageId") };
    case "bye":
      return { kind, to, incarnation: readIncarnation(exactly(items, 3)[2]) };
    case "bye-ack":
      break;
  }
  exactly(items, 2);
  return { kind, to };
}

function readPiggyback(items: Items): Piggyback {
  return {
    holds: readWhole(items[3], "holds", -1, INCARNATION_MAX),
    view: readWhole(items[4], "view", 0, VIEW_MAX),
    ageMs: readWhole(items[5], "ageMs", 0, AGE_MS_MAX),
    claims: readClaims(items[6]),
  };
}

function claimItems(claim: Claim): Items {
  switch (claim.kind) {
    case "alive":
      return ["a", claim.member.id, encodeRecord(claim.member)];
    case "suspect":
      return ["s", claim.id, claim.incarnation, claim.by];
    case "gone":
      break;
  }
  const { id, incarnation, reason, host, port } = claim;
  return ["g", id, incarnation, REASONS.indexOf(reason), host, port];
}

function readClaims(value: unknown): readonly Claim[] {
  const claims = readItems(value, "claims");
  if (claims.length > CLAIMS_MAX) throw new Malformed("there are too many claims");
  return claims.map(readClaim);
}

function readClaim(value: unknown): Claim {
  const items = readItems(value, "claim");
  const id = readUuid(items[1], "id");
  switch (readWord(items[0], "claim", ["a", "s", "g"])) {
    case "a":
      return { kind: "alive", member: decodeRecord(id, exactly(items, 3)[2]) };
    case "s": {
      const [, , incarnation, by] = exactly(items, 4);
      return {
        kind: "suspect",
        id,
        incarnation: readIncarnation(incarnation),
        by: readUuid(by, "by"),
      };
    }
    case "g":
      break;
  }
  const [, , incarnation, reason, host, port] = exactly(items, 6);
  return {
    kind: "gone",
    id,
    incarnation: readIncarnation(incarnation),
    reason: REASONS[readWhole(reason, "reason", 0, REASONS.length - 1)] ?? "silent",
    host: readText(host, "host", 255),
    port: readWhole(port, "port", 1, 65_535),
  };
}

function readSeq(value: unknown): number {
  return readWhole(value, "seq", 1, Number.MAX_SAFE_INTEGER);
}

function readIncarnation(value: unknown): number {
  return readWhole(value, "incarnation", 0, INCARNATION_MAX);
}

function readItems(value: unknown, what: string): Items {
  if (!Array.isArray(value)) throw new Malformed(`${what} is no list`);
  return value;
}

function exactly(items: Items, count: number): Items {
  if (items.length !== count) throw new Malformed(`it has ${items.length} items, not ${count}`);
  return items;
}

function parseJson(plain: Buffer): unknown {
  try {
    return JSON.parse(plain.toString("utf8"));
  } catch {
    throw new Malformed("the content is not JSON");
  }
}
