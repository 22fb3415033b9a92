/**
 * Who may look behind a door of the worker's management port that shows more than names: the manager alone, which asks its
 * admins for their login. It is whoever shows, by TLS, the certificate that a live manager tells through membership.
 */
import type { X509Certificate } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { TLSSocket } from "node:tls";
import { fingerprintOf } from "../net/tls/certificate-fingerprint.ts";

/** Whether a live manager has the certificate; of its fingerprint first. */
export type ManagerCheck = (fingerprint: string, certificate: X509Certificate) => boolean;

export function isFromManager({ socket }: IncomingMessage, isManager: ManagerCheck): boolean {
  const certificate = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined;
  return certificate !== undefined && isManager(fingerprintOf(certificate), certificate);
}
