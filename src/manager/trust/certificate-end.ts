/**
 * When the certificate of a registered node ends, as the API shows it. Nodes renew by themselves long before; one whose end is
 * near has not reached the manager for months, or cannot renew.
 */

/** How long before its end a node's certificate is warned of. */
export const WARNING_DAYS = 14;
const DAY_MS = 86_400_000;

export interface CertificateEnd {
  /** ISO 8601. */
  readonly certificateUntil: string;
  /** Whole days, rounded down; negative when it has ended. */
  readonly certificateDaysLeft: number;
  /** A sentence for people; absent: WARNING_DAYS or more are left. */
  readonly certificateWarning?: string;
}

export function certificateEnd(untilMs: number, nowMs: number): CertificateEnd {
  const certificateDaysLeft = Math.floor((untilMs - nowMs) / DAY_MS);
  const end = { certificateUntil: new Date(untilMs).toISOString(), certificateDaysLeft };
  if (certificateDaysLeft >= WARNING_DAYS) return end;
  return { ...end, certificateWarning: `${wordsFor(certificateDaysLeft)}; ${ADVICE}` };
}

const ADVICE = "start the node so that it renews it, or register its home again";

function wordsFor(days: number): string {
  if (days < 0) return "its certificate has expired";
  if (days === 0) return "its certificate expires within a day";
  return `its certificate expires in ${days} day${days === 1 ? "" : "s"}`;
}
