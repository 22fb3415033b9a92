/**
 * One question to one name server: over UDP from a socket of its own, so that the system chooses a port for each, and over
 * TCP when the answer does not fit (RFC 7766). What is no reply to the question is passed over: anybody can send
 * datagrams. The resolver decides about time and repetition.
 */
import { randomInt } from "node:crypto";
import { createSocket } from "node:dgram";
import { connect, isIPv6 } from "node:net";
import type { ListenAddress } from "../http/listen-address.ts";
import { decodeReply, type DnsQuestion, type DnsReply, encodeQuery } from "./dns-message.ts";

/** How questions reach name servers; tests hand in their own. */
export interface DnsNetwork {
  /** Settles at the latest when `signal` aborts. Rejects when the server cannot be reached. */
  ask(server: ListenAddress, question: DnsQuestion, signal: AbortSignal): Promise<DnsReply>;
}

export const systemNetwork: DnsNetwork = {
  async ask(server, question, signal) {
    const id = randomInt(0x1_0000);
    const read = (message: Buffer) => decodeReply(message, id, question);
    const task = { server, query: encodeQuery(id, question), read, signal };
    const reply = await askOverUdp(task);
    return reply.isTruncated ? askOverTcp(task) : reply;
  },
};

interface Task {
  readonly server: ListenAddress;
  readonly query: Buffer;
  readonly read: (message: Buffer) => DnsReply | undefined;
  readonly signal: AbortSignal;
}

async function askOverUdp({ server, query, read, signal }: Task): Promise<DnsReply> {
  const socket = createSocket(isIPv6(server.host) ? "udp6" : "udp4");
  const { promise, resolve, reject } = Promise.withResolvers<DnsReply>();
  socket.on("error", reject);
  socket.on("message", (message) => {
    const reply = read(message);
    if (reply) resolve(reply);
  });
  // A connected socket hears nobody but the server, and that it is not there.
  socket.connect(server.port, server.host, () => socket.send(query));
  return unlessAborted(signal, promise).finally(() => socket.close());
}

async function askOverTcp({ server, query, read, signal }: Task): Promise<DnsReply> {
  const socket = connect({ host: server.host, port: server.port, noDelay: true });
  const { promise, resolve, reject } = Promise.withResolvers<DnsReply>();
  const length = Buffer.alloc(2);
  length.writeUInt16BE(query.length);
  socket.write(Buffer.concat([length, query]));
  let received: Buffer = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => {
    // One message of at most 64 KB: everything behind it is not waited for.
    received = Buffer.concat([received, chunk]);
    if (received.length < 2 || received.length < 2 + received.readUInt16BE()) return;
    const reply = read(received.subarray(2, 2 + received.readUInt16BE()));
    if (reply) resolve({ ...reply, isTruncated: false });
    else reject(new Error("the name server sent no reply to the question"));
  });
  socket.on("error", reject);
  socket.once("close", () => reject(new Error("the name server closed the connection")));
  return unlessAborted(signal, promise).finally(() => socket.destroy());
}

async function unlessAborted(signal: AbortSignal, reply: Promise<DnsReply>): Promise<DnsReply> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(new Error("the name server was given up"));
  signal.addEventListener("abort", abort);
  if (signal.aborted) abort();
  try {
    return await Promise.race([reply, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
