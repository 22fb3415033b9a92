/**
 * The datagrams of the mesh, as JSON inside the seal. All but `hello` name the member that they are
 * for, which makes records of an earlier run useless to whoever replays them: ids are new at each start.
 * Decoding is strict; what does not have exactly this form is dropped and counted by the caller.
 */
import { AppError } from "../../errors/app-error.ts";
import { type ClusterMessage, MESSAGE_BYTES_MAX, type Member } from "../cluster.ts";
import { decodeRecord, encodeRecord } from "./record-codec.ts";
import type { Address } from "./transport.ts";
import {
  type Fields,
  Malformed,
  readFields,
  readObject,
  readText,
  readUuid,
  readWhole,
  readWord,
} from "./wire-fields.ts";

/** A member that another one knows: enough to greet it. */
export interface RosterEntry extends Address {
  readonly id: string;
}

export type Datagram =
  /** To an address whose member is not known: asks for `alive`. */
  | { readonly kind: "hello"; readonly record: Member }
  /** Heartbeat. `roster` is a digest of all members that the sender knows. */
  | {
      readonly kind: "alive";
      readonly to: string;
      readonly roster: string;
      readonly record: Member;
    }
  /** Whom the sender knows; sent when digests differ. */
  | { readonly kind: "roster"; readonly to: string; readonly entries: readonly RosterEntry[] }
  | { readonly kind: "message"; readonly to: string; readonly message: ClusterMessage }
  | { readonly kind: "ack"; readonly to: string; readonly messageId: string }
  | { readonly kind: "bye"; readonly to: string }
  | { readonly kind: "bye-ack"; readonly to: string };

/** Entries of one roster datagram: each takes at most 36 + 255 + 5 bytes and some; see `splitRoster`. */
const ROSTER_ENTRIES_MAX = 64;
const ROSTER_BYTES_MAX = 1200;
/** Length of a topic, in characters. */
const TOPIC_MAX = 100;
const BODY_FIELDS_MAX = 32;
const BODY_NAME_MAX = 64;
const KINDS = ["hello", "alive", "roster", "message", "ack", "bye", "bye-ack"] as const;

export function encodeDatagram(datagram: Datagram): Buffer {
  const content =
    "record" in datagram ? { ...datagram, record: encodeRecord(datagram.record) } : datagram;
  return Buffer.from(JSON.stringify(content), "utf8");
}

/** @throws Malformed when the content does not have the agreed form. */
export function decodeDatagram(sender: string, plain: Buffer): Datagram {
  const content = readObject(parseJson(plain), "datagram");
  const kind = readWord(content["kind"], "kind", KINDS);
  if (kind === "hello") {
    const fields = readFields(content, kind, ["kind", "record"]);
    return { kind, record: decodeRecord(sender, fields["record"]) };
  }
  return decodeAddressed(kind, readUuid(content["to"], "to"), sender, content);
}

function decodeAddressed(
  kind: Exclude<Datagram["kind"], "hello">,
  to: string,
  sender: string,
  content: Fields,
): Datagram {
  switch (kind) {
    case "alive": {
      const fields = readFields(content, kind, ["kind", "to", "roster", "record"]);
      const roster = readText(fields["roster"], "roster", 32);
      return { kind, to, roster, record: decodeRecord(sender, fields["record"]) };
    }
    case "roster": {
      const fields = readFields(content, kind, ["kind", "to", "entries"]);
      return { kind, to, entries: decodeEntries(fields["entries"]) };
    }
    case "message": {
      const fields = readFields(content, kind, ["kind", "to", "message"]);
      return { kind, to, message: decodeMessage(fields["message"]) };
    }
    case "ack": {
      const fields = readFields(content, kind, ["kind", "to", "messageId"]);
      return { kind, to, messageId: readUuid(fields["messageId"], "messageId") };
    }
    case "bye":
    case "bye-ack":
      break;
  }
  readFields(content, kind, ["kind", "to"]);
  return { kind, to };
}

function parseJson(plain: Buffer): unknown {
  try {
    return JSON.parse(plain.toString("utf8"));
  } catch {
    throw new Malformed("the content is not JSON");
  }
}

function decodeEntries(value: unknown): readonly RosterEntry[] {
  if (!Array.isArray(value) || value.length > ROSTER_ENTRIES_MAX) {
    throw new Malformed(`entries is no list of at most ${ROSTER_ENTRIES_MAX}`);
  }
  return value.map((entry: unknown) => {
    const fields = readFields(entry, "entry", ["id", "host", "port"]);
    return {
      id: readUuid(fields["id"], "id"),
      host: readText(fields["host"], "host", 255),
      port: readWhole(fields["port"], "port", 1, 65_535),
    };
  });
}

function decodeMessage(value: unknown): ClusterMessage {
  const fields = readFields(value, "message", ["id", "topic", "body"]);
  const body = Object.entries(readObject(fields["body"], "body"));
  if (body.length > BODY_FIELDS_MAX) throw new Malformed("body has too many fields");
  return {
    id: readUuid(fields["id"], "id"),
    topic: readText(fields["topic"], "topic", TOPIC_MAX),
    body: Object.fromEntries(body.map(([name, field]) => [name, decodeBodyField(name, field)])),
  };
}

function decodeBodyField(name: string, value: unknown): string | number | boolean {
  if (name.length > BODY_NAME_MAX || name === "__proto__") {
    throw new Malformed("body has a field with a forbidden name");
  }
  if (typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw new Malformed(`body.${name} is neither text, number nor boolean`);
}

/**
 * Checks a message before it is queued.
 * @throws AppError CLUSTER_LIMIT when its body is larger than MESSAGE_BYTES_MAX or not of the allowed form.
 */
export function checkMessage(message: ClusterMessage): void {
  const text = JSON.stringify(message);
  const bytes = Buffer.byteLength(JSON.stringify(message.body));
  try {
    decodeMessage(JSON.parse(text));
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    throw new AppError("CLUSTER_LIMIT", `a cluster message cannot be sent: ${error.message}`);
  }
  if (bytes <= MESSAGE_BYTES_MAX) return;
  throw new AppError(
    "CLUSTER_LIMIT",
    `a cluster message about "${message.topic}" takes ${bytes} bytes, at most ${MESSAGE_BYTES_MAX} are allowed: send a reference instead of the content`,
  );
}

/** Cuts a list of members into parts that fit one datagram each. */
export function splitRoster(entries: readonly RosterEntry[]): readonly (readonly RosterEntry[])[] {
  const parts: RosterEntry[][] = [];
  let bytes = ROSTER_BYTES_MAX;
  for (const entry of entries) {
    const entryBytes = Buffer.byteLength(JSON.stringify(entry)) + 1;
    bytes += entryBytes;
    if (bytes > ROSTER_BYTES_MAX) {
      parts.push([]);
      bytes = entryBytes;
    }
    parts.at(-1)?.push(entry);
  }
  return parts;
}
