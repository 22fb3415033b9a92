/**
 * SSH's public keys (RFC 4253 section 6.6, RFC 5656, RFC 8709) as node:crypto knows them, read from their blob or from
 * the line of a .pub file. Kinds that sign revisions: ed25519, the three ECDSA curves of NIST, RSA of 2048 bits and more.
 */
import { type JsonWebKey, type KeyObject, createHash, createPublicKey } from "node:crypto";
import { WireReader, wireString } from "./ssh-wire.ts";

export type SshKeyKind =
  "ssh-ed25519" | "ecdsa-sha2-nistp256" | "ecdsa-sha2-nistp384" | "ecdsa-sha2-nistp521" | "ssh-rsa";

export interface SshPublicKey {
  readonly kind: SshKeyKind;
  /** The key in SSH's wire format; equal blobs are equal keys. */
  readonly blob: Buffer;
  readonly key: KeyObject;
  /** SHA256:..., as ssh-keygen shows it. */
  readonly fingerprint: string;
}

const CURVES = {
  "ecdsa-sha2-nistp256": { name: "nistp256", crv: "P-256", bytes: 32 },
  "ecdsa-sha2-nistp384": { name: "nistp384", crv: "P-384", bytes: 48 },
  "ecdsa-sha2-nistp521": { name: "nistp521", crv: "P-521", bytes: 66 },
} as const;

const ED25519_BYTES = 32;
const RSA_BITS = { min: 2048, max: 16_384 };
/** Uncompressed point (SEC 1, section 2.3.3). */
const UNCOMPRESSED = 4;
/** A key of 16384 bits takes some 2100 bytes. */
const BLOB_BYTES_MAX = 4096;

/** @throws Error whose message is the end of a sentence: of an unknown kind, cut short, too weak. */
export function readPublicKey(blob: Buffer): SshPublicKey {
  if (blob.length > BLOB_BYTES_MAX) throw new Error("it is too long for a key");
  const reader = new WireReader(blob);
  const kind = reader.text();
  const jwk = readJwk(kind, reader);
  if (!reader.isAtEnd) throw new Error("it has bytes behind its end");
  const key = createPublicKey({ key: jwk.key, format: "jwk" });
  return { kind: jwk.kind, blob: Buffer.from(blob), key, fingerprint: fingerprintOf(blob) };
}

/**
 * Reads a line of a .pub or authorized_keys file: `KIND BASE64 [comment]`.
 * @throws Error whose message is the end of a sentence.
 */
export function readPublicKeyLine(line: string): SshPublicKey {
  const [kind = "", base64 = ""] = line.trim().split(/[ \t]+/);
  if (/^-----BEGIN .*PRIVATE KEY/.test(line.trim())) {
    throw new Error("it is a private key: give the file that ends in .pub");
  }
  if (kind.includes("cert-v01@openssh.com")) {
    throw new Error("it is a certificate; only plain keys are taken");
  }
  if (!/^(ssh|ecdsa|sk)-/.test(kind)) {
    throw new Error("it is no line of a .pub file (KIND BASE64 COMMENT, without options)");
  }
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) throw new Error("its key is not base64");
  const key = readPublicKey(Buffer.from(base64, "base64"));
  if (key.kind !== kind) throw new Error(`it says ${kind} but holds a key of kind ${key.kind}`);
  return key;
}

/** The ed25519 key whose 32 bytes these are. */
export function ed25519PublicKey(raw: Buffer): SshPublicKey {
  return readPublicKey(Buffer.concat([wireString("ssh-ed25519"), wireString(raw)]));
}

/** The 32 bytes of an ed25519 key, of a private or public one. @throws Error when it is of another kind. */
export function rawEd25519(key: KeyObject): Buffer {
  if (key.asymmetricKeyType !== "ed25519") throw new Error("the key is not of kind ed25519");
  const { x = "" } = (key.type === "private" ? createPublicKey(key) : key).export({
    format: "jwk",
  });
  return Buffer.from(x, "base64url");
}

/** `KIND BASE64`, as in .pub files. */
export function formatPublicKey({ kind, blob }: SshPublicKey): string {
  return `${kind} ${blob.toString("base64")}`;
}

function readJwk(kind: string, reader: WireReader): { kind: SshKeyKind; key: JsonWebKey } {
  switch (kind) {
    case "ssh-ed25519": {
      const x = reader.string();
      if (x.length !== ED25519_BYTES) throw new Error("its ed25519 key has not 32 bytes");
      return { kind, key: { kty: "OKP", crv: "Ed25519", x: x.toString("base64url") } };
    }
    case "ecdsa-sha2-nistp256":
    case "ecdsa-sha2-nistp384":
    case "ecdsa-sha2-nistp521":
      return { kind, key: readPoint(CURVES[kind], reader) };
    case "ssh-rsa":
      return { kind, key: readRsa(reader) };
    default:
      throw new Error(
        `keys of kind ${JSON.stringify(kind.slice(0, 60))} are not taken; use ed25519, ecdsa or rsa`,
      );
  }
}

function readPoint(
  { name, crv, bytes }: (typeof CURVES)[keyof typeof CURVES],
  reader: WireReader,
): JsonWebKey {
  if (reader.text() !== name) throw new Error("its curve is not the one of its kind");
  const point = reader.string();
  if (point.length !== 1 + 2 * bytes || point[0] !== UNCOMPRESSED) {
    throw new Error("its point is not of the uncompressed form");
  }
  const x = point.subarray(1, 1 + bytes).toString("base64url");
  return { kty: "EC", crv, x, y: point.subarray(1 + bytes).toString("base64url") };
}

function readRsa(reader: WireReader): JsonWebKey {
  const e = reader.unsigned();
  const n = reader.unsigned();
  const bits = n.length * 8;
  if (bits < RSA_BITS.min) throw new Error(`an RSA key needs at least ${RSA_BITS.min} bits`);
  if (bits > RSA_BITS.max || e.length > 4) throw new Error("its RSA numbers are too large");
  return { kty: "RSA", e: e.toString("base64url"), n: n.toString("base64url") };
}

function fingerprintOf(blob: Buffer): string {
  return `SHA256:${createHash("sha256").update(blob).digest("base64").replaceAll("=", "")}`;
}
