/**
 * Who may look behind a door of the worker's management port that shows more than names, or changes something: a manager alone,
 * which asks its admins for their login. On a registered node it is whoever shows, by TLS, a certificate that the internal
 * authority has made for a registered manager, whatever members say of themselves; where nothing is registered it is
 * whoever shows the certificate that a live manager tells through membership, which the cluster's secret seals.
 */
import type { X509Certificate } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { TLSSocket } from "node:tls";
import type { Cluster } from "../cluster/cluster.ts";
import { MEMBER_PROPERTIES } from "../cluster/member-properties.ts";
import { fingerprintOf } from "../net/tls/certificate-fingerprint.ts";
import type { TrustView } from "../net/trust/trust-view.ts";

/** Whether the certificate is a manager's; of its fingerprint first. */
export type ManagerCheck = (fingerprint: string, certificate: X509Certificate) => boolean;

export interface ManagerCheckOptions {
  /** Undefined: clustering is off. */
  readonly cluster: Pick<Cluster, "members"> | undefined;
  /** Undefined, or without material: the node is not registered. */
  readonly trust: Pick<TrustView, "material" | "isManager"> | undefined;
}

/** Asks both anew each time: members come and go, and so do registrations. */
export function managerCheck({ cluster, trust }: ManagerCheckOptions): ManagerCheck {
  return (fingerprint, certificate) => {
    if (trust?.material) return trust.isManager(certificate);
    const members = cluster?.members() ?? [];
    return members.some(
      ({ role, properties }) =>
        role === "manager" && properties[MEMBER_PROPERTIES.managementCertificate] === fingerprint,
    );
  };
}

export function isFromManager({ socket }: IncomingMessage, isManager: ManagerCheck): boolean {
  const certificate = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined;
  return certificate !== undefined && isManager(fingerprintOf(certificate), certificate);
}
