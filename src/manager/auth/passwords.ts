/**
 * Passwords: scrypt (RFC 7914) with the parameters stored beside the key, so that the cost can be raised
 * later while old hashes stay valid, and compared in constant time. A few hashes are computed at a
 * time, because each takes 32 MiB and a tenth of a second of a core.
 */
import { randomBytes, randomInt, scrypt, timingSafeEqual } from "node:crypto";
import { AppError } from "../../errors/app-error.ts";
import { Turnstile } from "../turnstile.ts";

export interface ScryptCost {
  /** N: memory and time; a power of two. */
  readonly cost: number;
  /** r. */
  readonly blockSize: number;
  /** p. */
  readonly parallelization: number;
}

/** OWASP's recommendation for scrypt at 32 MiB. Doubling `cost` doubles memory and time of each login. */
export const SCRYPT_COST: ScryptCost = { cost: 2 ** 15, blockSize: 8, parallelization: 3 };

export const PASSWORD_LENGTH_MIN = 10;
export const PASSWORD_LENGTH_MAX = 256;

const KEY_BYTES = 32;
const SALT_BYTES = 16;
const HASHES_AT_ONCE = 2;
const HASHES_WAITING_MAX = 50;

const GENERATED_LENGTH = 20;
/** Without letters and digits that are taken for one another. */
const GENERATED_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";

/** A random password of 20 characters (116 bits). */
export function generatePassword(): string {
  const letter = (): string => GENERATED_ALPHABET.charAt(randomInt(GENERATED_ALPHABET.length));
  return Array.from({ length: GENERATED_LENGTH }, letter).join("");
}

export class Passwords {
  readonly #cost: ScryptCost;
  readonly #turnstile = new Turnstile(HASHES_AT_ONCE, HASHES_WAITING_MAX);
  #decoy: Promise<string> | undefined;

  constructor(cost: ScryptCost = SCRYPT_COST) {
    this.#cost = cost;
  }

  /** "scrypt$N$r$p$salt$key", salt and key in base64. @throws AppError MANAGER_BUSY. */
  async hash(password: string): Promise<string> {
    const salt = randomBytes(SALT_BYTES);
    const key = await this.#derive(password, salt, this.#cost);
    const { cost, blockSize, parallelization } = this.#cost;
    const parts = [
      cost,
      blockSize,
      parallelization,
      salt.toString("base64"),
      key.toString("base64"),
    ];
    return `scrypt$${parts.join("$")}`;
  }

  /**
   * Whether the password is the one of the hash. `encoded` undefined (no such user) takes as long as any other and is false.
   * @throws AppError MANAGER_BUSY; INTERNAL when the stored text is not one of `hash`.
   */
  async verify(password: string, encoded: string | undefined): Promise<boolean> {
    this.#decoy ??= this.hash("");
    const { key, salt, cost } = parseHash(encoded ?? (await this.#decoy));
    const given = await this.#derive(password, salt, cost);
    return timingSafeEqual(given, key) && encoded !== undefined;
  }

  #derive(
    password: string,
    salt: Buffer,
    { cost, blockSize, parallelization }: ScryptCost,
  ): Promise<Buffer> {
    const options = { N: cost, r: blockSize, p: parallelization, maxmem: 256 * cost * blockSize };
    return this.#turnstile.run(() => {
      const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
      scrypt(password, salt, KEY_BYTES, options, (error, key) => {
        if (error) reject(error);
        else resolve(key);
      });
      return promise;
    });
  }
}

function parseHash(encoded: string): { key: Buffer; salt: Buffer; cost: ScryptCost } {
  const [algorithm, cost, blockSize, parallelization, salt = "", key = ""] = encoded.split("$");
  const keyBytes = Buffer.from(key, "base64");
  if (algorithm !== "scrypt" || keyBytes.length !== KEY_BYTES)
    throw new AppError("INTERNAL", "a stored password hash is not of the form that Bascule writes");
  return {
    key: keyBytes,
    salt: Buffer.from(salt, "base64"),
    cost: {
      cost: Number(cost),
      blockSize: Number(blockSize),
      parallelization: Number(parallelization),
    },
  };
}
