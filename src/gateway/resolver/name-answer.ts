/**
 * What the resolver says about a name, and nginx's words for why there is nothing to say (ngx_resolver_strerror).
 * What a reply's records mean for the name that was asked for is read here, aliases included.
 */
import type { DnsQuestion, DnsRecord } from "./dns-message.ts";

export const HOST_NOT_FOUND = 3;
export const SERVER_FAILURE = 2;
/** Not of DNS: no server has answered in time. */
export const TIMED_OUT = 110;

const SENTENCES: Readonly<Record<number, string>> = {
  1: "Format error",
  2: "Server failure",
  3: "Host not found",
  4: "Unimplemented",
  5: "Operation refused",
  110: "Operation timed out",
};

export interface NameFailure {
  readonly kind: "failure";
  /** Of DNS (3: there is no such name, or it has no addresses), or 110. */
  readonly code: number;
}

/** "NAME could not be resolved (3: Host not found)". */
export function describeFailure(name: string, { code }: NameFailure): string {
  return `${name} could not be resolved (${code}: ${SENTENCES[code] ?? "Unknown error"})`;
}

/** Records of the type that was asked for. */
export type DataRecord = Exclude<DnsRecord, { readonly kind: "alias" }>;

/** The records behind the name and its aliases. */
export interface RecordSet {
  /** Empty: the name is an alias whose addresses are not among the records, or has none. */
  readonly records: readonly DataRecord[];
  /** Where the aliases lead; the name itself without any. */
  readonly target: string;
  /** The shortest time to live on the way. Infinity: there are no records. */
  readonly ttlSeconds: number;
}

/** Follows the aliases among the records; what hangs on no alias of the name is passed over. */
export function readRecords(records: readonly DnsRecord[], { name, type }: DnsQuestion): RecordSet {
  const seen = new Set<string>();
  let target = name;
  let ttlSeconds = Infinity;
  while (!seen.has(target)) {
    seen.add(target);
    const alias = records.find((record) => record.kind === "alias" && record.name === target);
    if (alias?.kind !== "alias") break;
    target = alias.target;
    ttlSeconds = Math.min(ttlSeconds, alias.ttlSeconds);
  }
  const own = records.filter(
    (record): record is DataRecord =>
      record.name === target &&
      record.kind !== "alias" &&
      (record.kind === "address" ? record.type === type : type === "SRV"),
  );
  for (const record of own) ttlSeconds = Math.min(ttlSeconds, record.ttlSeconds);
  return { records: own, target, ttlSeconds };
}
