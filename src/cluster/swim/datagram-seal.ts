/**
 * Encryption and authentication of datagrams: AES-256-GCM (NIST SP 800-38D). Each start of a member has a key of
 * its own for each of the cluster's keys, HKDF(group key, sender id), and numbers its datagrams from 1, so no nonce is ever used
 * twice. The first of the cluster's keys seals, all open, so that the secret can be rotated while the cluster runs.
 * Layout: "BM", version 1, sender id (16 bytes), counter (8), ciphertext, tag (16). The header and the
 * domain are authenticated with it. A window of counters per sender drops repeated datagrams.
 */
import {
  type KeyObject,
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  hkdfSync,
} from "node:crypto";
import type { Keyring } from "./keyring.ts";
import { ReplayWindow } from "./replay-window.ts";

/** Largest datagram on the wire: fits the usual 1500 byte MTU with IPv6 and tunnel headers. */
export const DATAGRAM_BYTES_MAX = 1400;

const CIPHER = "aes-256-gcm";
const MAGIC = Buffer.from([0x42, 0x4d, 0x01]);
const ID_BYTES = 16;
const COUNTER_BYTES = 8;
const HEADER_BYTES = MAGIC.length + ID_BYTES + COUNTER_BYTES;
const TAG_BYTES = 16;
/** Senders whose key and window are remembered; the one heard longest ago is forgotten first. */
const SENDERS_MAX = 2048;

/** Largest content of a datagram, in bytes. */
export const PLAIN_BYTES_MAX = DATAGRAM_BYTES_MAX - HEADER_BYTES - TAG_BYTES;

/** The opened datagram, or why it was dropped: `foreign` did not authenticate, `repeated` came before. */
export type Opened =
  | { readonly kind: "opened"; readonly sender: string; readonly plain: Buffer }
  | { readonly kind: "foreign" }
  | { readonly kind: "repeated" };

interface Sender {
  /** One for each of the cluster's keys, the one that opened the last datagram first. */
  keys: readonly KeyObject[];
  /** Of the keyring when `keys` were derived. */
  epoch: number;
  readonly window: ReplayWindow;
}

export class DatagramSeal {
  readonly #keyring: Keyring;
  readonly #domain: Buffer;
  readonly #ownId: Buffer;
  readonly #ownHeader: Buffer;
  #own: Omit<Sender, "window">;
  readonly #senders = new Map<string, Sender>();
  #counter = 0;

  /** `ownId` is the UUID of this start of the member; it must never be used for two starts. */
  constructor(keyring: Keyring, domain: string, ownId: string) {
    this.#keyring = keyring;
    this.#domain = Buffer.from(domain, "utf8");
    this.#ownId = Buffer.from(ownId.replaceAll("-", ""), "hex");
    this.#ownHeader = Buffer.concat([MAGIC, this.#ownId, Buffer.alloc(COUNTER_BYTES)]);
    this.#own = this.#derive(this.#ownId);
  }

  /** @throws RangeError when the content is larger than PLAIN_BYTES_MAX; callers bound it before. */
  seal(plain: Buffer): Buffer {
    if (plain.length > PLAIN_BYTES_MAX) throw new RangeError("datagram too large");
    this.#counter += 1;
    const header = Buffer.from(this.#ownHeader);
    header.writeBigUInt64BE(BigInt(this.#counter), MAGIC.length + ID_BYTES);
    const cipher = createCipheriv(CIPHER, this.#sealingKey(), nonceOf(header));
    cipher.setAAD(Buffer.concat([header, this.#domain]));
    return Buffer.concat([header, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  }

  open(datagram: Buffer): Opened {
    if (datagram.length < HEADER_BYTES + TAG_BYTES || datagram.length > DATAGRAM_BYTES_MAX) {
      return { kind: "foreign" };
    }
    const header = datagram.subarray(0, HEADER_BYTES);
    if (!header.subarray(0, MAGIC.length).equals(MAGIC)) return { kind: "foreign" };
    const idBytes = header.subarray(MAGIC.length, MAGIC.length + ID_BYTES);
    const id = formatUuid(idBytes);
    const sender = this.#senders.get(id) ?? {
      ...this.#derive(idBytes),
      window: new ReplayWindow(),
    };
    if (sender.epoch !== this.#keyring.epoch) Object.assign(sender, this.#derive(idBytes));
    const plain = this.#openWith(sender, datagram);
    if (!plain) return { kind: "foreign" };
    // Only authenticated senders are remembered: a flood of forged ids costs no memory.
    this.#remember(id, sender);
    const counter = header.readBigUInt64BE(MAGIC.length + ID_BYTES);
    if (!sender.window.accept(Number(counter))) return { kind: "repeated" };
    return { kind: "opened", sender: id, plain };
  }

  #openWith(sender: Sender, datagram: Buffer): Buffer | undefined {
    for (const key of sender.keys) {
      const plain = this.#decrypt(datagram, key);
      if (!plain) continue;
      if (key !== sender.keys[0])
        sender.keys = [key, ...sender.keys.filter((other) => other !== key)];
      return plain;
    }
    return undefined;
  }

  #sealingKey(): KeyObject {
    if (this.#own.epoch !== this.#keyring.epoch) this.#own = this.#derive(this.#ownId);
    const [key] = this.#own.keys;
    if (!key) throw new RangeError("the keyring is empty");
    return key;
  }

  #decrypt(datagram: Buffer, key: KeyObject): Buffer | undefined {
    const header = datagram.subarray(0, HEADER_BYTES);
    const decipher = createDecipheriv(CIPHER, key, nonceOf(header), { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.concat([header, this.#domain]));
    decipher.setAuthTag(datagram.subarray(datagram.length - TAG_BYTES));
    const content = decipher.update(datagram.subarray(HEADER_BYTES, datagram.length - TAG_BYTES));
    try {
      return Buffer.concat([content, decipher.final()]);
    } catch {
      return undefined;
    }
  }

  #remember(id: string, sender: Sender): void {
    this.#senders.delete(id);
    this.#senders.set(id, sender);
    if (this.#senders.size <= SENDERS_MAX) return;
    const [oldest] = this.#senders.keys();
    if (oldest !== undefined) this.#senders.delete(oldest);
  }

  /** As a KeyObject: with bytes, node spends more on finding out what they are than on the cipher. */
  #derive(idBytes: Buffer): Omit<Sender, "window"> {
    const { keys, epoch } = this.#keyring;
    const derive = (groupKey: Buffer): KeyObject =>
      createSecretKey(
        Buffer.from(hkdfSync("sha256", groupKey, idBytes, "bascule datagram sender", 32)),
      );
    return { keys: keys.map(derive), epoch };
  }
}

/** 12 bytes: four zeros and the counter. */
function nonceOf(header: Buffer): Buffer {
  return Buffer.concat([Buffer.alloc(4), header.subarray(MAGIC.length + ID_BYTES)]);
}

/** A UUID of its 16 bytes. */
export function formatUuid(bytes: Buffer): string {
  const hex = bytes.toString("hex");
  const parts = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ];
  return parts.join("-");
}
