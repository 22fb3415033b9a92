/**
 * Says in time that a public certificate expires: at the node's start, after a reload, and once a day from then on. Internal
 * certificates are not looked at here, because nodes renew them by themselves. Used by `bascule server` and by gateways.
 */
import { X509Certificate } from "node:crypto";
import type { Clock, Timer } from "../../runtime/clock.ts";
import type { Closable } from "../../runtime/lifecycle.ts";
import { certificateOf } from "./certificate-fingerprint.ts";
import { type IdentityFiles, readServerIdentity } from "./tls-files.ts";

/** How long before its end a certificate is warned of. */
export const EXPIRY_WARNING_DAYS = 30;
const DAY_MS = 24 * 60 * 60 * 1000;

/** A certificate that clients are shown. */
export interface CertificateInUse {
  readonly file: string;
  /** Milliseconds since 1970. */
  readonly validUntilMs: number;
}

export interface ExpiryWatchOptions {
  /** Asked at each look, so that replaced files count. Must not throw. */
  readonly certificates: () => readonly CertificateInUse[];
  readonly log: { warn(sentence: string): void; error(sentence: string): void };
  readonly clock: Clock;
  /** `trouble` is another one than before. */
  readonly onChange?: () => void;
}

export class ExpiryWatch implements Closable {
  readonly #options: ExpiryWatchOptions;
  readonly #timer: Timer;
  #trouble: string | undefined;

  /** Looks at once. */
  constructor(options: ExpiryWatchOptions) {
    this.#options = options;
    this.look();
    this.#timer = options.clock.every(DAY_MS, () => this.look());
  }

  /** What is about to expire, or has, as sentences; undefined when nothing is. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** Logs every certificate that has expired or soon will. */
  look(): void {
    const { certificates, log, clock, onChange } = this.#options;
    const nowMs = clock.wallMs();
    const files = new Map(certificates().map((one) => [one.file, one]));
    const sentences = [...files.values()].flatMap((certificate) => {
      const sentence = expirySentence(certificate, nowMs);
      if (sentence === undefined) return [];
      if (certificate.validUntilMs <= nowMs) log.error(sentence);
      else log.warn(sentence);
      return [sentence];
    });
    const before = this.#trouble;
    this.#trouble = sentences.length === 0 ? undefined : sentences.join("; ");
    if (before !== this.#trouble) onChange?.();
  }

  close(): Promise<void> {
    this.#timer.cancel();
    return Promise.resolve();
  }
}

/** Undefined: it is valid for longer than EXPIRY_WARNING_DAYS. */
export function expirySentence(
  { file, validUntilMs }: CertificateInUse,
  nowMs: number,
): string | undefined {
  const leftMs = validUntilMs - nowMs;
  if (leftMs > EXPIRY_WARNING_DAYS * DAY_MS) return undefined;
  const date = new Date(validUntilMs).toISOString().slice(0, 10);
  if (leftMs <= 0)
    return `The certificate ${file} has expired on ${date} and clients refuse it: replace the file and its key`;
  const days = Math.floor(leftMs / DAY_MS);
  const left = days === 0 ? "within a day" : `in ${days} day${days === 1 ? "" : "s"}`;
  return `The certificate ${file} expires ${left}, on ${date}: replace the file and its key`;
}

/** The certificates of a server node's listeners. What cannot be read at the moment is left out: its own reader reports it. */
export function certificatesIn(all: readonly IdentityFiles[]): readonly CertificateInUse[] {
  return all.flatMap((files) => {
    const file = files.kind === "pem" ? files.certificateFile : files.file;
    try {
      const certificate = certificateOf(readServerIdentity(files));
      return certificate ? [inUse(file, certificate)] : [];
    } catch {
      return [];
    }
  });
}

/** `pem`: the certificate that is shown comes first. @throws OpenSSL's error when there is none. */
export function certificateInPem(file: string, pem: string): CertificateInUse {
  return inUse(file, new X509Certificate(pem));
}

function inUse(file: string, { validTo }: X509Certificate): CertificateInUse {
  return { file, validUntilMs: Date.parse(validTo) };
}
