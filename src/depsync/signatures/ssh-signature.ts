/**
 * Signatures as ssh-keygen makes and git keeps them (OpenSSH's PROTOCOL.sshsig, version 1), namespace "git", made and
 * checked in this process. Whose key it is, is for the caller to say.
 */
import { type KeyObject, createHash, createPublicKey, sign, verify } from "node:crypto";
import {
  type SshPublicKey,
  ed25519PublicKey,
  rawEd25519,
  readPublicKey,
} from "./ssh-public-key.ts";
import { WireReader, wireString } from "./ssh-wire.ts";

/** Parts signatures for commits from those for files, logins and everything else. */
const NAMESPACE = "git";
const MAGIC = "SSHSIG";
const VERSION = 1;
const BEGIN = "-----BEGIN SSH SIGNATURE-----";
const END = "-----END SSH SIGNATURE-----";
/** As ssh-keygen breaks them. */
const LINE_CHARACTERS = 70;
const ARMOR_CHARACTERS_MAX = 16_384;

export interface SshSignature {
  readonly publicKey: SshPublicKey;
  readonly hash: "sha512" | "sha256";
  /** The signature's own algorithm: "rsa-sha2-512" says more than the kind of its key. */
  readonly algorithm: string;
  readonly bytes: Buffer;
}

/** Signs with an ed25519 key and returns the armored text, which ends with a line break. */
export function signSsh(payload: Buffer, key: KeyObject): string {
  const publicKey = ed25519PublicKey(rawEd25519(createPublicKey(key)));
  const bytes = sign(null, signedBytes("sha512", payload), key);
  const version = Buffer.alloc(4);
  version.writeUInt32BE(VERSION);
  const blob = Buffer.concat([
    Buffer.from(MAGIC),
    version,
    wireString(publicKey.blob),
    wireString(NAMESPACE),
    wireString(""),
    wireString("sha512"),
    wireString(Buffer.concat([wireString(publicKey.kind), wireString(bytes)])),
  ]);
  const lines = blob.toString("base64").match(new RegExp(`.{1,${LINE_CHARACTERS}}`, "g")) ?? [];
  return `${[BEGIN, ...lines, END].join("\n")}\n`;
}

/** Reads an armored signature. @throws Error whose message is the end of a sentence. */
export function readSshSignature(armored: string): SshSignature {
  if (armored.length > ARMOR_CHARACTERS_MAX) throw new Error("it is too long for a signature");
  const text = armored.trim();
  if (!text.startsWith(BEGIN) || !text.endsWith(END)) {
    throw new Error("it is no SSH signature (git's gpg.format must be ssh)");
  }
  const base64 = text.slice(BEGIN.length, -END.length).replaceAll(/\s/g, "");
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) throw new Error("it is not base64");
  const reader = new WireReader(Buffer.from(base64, "base64"));
  if (reader.take(MAGIC.length).toString("latin1") !== MAGIC || reader.integer() !== VERSION) {
    throw new Error("it is no SSH signature of version 1");
  }
  const publicKey = readPublicKey(reader.string());
  const namespace = reader.text();
  if (namespace !== NAMESPACE) {
    throw new Error(`it was made for ${JSON.stringify(namespace.slice(0, 60))}, not for git`);
  }
  reader.string();
  const hash = reader.text();
  if (hash !== "sha512" && hash !== "sha256") throw new Error("it uses an unknown hash");
  const signature = new WireReader(reader.string());
  const algorithm = signature.text();
  const bytes = signature.string();
  if (!reader.isAtEnd || !signature.isAtEnd) throw new Error("it has bytes behind its end");
  return { publicKey, hash, algorithm, bytes };
}

/** Whether the signature's key has signed exactly this payload. */
export function isSignatureOf(signature: SshSignature, payload: Buffer): boolean {
  const { publicKey, algorithm, bytes, hash } = signature;
  const signed = signedBytes(hash, payload);
  const { kind, key } = publicKey;
  try {
    if (kind === "ssh-rsa") {
      if (algorithm !== "rsa-sha2-512" && algorithm !== "rsa-sha2-256") return false;
      return verify(algorithm === "rsa-sha2-512" ? "sha512" : "sha256", signed, key, bytes);
    }
    if (algorithm !== kind) return false;
    if (kind === "ssh-ed25519") return verify(null, signed, key, bytes);
    return verify(CURVE_HASH[kind], signed, { key, dsaEncoding: "ieee-p1363" }, flat(kind, bytes));
  } catch {
    return false;
  }
}

/** RFC 5656, section 6.2.1. */
const CURVE_HASH = {
  "ecdsa-sha2-nistp256": "sha256",
  "ecdsa-sha2-nistp384": "sha384",
  "ecdsa-sha2-nistp521": "sha512",
} as const;
const CURVE_BYTES = {
  "ecdsa-sha2-nistp256": 32,
  "ecdsa-sha2-nistp384": 48,
  "ecdsa-sha2-nistp521": 66,
} as const;

/** The two numbers r and s of an ECDSA signature, each padded to the width of the curve. */
function flat(kind: keyof typeof CURVE_BYTES, bytes: Buffer): Buffer {
  const width = CURVE_BYTES[kind];
  const reader = new WireReader(bytes);
  const numbers = [reader.unsigned(), reader.unsigned()];
  if (!reader.isAtEnd) throw new Error("it has bytes behind its end");
  return Buffer.concat(
    numbers.map((number) => Buffer.concat([Buffer.alloc(width - number.length), number])),
  );
}

/** What is really signed: the hash of the payload within its envelope. */
function signedBytes(hash: "sha512" | "sha256", payload: Buffer): Buffer {
  return Buffer.concat([
    Buffer.from(MAGIC),
    wireString(NAMESPACE),
    wireString(""),
    wireString(hash),
    wireString(createHash(hash).update(payload).digest()),
  ]);
}
