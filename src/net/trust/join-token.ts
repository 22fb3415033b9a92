/**
 * The text that lets one home register itself: `bascule join-token` prints it, `bascule register-node` takes it. It carries
 * the fingerprint of the cluster's authority, so that a new node knows the right manager before it trusts anything,
 * and a secret that works once and for a short time.
 */
import { AppError } from "../../errors/app-error.ts";

export interface JoinToken {
  /** SHA-256 of the authority's certificate, base64url. */
  readonly fingerprint: string;
  /** Names the token on the manager; no secret. */
  readonly id: string;
  /** 256 bits, base64url. Never logged. */
  readonly secret: string;
}

const FORM = /^bascule-join\.([\w-]{43})\.([\w-]{8,22})\.([\w-]{43})$/;

export function formatJoinToken({ fingerprint, id, secret }: JoinToken): string {
  return `bascule-join.${fingerprint}.${id}.${secret}`;
}

/** @throws AppError USAGE, without showing the text. */
export function parseJoinToken(text: string): JoinToken {
  const [, fingerprint, id, secret] = FORM.exec(text.trim()) ?? [];
  if (fingerprint !== undefined && id !== undefined && secret !== undefined)
    return { fingerprint, id, secret };
  const message =
    "that is no join token, or only a part of one; `bascule join-token` prints a whole one";
  throw new AppError("USAGE", message);
}
