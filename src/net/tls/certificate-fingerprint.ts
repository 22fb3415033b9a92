/**
 * Names a certificate by the SHA-256 of its DER form, so that nodes can know one another's management certificates
 * whoever signed them: each node tells its own through membership, and both sides of a connection compare.
 */
import { createHash, type X509Certificate } from "node:crypto";
import { Duplex } from "node:stream";
import { createSecureContext, TLSSocket } from "node:tls";
import type { ServerIdentity } from "./tls-files.ts";

/** 43 characters of base64url. */
export function fingerprintOf(certificate: { readonly raw: Buffer }): string {
  return createHash("sha256").update(certificate.raw).digest("base64url");
}

/** Of the certificate that a server with this identity shows; undefined when it has none. */
export function identityFingerprint(identity: ServerIdentity): string | undefined {
  const certificate = certificateOf(identity);
  return certificate && fingerprintOf(certificate);
}

/** What a server with this identity shows; undefined when it has none. Takes PKCS#12 too, which only a TLS socket opens. */
export function certificateOf(identity: ServerIdentity): X509Certificate | undefined {
  const secureContext = createSecureContext(identity);
  const nobody = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
  const socket = new TLSSocket(nobody, { isServer: true, secureContext });
  const certificate = socket.getX509Certificate();
  socket.destroy();
  return certificate;
}

/** Of the certificate that the other side has shown, and has proven to have the key of; undefined when it has shown none. */
export function peerFingerprint(socket: TLSSocket): string | undefined {
  const certificate = socket.getPeerX509Certificate();
  return certificate && fingerprintOf(certificate);
}
