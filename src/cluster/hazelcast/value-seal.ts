/**
 * Seals what the provider keeps in Hazelcast, whose open-source edition lets in whoever reaches its port: values are
 * encrypted and authenticated (AES-256-GCM), keys of entries are hidden where they are secrets themselves. Each process
 * seals with a key of its own (HKDF, RFC 5869, of the group key and a salt that goes with the value), so that
 * counting nonces is safe. The place of a value is authenticated with it: a value moved to another key does not open.
 * Layout: version 1 | salt 16 | nonce 12 | ciphertext | tag 16.
 */
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from "node:crypto";

const VERSION = 1;
const SALT_BYTES = 16;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEAD_BYTES = 1 + SALT_BYTES + NONCE_BYTES;
/** Keys of other processes that are kept; each costs some hundred bytes, deriving one some 20 microseconds. */
const DERIVED_KEYS_MAX = 4096;

export class ValueSeal {
  readonly #salt = randomBytes(SALT_BYTES);
  readonly #derived = new Map<string, Buffer>();
  #groupKeys: readonly Buffer[] = [];
  #hidingKeys: readonly Buffer[] = [];
  #sealed = 0n;

  /** @param groupKeys the first seals, all open; at least one. */
  constructor(groupKeys: readonly Buffer[]) {
    this.rotate(groupKeys);
  }

  /** Puts other group keys in place of those in use. */
  rotate(groupKeys: readonly Buffer[]): void {
    this.#groupKeys = groupKeys;
    this.#hidingKeys = groupKeys.map((key) =>
      Buffer.from(hkdfSync("sha256", key, "", "bascule hazelcast name", 32)),
    );
    this.#derived.clear();
  }

  /** `place` names where the value is kept: only `open` with the same place gives it back. */
  seal(place: string, plain: Buffer): Buffer {
    const head = Buffer.alloc(HEAD_BYTES);
    head[0] = VERSION;
    this.#salt.copy(head, 1);
    this.#sealed += 1n;
    head.writeBigUInt64BE(this.#sealed, 1 + SALT_BYTES + NONCE_BYTES - 8);
    const nonce = head.subarray(1 + SALT_BYTES);
    const cipher = createCipheriv("aes-256-gcm", this.#key(0, this.#salt), nonce);
    cipher.setAAD(Buffer.from(place));
    return Buffer.concat([head, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  }

  /** Undefined: sealed with another secret, for another place, or not a sealed value at all. */
  open(place: string, sealed: Buffer): Buffer | undefined {
    if (sealed.length < HEAD_BYTES + TAG_BYTES || sealed[0] !== VERSION) return undefined;
    for (let index = 0; index < this.#groupKeys.length; index += 1) {
      const plain = this.#tryOpen(index, place, sealed);
      if (plain) return plain;
    }
    return undefined;
  }

  /** The hidden forms of a secret text, one for each group key; the first is the one to write under. */
  hide(text: string): readonly string[] {
    return this.#hidingKeys.map((key) =>
      createHmac("sha256", key).update(text).digest("base64url"),
    );
  }

  #tryOpen(index: number, place: string, sealed: Buffer): Buffer | undefined {
    const salt = sealed.subarray(1, 1 + SALT_BYTES);
    const nonce = sealed.subarray(1 + SALT_BYTES, HEAD_BYTES);
    const decipher = createDecipheriv("aes-256-gcm", this.#key(index, salt), nonce);
    decipher.setAAD(Buffer.from(place));
    decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
    const plain = decipher.update(sealed.subarray(HEAD_BYTES, sealed.length - TAG_BYTES));
    try {
      decipher.final();
      return plain;
    } catch {
      return undefined;
    }
  }

  #key(index: number, salt: Buffer): Buffer {
    const name = `${index} ${salt.toString("base64")}`;
    const known = this.#derived.get(name);
    if (known) return known;
    const groupKey = this.#groupKeys[index] ?? Buffer.alloc(0);
    const key = Buffer.from(hkdfSync("sha256", groupKey, salt, "bascule hazelcast value", 32));
    if (this.#derived.size >= DERIVED_KEYS_MAX) this.#derived.clear();
    this.#derived.set(name, key);
    return key;
  }
}
