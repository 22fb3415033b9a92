/** The fields of a node's answer that tell when its certificate ends; for a manager that holds the cluster's authority. */
import { Type } from "typebox";
import type { Clock } from "../../runtime/clock.ts";
import { certificateEnd, type CertificateEnd } from "../trust/certificate-end.ts";
import type { ManagerTrust } from "../trust/manager-trust.ts";

/** Left out of nodes that are not registered, and by managers without the authority. */
export const CERTIFICATE_END = {
  certificateUntil: Type.Optional(Type.String()),
  certificateDaysLeft: Type.Optional(Type.Integer()),
  certificateWarning: Type.Optional(
    Type.String({ description: "When less than 14 days are left" }),
  ),
};

/** By the name of the registered node; empty without a trust. */
export async function certificateEnds(
  trust: Pick<ManagerTrust, "members"> | undefined,
  clock: Clock,
): Promise<ReadonlyMap<string, CertificateEnd>> {
  const nowMs = clock.wallMs();
  const nodes = (await trust?.members()) ?? [];
  return new Map(
    nodes.map(({ name, certificateUntilMs }) => [name, certificateEnd(certificateUntilMs, nowMs)]),
  );
}
