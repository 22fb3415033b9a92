/**
 * A name server for tests, over UDP and TCP on one port of 127.0.0.1: answers with what the test puts into it, written
 * with an encoder of its own. A name without an entry does not exist.
 */
import { createSocket, type RemoteInfo } from "node:dgram";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";

const TYPES = { A: 1, CNAME: 5, AAAA: 28, SRV: 33 } as const;

export interface DoubleRecord {
  readonly type: keyof typeof TYPES;
  /** An address, a name, or "priority weight port target". */
  readonly data: string;
  /** Default: the name that is asked for. */
  readonly owner?: string;
  /** Seconds. Default: 3600. */
  readonly ttl?: number;
}

export interface DoubleAnswer {
  readonly records?: readonly DoubleRecord[];
  /** Default: 0, no error. */
  readonly code?: number;
  /** Over UDP nothing but the word that the answer does not fit. */
  readonly truncated?: boolean;
  /** Nothing is sent at all. */
  readonly silent?: boolean;
  /** Sent before the answer: a reply with another number. */
  readonly forged?: readonly DoubleRecord[];
}

/** The bytes of a reply. `answer.records`: those of the type that is asked for, and aliases. */
export function encodeReply(query: Buffer, answer: DoubleAnswer, isTcp = false): Buffer {
  const { name, type, end } = questionOf(query);
  const cut = answer.truncated === true && !isTcp;
  const records = (cut ? [] : (answer.records ?? [])).filter(
    (record) => TYPES[record.type] === type || record.type === "CNAME",
  );
  const head = Buffer.alloc(12);
  query.copy(head, 0, 0, 2);
  head.writeUInt16BE(0x8180 | (cut ? 0x0200 : 0) | (answer.code ?? 0), 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(records.length, 6);
  const bodies = records.map((record) => encodeRecord(name, record));
  return Buffer.concat([head, query.subarray(12, end), ...bodies]);
}

function questionOf(query: Buffer) {
  const labels: string[] = [];
  let at = 12;
  for (let length = query.readUInt8(at); length > 0; length = query.readUInt8(at)) {
    labels.push(query.toString("latin1", at + 1, at + 1 + length));
    at += length + 1;
  }
  return { name: labels.join("."), type: query.readUInt16BE(at + 1), end: at + 5 };
}

function encodeName(name: string): Buffer {
  const labels = name
    .split(".")
    .map((label) => Buffer.from(`${String.fromCharCode(label.length)}${label}`, "latin1"));
  return Buffer.concat([...labels, Buffer.alloc(1)]);
}

function encodeRecord(
  asked: string,
  { type, data, owner = asked, ttl = 3_600 }: DoubleRecord,
): Buffer {
  const body = encodeData(type, data);
  const head = Buffer.alloc(10);
  head.writeUInt16BE(TYPES[type], 0);
  head.writeUInt16BE(1, 2);
  head.writeUInt32BE(ttl, 4);
  head.writeUInt16BE(body.length, 8);
  return Buffer.concat([encodeName(owner), head, body]);
}

function encodeData(type: DoubleRecord["type"], data: string): Buffer {
  if (type === "A") return Buffer.from(data.split(".").map(Number));
  if (type === "CNAME") return encodeName(data);
  if (type === "SRV") {
    const [priority = "", weight = "", port = "", target = ""] = data.split(" ");
    const numbers = Buffer.alloc(6);
    [priority, weight, port].forEach((text, at) => numbers.writeUInt16BE(Number(text), at * 2));
    return Buffer.concat([numbers, encodeName(target)]);
  }
  const [left = "", right = ""] = data.split("::");
  const groups = (text: string) => (text === "" ? [] : text.split(":"));
  const missing = 8 - groups(left).length - groups(right).length;
  const all = [...groups(left), ...Array<string>(missing).fill("0"), ...groups(right)];
  return Buffer.from(all.map((group) => group.padStart(4, "0")).join(""), "hex");
}

export class DnsDouble implements AsyncDisposable {
  /** By name, in lower case. */
  readonly answers = new Map<string, DoubleAnswer>();
  /** What was asked for, as "name type", with "tcp" behind it over TCP. */
  readonly asked: string[] = [];
  /** Ports that questions came from over UDP. */
  readonly sourcePorts: number[] = [];
  readonly #udp = createSocket("udp4");
  readonly #tcp = createServer((socket) => this.#serveTcp(socket));
  readonly #sockets = new Set<Socket>();

  static async start(): Promise<DnsDouble> {
    const double = new DnsDouble();
    double.#udp.on("message", (query, from) => double.#serveUdp(query, from));
    double.#tcp.listen(0, "127.0.0.1");
    await once(double.#tcp, "listening");
    double.#udp.bind(double.port, "127.0.0.1");
    await once(double.#udp, "listening");
    return double;
  }

  get port(): number {
    return (this.#tcp.address() as AddressInfo).port;
  }

  /** An A record for each address. */
  set(name: string, addresses: readonly string[], ttl = 3_600): void {
    const records = addresses.map((data): DoubleRecord => ({ type: "A", data, ttl }));
    this.answers.set(name, { records });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#udp.close();
    for (const socket of this.#sockets) socket.destroy();
    this.#tcp.close();
    await once(this.#tcp, "close");
  }

  #answerTo(query: Buffer, suffix: string): DoubleAnswer {
    const { name, type } = questionOf(query);
    const word = Object.entries(TYPES).find(([, code]) => code === type)?.[0] ?? String(type);
    this.asked.push(`${name} ${word}${suffix}`);
    return this.answers.get(name) ?? { code: 3 };
  }

  #serveUdp(query: Buffer, { port, address }: RemoteInfo): void {
    this.sourcePorts.push(port);
    const answer = this.#answerTo(query, "");
    if (answer.forged) {
      const forged = encodeReply(query, { records: answer.forged });
      forged.writeUInt16BE((forged.readUInt16BE(0) + 1) & 0xffff, 0);
      this.#udp.send(forged, port, address);
    }
    if (!answer.silent) this.#udp.send(encodeReply(query, answer), port, address);
  }

  #serveTcp(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => {});
    socket.on("data", (data: Buffer) => {
      const query = data.subarray(2);
      const reply = encodeReply(query, this.#answerTo(query, " tcp"), true);
      const length = Buffer.alloc(2);
      length.writeUInt16BE(reply.length);
      // In two pieces, as a stream may bring it.
      socket.write(Buffer.concat([length, reply.subarray(0, 5)]));
      setImmediate(() => socket.write(reply.subarray(5)));
    });
  }
}
