/**
 * DNS messages as bytes (RFC 1035, 4; AAAA: RFC 3596; SRV: RFC 2782): the question of one query, and what a reply says.
 * Pure; dns-network.ts carries them. A reply is untrusted: every read is bounded by the message, and pointers
 * of compressed names may only lead backwards.
 */

/** Codes of the types that are asked for. */
export const DNS_TYPES = { A: 1, AAAA: 28, SRV: 33 } as const;

export type DnsType = keyof typeof DNS_TYPES;

export interface DnsQuestion {
  /** In lower case, without the dot at the end. */
  readonly name: string;
  readonly type: DnsType;
}

/** Names in lower case; `ttlSeconds`: how long the record may be kept. */
export type DnsRecord =
  | {
      readonly kind: "address";
      readonly type: "A" | "AAAA";
      readonly name: string;
      readonly ttlSeconds: number;
      readonly address: string;
    }
  | {
      readonly kind: "alias";
      readonly name: string;
      readonly ttlSeconds: number;
      readonly target: string;
    }
  | {
      readonly kind: "service";
      readonly name: string;
      readonly ttlSeconds: number;
      readonly priority: number;
      readonly weight: number;
      readonly port: number;
      readonly target: string;
    };

export interface DnsReply {
  /** 0: no error. */
  readonly code: number;
  /** The whole answer is to be had over TCP. */
  readonly isTruncated: boolean;
  /** Of the answer section; records of other types are left out. */
  readonly records: readonly DnsRecord[];
}

const HEADER_BYTES = 12;
const CLASS_IN = 1;
const TYPE_CNAME = 5;
const LABEL_BYTES_MAX = 63;
/** RFC 1035 says 255; nginx takes somewhat longer ones, and so do names in use. */
const NAME_CHARS_MAX = 300;
/** A time to live is a number of 31 bits (RFC 2181, 8); greater ones count as 0. */
const TTL_MAX = 2 ** 31 - 1;
const RECURSION_DESIRED = 0x0100;
const IS_REPLY = 0x8000;
const IS_TRUNCATED = 0x0200;

/** true for what can be asked for: labels of 1 to 63 printable characters. */
export function isDnsName(name: string): boolean {
  return (
    name.length <= NAME_CHARS_MAX &&
    /^[!-~]+$/.test(name) &&
    name.split(".").every(({ length }) => length > 0 && length <= LABEL_BYTES_MAX)
  );
}

/** The query for a name that `isDnsName` has checked. `id`: 16 bits. */
export function encodeQuery(id: number, { name, type }: DnsQuestion): Buffer {
  const labels = name.split(".").map((label) => Buffer.from(`\0${label}`, "latin1"));
  for (const label of labels) label[0] = label.length - 1;
  const head = Buffer.alloc(HEADER_BYTES);
  head.writeUInt16BE(id, 0);
  head.writeUInt16BE(RECURSION_DESIRED, 2);
  head.writeUInt16BE(1, 4);
  const tail = Buffer.from([0, 0, DNS_TYPES[type], 0, CLASS_IN]);
  return Buffer.concat([head, ...labels, tail]);
}

/** @returns undefined: the message is broken, or no reply to this question. */
export function decodeReply(
  message: Buffer,
  id: number,
  question: DnsQuestion,
): DnsReply | undefined {
  try {
    return new ReplyReader(message).read(id, question);
  } catch (error) {
    // What reaches beyond the message.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

class ReplyReader {
  readonly #message: Buffer;
  #at = 0;

  constructor(message: Buffer) {
    this.#message = message;
  }

  read(id: number, question: DnsQuestion): DnsReply | undefined {
    const [gotId, flags, questions, answers] = [this.#u16(), this.#u16(), this.#u16(), this.#u16()];
    if (gotId !== id || (flags & IS_REPLY) === 0 || questions !== 1) return undefined;
    this.#at = HEADER_BYTES;
    const name = this.#name();
    if (name !== question.name || this.#u16() !== DNS_TYPES[question.type]) return undefined;
    if (this.#u16() !== CLASS_IN) return undefined;
    const isTruncated = (flags & IS_TRUNCATED) !== 0;
    const code = flags & 0x0f;
    const records: DnsRecord[] = [];
    // A truncated answer is asked for again: what there is of it may end anywhere.
    for (let left = isTruncated ? 0 : answers; left > 0; left--) {
      const record = this.#record();
      if (record) records.push(record);
    }
    return { code, isTruncated, records };
  }

  #record(): DnsRecord | undefined {
    const name = this.#name();
    const [type, dnsClass] = [this.#u16(), this.#u16()];
    const ttl = this.#u16() * 0x1_0000 + this.#u16();
    const end = this.#u16() + this.#at;
    if (end > this.#message.length) throw new RangeError("record beyond the message");
    const ttlSeconds = ttl > TTL_MAX ? 0 : ttl;
    const record = dnsClass === CLASS_IN ? this.#data(type, end, { name, ttlSeconds }) : undefined;
    if (record && this.#at !== end) throw new RangeError("record of a wrong length");
    this.#at = end;
    return record;
  }

  #data(
    type: number,
    end: number,
    head: { readonly name: string; readonly ttlSeconds: number },
  ): DnsRecord | undefined {
    if (type === DNS_TYPES.A) {
      const bytes = this.#bytes(4);
      return { kind: "address", type: "A", ...head, address: bytes.join(".") };
    }
    if (type === DNS_TYPES.AAAA) {
      const groups = Array.from({ length: 8 }, () => this.#u16().toString(16));
      return { kind: "address", type: "AAAA", ...head, address: shortenIpv6(groups) };
    }
    if (type === TYPE_CNAME) return { kind: "alias", ...head, target: this.#name() };
    if (type !== DNS_TYPES.SRV || end - this.#at < 7) return undefined;
    const [priority, weight, port] = [this.#u16(), this.#u16(), this.#u16()];
    return { kind: "service", ...head, priority, weight, port, target: this.#name() };
  }

  #u16(): number {
    this.#at += 2;
    return this.#message.readUInt16BE(this.#at - 2);
  }

  #bytes(count: number): Buffer {
    const bytes = this.#message.subarray(this.#at, this.#at + count);
    if (bytes.length < count) throw new RangeError("address beyond the message");
    this.#at += count;
    return bytes;
  }

  /** A name, which may go on elsewhere: each pointer leads before the one that it follows. */
  #name(): string {
    const labels: string[] = [];
    let [at, limit, chars] = [this.#at, this.#at, 0];
    let after: number | undefined;
    for (;;) {
      const length = this.#message.readUInt8(at);
      if (length === 0) break;
      if (length >= 0xc0) {
        const target = this.#message.readUInt16BE(at) & 0x3fff;
        after ??= at + 2;
        if (target >= limit) throw new RangeError("name that leads forwards");
        at = limit = target;
        continue;
      }
      if (length > LABEL_BYTES_MAX) throw new RangeError("label of an unknown kind");
      const label = this.#message.subarray(at + 1, at + 1 + length);
      chars += length + 1;
      if (label.length < length || chars > NAME_CHARS_MAX) throw new RangeError("name too long");
      labels.push(label.toString("latin1").toLowerCase());
      at += length + 1;
    }
    this.#at = after ?? at + 1;
    return labels.join(".");
  }
}

/** The form of RFC 5952: the longest run of zero groups is left out. */
function shortenIpv6(groups: readonly string[]): string {
  const runs = groups.join(":").match(/(?:^|:)0(?::0)+(?=:|$)/g) ?? [];
  const [longest] = runs.toSorted((left, right) => right.length - left.length);
  const text = groups.join(":");
  if (longest === undefined) return text;
  const at = text.indexOf(longest);
  const rest = text.slice(at + longest.length).replace(/^:/, "");
  return `${text.slice(0, at)}::${rest}`;
}
