/** Variables of the client's TLS connection and certificate (ngx_http_ssl_module). */
import type { X509Certificate } from "node:crypto";
import { cipherNames } from "../client-hello.ts";
import { ClientTls } from "../client-tls.ts";
import { legacyName, rfc2253Name } from "../distinguished-name.ts";
import type { RequestContext } from "../request-context.ts";
import type { VariableRows } from "./variable-row.ts";

const DAY_MS = 86_400_000;

function tlsOf({ exchange }: RequestContext): ClientTls | undefined {
  const { tls } = exchange.connection;
  return tls instanceof ClientTls ? tls : undefined;
}

/** A variable of the client's certificate; "" without one. */
function ofCertificate(read: (certificate: X509Certificate, context: RequestContext) => string) {
  return (context: RequestContext): string => {
    const certificate = tlsOf(context)?.certificate;
    return certificate ? read(certificate, context) : "";
  };
}

const rawPem = (certificate: X509Certificate): string => certificate.toString().trimEnd();

function verdict(context: RequestContext): string {
  const tls = tlsOf(context);
  if (!tls) return "";
  if (!tls.certificate) return "NONE";
  return tls.verifyError ? `FAILED:${tls.verifyError.text}` : "SUCCESS";
}

function daysLeft(certificate: X509Certificate, { clock }: RequestContext): string {
  const leftMs = Date.parse(certificate.validTo) - clock.wallMs();
  return String(Math.max(0, Math.floor(leftMs / DAY_MS)));
}

export const sslVariables: VariableRows = {
  ssl_protocol: (context) => tlsOf(context)?.protocol ?? "",
  ssl_cipher: (context) => tlsOf(context)?.cipher ?? "",
  ssl_ciphers(context) {
    const offered = tlsOf(context)?.offeredCiphers;
    return offered ? cipherNames(offered) : "";
  },
  ssl_server_name: (context) => tlsOf(context)?.serverName ?? "",
  ssl_session_id: (context) => tlsOf(context)?.sessionId ?? "",
  ssl_session_reused(context) {
    const tls = tlsOf(context);
    if (!tls) return "";
    return tls.resumed ? "r" : ".";
  },
  ssl_client_verify: verdict,
  ssl_client_s_dn: ofCertificate(({ subject }) => rfc2253Name(subject)),
  ssl_client_i_dn: ofCertificate(({ issuer }) => rfc2253Name(issuer)),
  ssl_client_s_dn_legacy: ofCertificate(({ subject }) => legacyName(subject)),
  ssl_client_i_dn_legacy: ofCertificate(({ issuer }) => legacyName(issuer)),
  ssl_client_serial: ofCertificate(({ serialNumber }) => serialNumber),
  ssl_client_fingerprint: ofCertificate(({ fingerprint }) =>
    fingerprint.replaceAll(":", "").toLowerCase(),
  ),
  ssl_client_v_start: ofCertificate(({ validFrom }) => validFrom),
  ssl_client_v_end: ofCertificate(({ validTo }) => validTo),
  ssl_client_v_remain: ofCertificate(daysLeft),
  ssl_client_raw_cert: ofCertificate(rawPem),
  // A header value goes on in lines that begin with a tab.
  ssl_client_cert: ofCertificate((certificate) => rawPem(certificate).replaceAll("\n", "\n\t")),
  ssl_client_escaped_cert: ofCertificate((certificate) =>
    encodeURIComponent(`${rawPem(certificate)}\n`),
  ),
};
