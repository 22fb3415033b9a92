/**
 * What a registered node needs to know of its cluster, as the manager gives it over the management channel and as the home
 * keeps it. Read strictly: it comes over the network, from a manager that was checked, or from the home's own file.
 */
import { AppError } from "../../errors/app-error.ts";

/** A node that was registered and not removed. */
export interface RegisteredMember {
  readonly name: string;
  readonly role: string;
}

export interface TrustMaterial {
  /** Grows with every change; what is older is not taken. */
  readonly generation: number;
  /** PEM of the internal authority. */
  readonly authority: string;
  /** The first seals, all open. Never logged. */
  readonly secrets: readonly string[];
  /** Public keys that may sign revisions, in the form of ssh-keygen's ALLOWED SIGNERS. */
  readonly allowedSigners: string;
  /** Whose majority counts. */
  readonly members: readonly RegisteredMember[];
  /** Fingerprints of certificates that are still valid by date and count no more. */
  readonly revoked: readonly string[];
}

/** Entries of each list; more is refused. */
export const TRUST_ENTRIES_MAX = 2_000;

/** @param from named in the error. @throws AppError CLUSTER_TRUST when it is not of the form. */
export function readTrustMaterial(value: unknown, from: string): TrustMaterial {
  const fields = isObject(value) ? value : {};
  const { generation, authority, secrets, allowedSigners, members, revoked } = fields;
  if (
    typeof generation === "number" &&
    Number.isSafeInteger(generation) &&
    isText(authority) &&
    isText(allowedSigners) &&
    isTexts(secrets) &&
    secrets.length > 0 &&
    isTexts(revoked) &&
    isMembers(members)
  )
    return { generation, authority, secrets, allowedSigners, members, revoked };
  const message = `${from} does not hold what a registered node needs; do both nodes run one version?`;
  throw new AppError("CLUSTER_TRUST", message, { side: "peer" });
}

function isMembers(value: unknown): value is readonly RegisteredMember[] {
  return (
    Array.isArray(value) &&
    value.length <= TRUST_ENTRIES_MAX &&
    value.every((member) => isObject(member) && isText(member["name"]) && isText(member["role"]))
  );
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length <= TRUST_ENTRIES_MAX && value.every(isText);
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value.length <= 100_000;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
