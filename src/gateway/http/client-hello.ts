/**
 * The ciphers of a client's TLS greeting (RFC 8446, 4.1.2): Node does not tell them, so they are read from the first
 * bytes of the connection. What is not whole in these bytes counts as not told.
 */

/** OpenSSL's names of the ciphers that clients offer today, by number; others are shown by number, as nginx does. */
const NAMES: ReadonlyMap<number, string> = new Map([
  [0x1301, "TLS_AES_128_GCM_SHA256"],
  [0x1302, "TLS_AES_256_GCM_SHA384"],
  [0x1303, "TLS_CHACHA20_POLY1305_SHA256"],
  [0xc02b, "ECDHE-ECDSA-AES128-GCM-SHA256"],
  [0xc02c, "ECDHE-ECDSA-AES256-GCM-SHA384"],
  [0xc02f, "ECDHE-RSA-AES128-GCM-SHA256"],
  [0xc030, "ECDHE-RSA-AES256-GCM-SHA384"],
  [0xcca8, "ECDHE-RSA-CHACHA20-POLY1305"],
  [0xcca9, "ECDHE-ECDSA-CHACHA20-POLY1305"],
  [0xccaa, "DHE-RSA-CHACHA20-POLY1305"],
  [0x009e, "DHE-RSA-AES128-GCM-SHA256"],
  [0x009f, "DHE-RSA-AES256-GCM-SHA384"],
  [0xc023, "ECDHE-ECDSA-AES128-SHA256"],
  [0xc024, "ECDHE-ECDSA-AES256-SHA384"],
  [0xc027, "ECDHE-RSA-AES128-SHA256"],
  [0xc028, "ECDHE-RSA-AES256-SHA384"],
  [0xc009, "ECDHE-ECDSA-AES128-SHA"],
  [0xc00a, "ECDHE-ECDSA-AES256-SHA"],
  [0xc013, "ECDHE-RSA-AES128-SHA"],
  [0xc014, "ECDHE-RSA-AES256-SHA"],
  [0x0067, "DHE-RSA-AES128-SHA256"],
  [0x006b, "DHE-RSA-AES256-SHA256"],
  [0x0033, "DHE-RSA-AES128-SHA"],
  [0x0039, "DHE-RSA-AES256-SHA"],
  [0x009c, "AES128-GCM-SHA256"],
  [0x009d, "AES256-GCM-SHA384"],
  [0x003c, "AES128-SHA256"],
  [0x003d, "AES256-SHA256"],
  [0x002f, "AES128-SHA"],
  [0x0035, "AES256-SHA"],
]);

/** Not ciphers: signals for renegotiation and against downgrades. */
const SIGNALS = new Set([0x00ff, 0x5600]);
/** Record header, handshake header, version, random. */
const SESSION_ID_AT = 5 + 4 + 2 + 32;

/** The list as the client sent it, two bytes each, in a buffer of its own; undefined: not told. */
export function offeredCiphers(first: Buffer): Buffer | undefined {
  const at = SESSION_ID_AT + 1 + (first[SESSION_ID_AT] ?? 0);
  const length = first.length >= at + 2 ? first.readUInt16BE(at) : 0;
  const list = first.subarray(at + 2, at + 2 + length);
  return length > 0 && list.length === length ? Buffer.from(list) : undefined;
}

/** $ssl_ciphers: names with ":" between them. */
export function cipherNames(list: Buffer): string {
  const codes = Array.from({ length: list.length >> 1 }, (_, at) => list.readUInt16BE(2 * at));
  return codes
    .filter((code) => !SIGNALS.has(code))
    .map((code) => NAMES.get(code) ?? `0x${code.toString(16).padStart(4, "0")}`)
    .join(":");
}
