/** Which certificate a TLS server shows, for whoever decides about it before anything else is sent. */
import type { X509Certificate } from "node:crypto";
import { connect } from "node:tls";
import type { Clock } from "../../runtime/clock.ts";

/** For the connection and its handshake together. */
const HANDSHAKE_MS_MAX = 5_000;

export interface TlsPlace {
  readonly host: string;
  readonly port: number;
  /** Sent as the server's name (SNI). */
  readonly servername: string;
}

/** The certificate, whoever has signed it: the server has proven to have its key. @throws Error when the server does not answer. */
export async function peerCertificate(place: TlsPlace, clock: Clock): Promise<X509Certificate> {
  const { promise, resolve, reject } = Promise.withResolvers<X509Certificate>();
  // The caller compares the certificate itself.
  const socket = connect({ ...place, minVersion: "TLSv1.2", rejectUnauthorized: false });
  const late = clock.after(HANDSHAKE_MS_MAX, () => reject(new Error("no answer in time")));
  socket.on("error", reject);
  socket.once("close", () => reject(new Error("the connection was closed")));
  socket.once("secureConnect", () => {
    const certificate = socket.getPeerX509Certificate();
    if (certificate) resolve(certificate);
    else reject(new Error("it shows no certificate"));
  });
  try {
    return await promise;
  } finally {
    late.cancel();
    socket.destroy();
  }
}
