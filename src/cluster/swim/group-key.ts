/**
 * The secret of a cluster: derived from groupPassword, or from the domain's name alone when there is
 * none, by scrypt (RFC 7914) with the domain as salt, so that guessing passwords from recorded
 * datagrams is slow and two domains with one password have different keys.
 */
import { type ScryptOptions, scrypt } from "node:crypto";
import { promisify } from "node:util";

/** Bytes of the key: AES-256. */
const KEY_BYTES = 32;
/** 32 MB and some 80 ms at each start; the price of one guess of the password. */
const SCRYPT: ScryptOptions = { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 1024 * 1024 };

const scryptAsync = promisify<string, string, number, ScryptOptions, Buffer>(scrypt);

/** Derives the key that all members of a domain share. Undefined password: whoever knows the domain has it. */
export function deriveGroupKey(domain: string, groupPassword: string | undefined): Promise<Buffer> {
  const kind = groupPassword === undefined ? "domain" : "password";
  return scryptAsync(
    groupPassword ?? domain,
    `bascule swim 1 ${kind} ${domain}`,
    KEY_BYTES,
    SCRYPT,
  );
}
