/**
 * The member record on the wire and its limits. The id is not in it: the sealed datagram names its sender.
 * A member's own record is checked with the same reader before it is sent (`checkRecord`), so what
 * one node can publish is exactly what the others accept.
 */
import { AppError } from "../../errors/app-error.ts";
import type { HostNames, Member, MemberPorts, MemberRole, MemberState } from "../cluster.ts";
import { STARTED_MS_MAX } from "../member-order.ts";
import {
  Malformed,
  readFields,
  readObject,
  readOptionalText,
  readText,
  readWhole,
  readWord,
} from "./wire-fields.ts";

/** Largest encoded record; with the rest of a heartbeat it fits one datagram. */
export const RECORD_BYTES_MAX = 1200;
/** Properties of one member, and the lengths of their names and values in characters. */
export const PROPERTIES_MAX = 32;
export const PROPERTY_NAME_MAX = 64;
export const PROPERTY_VALUE_MAX = 512;

const NAME_MAX = 128;
const HOST_MAX = 255;
const REVISION_MAX = 64;
const INCARNATION_MAX = 2 ** 40;
const ROLES: readonly MemberRole[] = ["gateway", "manager", "worker"];
const STATES: readonly MemberState[] = ["joining", "active", "draining", "leaving"];
const PORT_NAMES = ["http", "https", "management"] as const;
const HOST_NAMES = ["name", "hostname", "domain", "internalHostname", "internalDomain"] as const;
const RECORD_FIELDS = [
  "name",
  "host",
  "port",
  "role",
  "domain",
  "hostNames",
  "subDomain",
  "ports",
  "properties",
  "incarnation",
  "revision",
  "state",
  "startedAtMs",
] as const;

/** The record as a JSON value; an undefined revision is left out. */
export function encodeRecord(member: Member): Readonly<Record<string, unknown>> {
  const { id: _id, ...record } = member;
  return record;
}

/** @throws Malformed when any field is missing, of another type or out of its bounds. */
export function decodeRecord(id: string, value: unknown): Member {
  const fields = readFields(value, "record", RECORD_FIELDS);
  const revision = fields["revision"];
  return {
    id,
    name: readText(fields["name"], "name", NAME_MAX),
    host: readText(fields["host"], "host", HOST_MAX),
    port: readWhole(fields["port"], "port", 1, 65_535),
    role: readWord(fields["role"], "role", ROLES),
    domain: readText(fields["domain"], "domain", NAME_MAX),
    hostNames: decodeHostNames(fields["hostNames"]),
    subDomain: readText(fields["subDomain"], "subDomain", NAME_MAX),
    ports: decodePorts(fields["ports"]),
    properties: decodeProperties(fields["properties"]),
    incarnation: readWhole(fields["incarnation"], "incarnation", 0, INCARNATION_MAX),
    revision: revision === undefined ? undefined : readText(revision, "revision", REVISION_MAX),
    state: readWord(fields["state"], "state", STATES),
    startedAtMs: readWhole(fields["startedAtMs"], "startedAtMs", 0, STARTED_MS_MAX),
  };
}

function decodeHostNames(value: unknown): HostNames {
  const fields = readFields(value, "hostNames", HOST_NAMES);
  const read = (name: (typeof HOST_NAMES)[number]): string =>
    readOptionalText(fields[name], `hostNames.${name}`, HOST_MAX);
  return {
    name: read("name"),
    hostname: read("hostname"),
    domain: read("domain"),
    internalHostname: read("internalHostname"),
    internalDomain: read("internalDomain"),
  };
}

function decodePorts(value: unknown): MemberPorts {
  const fields = readFields(value, "ports", PORT_NAMES);
  const ports: { -readonly [Name in keyof MemberPorts]: MemberPorts[Name] } = {};
  for (const name of PORT_NAMES) {
    const port = fields[name];
    if (port !== undefined) ports[name] = readWhole(port, `ports.${name}`, 1, 65_535);
  }
  return ports;
}

function decodeProperties(value: unknown): Readonly<Record<string, string>> {
  const entries = Object.entries(readObject(value, "properties"));
  if (entries.length > PROPERTIES_MAX) {
    throw new Malformed(
      `there are ${entries.length} properties, at most ${PROPERTIES_MAX} are allowed`,
    );
  }
  return Object.fromEntries(
    entries.map(([name, text]) => {
      readText(name, "the name of a property", PROPERTY_NAME_MAX);
      return [name, readOptionalText(text, `property "${name}"`, PROPERTY_VALUE_MAX)];
    }),
  );
}

/**
 * Checks a node's own record before it is published.
 * @throws AppError CLUSTER_LIMIT that names the field or the size.
 */
export function checkRecord(member: Member): void {
  const text = JSON.stringify(encodeRecord(member));
  try {
    decodeRecord(member.id, JSON.parse(text));
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    throw new AppError(
      "CLUSTER_LIMIT",
      `the record of member "${member.name}" cannot be published to the cluster: ${error.message}`,
      { side: "config" },
    );
  }
  const bytes = Buffer.byteLength(text);
  if (bytes <= RECORD_BYTES_MAX) return;
  throw new AppError(
    "CLUSTER_LIMIT",
    `the record of member "${member.name}" takes ${bytes} bytes, at most ${RECORD_BYTES_MAX} fit a datagram: shorten its properties`,
    { side: "config" },
  );
}
