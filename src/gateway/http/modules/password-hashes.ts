/**
 * Passwords as `auth_basic_user_file` keeps them, but for bcrypt: {PLAIN}, {SHA}, {SSHA} (RFC 2307) and the MD5-based crypt
 * of Apache ($apr1$) and of FreeBSD ($1$). Other forms never match.
 */
import { createHash, timingSafeEqual } from "node:crypto";

/** true: the stored text is of one of the forms that `checkPassword` compares, whole or not. */
export function isKnownForm(hash: string): boolean {
  return /^(\{PLAIN\}|\{SHA\}|\{SSHA\}|\$apr1\$|\$1\$)/.test(hash);
}

/** `password`: a string of bytes. */
export function checkPassword(password: string, hash: string): boolean {
  const bytes = Buffer.from(password, "latin1");
  if (hash.startsWith("{PLAIN}")) return isEqual(bytes, Buffer.from(hash.slice(7), "latin1"));
  if (hash.startsWith("{SHA}")) return isEqual(sha1(bytes), Buffer.from(hash.slice(5), "base64"));
  if (hash.startsWith("{SSHA}")) {
    const stored = Buffer.from(hash.slice(6), "base64");
    const salted = Buffer.concat([bytes, stored.subarray(20)]);
    return stored.length >= 20 && isEqual(sha1(salted), stored.subarray(0, 20));
  }
  const [, magic, salt] = /^(\$apr1\$|\$1\$)([^$]{0,8})\$/.exec(hash) ?? [];
  if (magic === undefined || salt === undefined) return false;
  return isEqual(Buffer.from(md5Crypt(bytes, magic, salt)), Buffer.from(hash, "latin1"));
}

function isEqual(left: Buffer, right: Buffer): boolean {
  return left.length === right.length && timingSafeEqual(left, right);
}

function sha1(bytes: Buffer): Buffer {
  return createHash("sha1").update(bytes).digest();
}

function md5(...parts: readonly Uint8Array[]): Buffer {
  return createHash("md5").update(Buffer.concat(parts)).digest();
}

/** Rounds of the MD5-based crypt, fixed by its definition. */
const ROUNDS = 1000;

function md5Crypt(password: Buffer, magic: string, saltText: string): string {
  const salt = Buffer.from(saltText, "latin1");
  const inner = md5(password, salt, password);
  const parts: Uint8Array[] = [password, Buffer.from(magic), salt];
  for (let left = password.length; left > 0; left -= 16) parts.push(inner.subarray(0, left));
  for (let bits = password.length; bits > 0; bits >>= 1) {
    parts.push(bits & 1 ? Buffer.of(0) : password.subarray(0, 1));
  }
  let digest = md5(...parts);
  for (let round = 0; round < ROUNDS; round++) {
    digest = md5(
      round & 1 ? password : digest,
      ...(round % 3 === 0 ? [] : [salt]),
      ...(round % 7 === 0 ? [] : [password]),
      round & 1 ? digest : password,
    );
  }
  return `${magic}${saltText}$${encode(digest)}`;
}

const ALPHABET = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/** Which bytes of the digest make each group of four letters, the most significant first. */
const GROUPS = [
  [0, 6, 12],
  [1, 7, 13],
  [2, 8, 14],
  [3, 9, 15],
  [4, 10, 5],
] as const;

function encode(digest: Buffer): string {
  const byte = (at: number): number => digest[at] ?? 0;
  const groups = GROUPS.map(([high, middle, low]) =>
    letters((byte(high) << 16) | (byte(middle) << 8) | byte(low), 4),
  );
  return groups.join("") + letters(byte(11), 2);
}

function letters(value: number, count: number): string {
  let text = "";
  for (let at = 0; at < count; at++) text += ALPHABET.charAt((value >> (6 * at)) & 0x3f);
  return text;
}
