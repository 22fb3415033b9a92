/**
 * What is known of a client's TLS connection: the facts of the engine and, where a server asks for a certificate, who
 * the client is. Read once after the handshake; the variables and the check of the certificate use it.
 */
import { X509Certificate } from "node:crypto";
import type { DetailedPeerCertificate, TLSSocket } from "node:tls";
import type { TlsFacts } from "./exchange.ts";
import type { ServerTls } from "./server-tls.ts";

/** OpenSSL's texts of what is most often wrong with a client's certificate, by the code of its error. */
const VERIFY_TEXTS: Readonly<Record<string, string>> = {
  CERT_CHAIN_TOO_LONG: "certificate chain too long",
  CERT_HAS_EXPIRED: "certificate has expired",
  CERT_NOT_YET_VALID: "certificate is not yet valid",
  CERT_REVOKED: "certificate revoked",
  CERT_SIGNATURE_FAILURE: "certificate signature failure",
  CRL_HAS_EXPIRED: "CRL has expired",
  DEPTH_ZERO_SELF_SIGNED_CERT: "self-signed certificate",
  INVALID_CA: "invalid CA certificate",
  INVALID_PURPOSE: "unsuitable certificate purpose",
  SELF_SIGNED_CERT_IN_CHAIN: "self-signed certificate in certificate chain",
  UNABLE_TO_GET_CRL: "unable to get certificate CRL",
  UNABLE_TO_GET_ISSUER_CERT: "unable to get issuer certificate",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "unable to get local issuer certificate",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "unable to verify the first certificate",
};

/** Errors that `optional_no_ca` passes over (ngx_ssl_verify_error_optional). */
const OPTIONAL_ERRORS = new Set([
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);

/** Certificates that are looked at in a chain. */
const CHAIN_MAX = 100;

export interface VerifyError {
  /** OpenSSL's sentence. */
  readonly text: string;
  /** The certificate is sound, only its authority is not known. */
  readonly isOptional: boolean;
}

export class ClientTls implements TlsFacts {
  readonly serverName: string;
  readonly protocol: string;
  readonly cipher: string;
  readonly resumed: boolean;
  /** `verifyKey` of the server that the handshake was made for. */
  readonly verifyKey: string;
  /** The client's; undefined: it has sent none, or was not asked. */
  readonly certificate: X509Certificate | undefined;
  /** Undefined: the certificate is good, or there is none. */
  readonly verifyError: VerifyError | undefined;
  /** The ciphers that the client has offered, two bytes each; undefined: not known. */
  readonly offeredCiphers: Buffer | undefined;
  readonly #socket: TLSSocket;

  /** @param server the one that the handshake was made for; undefined: it has no TLS of its own. */
  constructor(socket: TLSSocket, server: ServerTls | undefined, offered?: Buffer) {
    this.#socket = socket;
    this.offeredCiphers = offered;
    this.serverName = serverNameOf(socket);
    this.protocol = socket.getProtocol() ?? "";
    this.cipher = socket.getCipher().name;
    this.resumed = socket.isSessionReused();
    this.verifyKey = server?.verifyKey ?? "";
    const asked = server !== undefined && server.verify !== "off";
    this.certificate = asked ? certificateOf(socket) : undefined;
    if (asked && this.certificate) this.verifyError = verifyErrorOf(socket, server.verifyDepth);
  }

  /** In hexadecimal digits; "" when there is none, or when the connection has ended. */
  get sessionId(): string {
    return sessionIdOf(this.#socket.getSession());
  }
}

/** The name of the client's SNI; "" when it sent none. */
export function serverNameOf(socket: TLSSocket): string {
  const { servername } = socket as { servername?: string | false };
  return typeof servername === "string" ? servername : "";
}

function certificateOf(socket: TLSSocket): X509Certificate | undefined {
  const { raw } = socket.getPeerCertificate() as { raw?: Buffer };
  return raw ? new X509Certificate(raw) : undefined;
}

function verifyErrorOf(socket: TLSSocket, depthMax: number): VerifyError | undefined {
  const { authorizationError } = socket as { authorizationError?: unknown };
  const found = typeof authorizationError === "string" ? authorizationError : undefined;
  const code = found ?? (isTooDeep(socket, depthMax) ? "CERT_CHAIN_TOO_LONG" : undefined);
  if (code === undefined) return undefined;
  return { text: VERIFY_TEXTS[code] ?? code, isOptional: OPTIONAL_ERRORS.has(code) };
}

/** More certificates than allowed stand between the client's and the root (SSL_CTX_set_verify_depth). */
function isTooDeep(socket: TLSSocket, depthMax: number): boolean {
  let at: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  let length = 0;
  while (at && length < CHAIN_MAX) {
    length++;
    const issuer: DetailedPeerCertificate | undefined = at.issuerCertificate;
    at = issuer === at ? undefined : issuer;
  }
  return length - 2 > depthMax;
}

/** The session id in OpenSSL's ASN.1 form of a session: the fourth element of the sequence. */
export function sessionIdOf(session: Buffer | undefined): string {
  if (!session) return "";
  let at = 1 + lengthOctets(session, 1);
  // Version, protocol version, cipher.
  for (let skipped = 0; skipped < 3; skipped++) at += 2 + (session[at + 1] ?? 0);
  const length = session[at + 1] ?? 0;
  return session.subarray(at + 2, at + 2 + length).toString("hex");
}

/** How many octets the length of an element takes. */
function lengthOctets(data: Buffer, at: number): number {
  const first = data[at] ?? 0;
  return first < 0x80 ? 1 : 1 + (first & 0x7f);
}
