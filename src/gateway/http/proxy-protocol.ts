/**
 * The header that a load balancer sends ahead of a connection's own bytes to tell whose it is: version 1 (a line) and
 * version 2 (binary) of HAProxy's PROXY protocol, as ngx_proxy_protocol_read takes them. Pure: bytes in, facts out.
 */
import { canonicalAddress } from "./canonical-address.ts";

/** What the header tells. */
export interface ProxyProtocolFacts {
  /** Where the connection came from. */
  readonly address: string;
  readonly port: number;
  /** Where it was accepted. */
  readonly serverAddress: string;
  readonly serverPort: number;
}

export type ProxyProtocolResult =
  | { readonly kind: "more" }
  | { readonly kind: "broken" }
  | {
      readonly kind: "header";
      /** Undefined: the header names no addresses (UNKNOWN, LOCAL). */
      readonly facts: ProxyProtocolFacts | undefined;
      /** Where the connection's own bytes begin. */
      readonly length: number;
    };

const LINE_BYTES_MAX = 107;
const LINE_START = "PROXY ";
const SIGNATURE = Buffer.from("\r\n\r\n\0\r\nQUIT\n", "latin1");
const FIXED_BYTES = 16;

/** `bytes`: all that has been received. */
export function readProxyProtocol(bytes: Buffer): ProxyProtocolResult {
  const signature = SIGNATURE.subarray(0, bytes.length);
  if (bytes.subarray(0, signature.length).equals(signature)) return readBinary(bytes);
  const start = LINE_START.slice(0, bytes.length);
  return bytes.toString("latin1", 0, start.length) === start ? readLine(bytes) : { kind: "broken" };
}

function readLine(bytes: Buffer): ProxyProtocolResult {
  const end = bytes.subarray(0, LINE_BYTES_MAX).indexOf("\r\n");
  if (end === -1) return { kind: bytes.length < LINE_BYTES_MAX ? "more" : "broken" };
  const line = bytes.toString("latin1", 0, end);
  const length = end + 2;
  if (/^PROXY UNKNOWN( |$)/.test(line)) return { kind: "header", facts: undefined, length };
  const [, address = "", serverAddress = "", port = "", serverPort = ""] =
    /^PROXY TCP[46] ([0-9A-Fa-f:.]+) ([0-9A-Fa-f:.]+) (\d{1,5}) (\d{1,5})$/.exec(line) ?? [];
  if (address === "" || Number(port) > 65_535 || Number(serverPort) > 65_535) {
    return { kind: "broken" };
  }
  const facts = { address, serverAddress, port: Number(port), serverPort: Number(serverPort) };
  return { kind: "header", facts, length };
}

function readBinary(bytes: Buffer): ProxyProtocolResult {
  if (bytes.length < FIXED_BYTES) return { kind: "more" };
  const version = bytes.readUInt8(12);
  const family = bytes.readUInt8(13);
  const length = FIXED_BYTES + bytes.readUInt16BE(14);
  if (version >> 4 !== 2) return { kind: "broken" };
  if (bytes.length < length) return { kind: "more" };
  const block = bytes.subarray(FIXED_BYTES, length);
  const isLocal = (version & 0x0f) !== 1;
  const facts = isLocal ? undefined : addressesOf(family, block);
  return facts === "broken" ? { kind: "broken" } : { kind: "header", facts, length };
}

/** Families other than IPv4 and IPv6 say nothing that could be used. */
function addressesOf(family: number, block: Buffer): ProxyProtocolFacts | "broken" | undefined {
  const bytes = family >> 4 === 1 ? 4 : family >> 4 === 2 ? 16 : 0;
  if (bytes === 0 || (family & 0x0f) !== 1) return undefined;
  if (block.length < 2 * bytes + 4) return "broken";
  return {
    address: formatIp(block.subarray(0, bytes)),
    serverAddress: formatIp(block.subarray(bytes, 2 * bytes)),
    port: block.readUInt16BE(2 * bytes),
    serverPort: block.readUInt16BE(2 * bytes + 2),
  };
}

function formatIp(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join(".");
  const groups = Array.from({ length: 8 }, (_, at) => bytes.readUInt16BE(2 * at).toString(16));
  return canonicalAddress(groups.join(":"));
}
