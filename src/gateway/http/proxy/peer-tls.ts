/**
 * TLS to a peer: the proxy_ssl_* directives as options of Node's connections, and the check of the peer's
 * certificate. Made per request, because the name may hold variables; what is costly (the pass phrase of the
 * key) is kept by settings.
 */
import { createPrivateKey } from "node:crypto";
import { isIP } from "node:net";
import { checkServerIdentity, type DetailedPeerCertificate, type PeerCertificate } from "node:tls";
import type { HttpSettings } from "../modules/modules.ts";
import type { TlsVersions } from "../modules/proxy-ssl.ts";
import type { RequestContext } from "../request-context.ts";

/** TLS to the peer; undefined for plain HTTP. */
export interface PeerTls {
  readonly verify: boolean;
  /** Most intermediate certificates. */
  readonly depthMax: number;
  /** The name that the certificate must bear. */
  readonly name: string;
  readonly sendServerName: boolean;
  /** PEM texts; undefined: Node's, or none. */
  readonly authorities: string | undefined;
  readonly revoked: string | undefined;
  readonly certificate: string | undefined;
  /** Without pass phrase. */
  readonly key: string | undefined;
  readonly versions: TlsVersions | undefined;
  readonly ciphers: string | undefined;
}

type ProxySettings = HttpSettings["proxy"];

export class PeerTlsFactory {
  /** Keys without their pass phrases, by settings. */
  readonly #keys = new WeakMap<ProxySettings, string>();

  /** @throws Error when no pass phrase opens the key. */
  make(context: RequestContext): PeerTls {
    const { proxy } = context.location.settings;
    const name = proxy.sslName?.evaluate(context) ?? context.proxyTarget?.host ?? "";
    return {
      verify: proxy.sslVerify,
      depthMax: proxy.sslVerifyDepth,
      name: name.replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1"),
      sendServerName: proxy.sslServerName,
      authorities: proxy.sslTrustedCertificate,
      revoked: proxy.sslCrl,
      certificate: proxy.sslCertificate,
      key: this.#keyOf(proxy),
      versions: proxy.sslProtocols,
      ciphers: proxy.sslCiphers,
    };
  }

  #keyOf(proxy: ProxySettings): string | undefined {
    const { sslCertificateKey: pem, sslPasswords } = proxy;
    if (pem === undefined || sslPasswords.length === 0) return pem;
    const key = this.#keys.get(proxy) ?? openKey(pem, sslPasswords);
    this.#keys.set(proxy, key);
    return key;
  }
}

function openKey(pem: string, passwords: readonly string[]): string {
  for (const passphrase of passwords) {
    try {
      const key = createPrivateKey({ key: pem, passphrase });
      return key.export({ type: "pkcs8", format: "pem" }).toString();
    } catch {
      // The next pass phrase may open it.
    }
  }
  throw new Error('no line of "proxy_ssl_password_file" opens "proxy_ssl_certificate_key"');
}

/** Options for the target of the proxy: it takes these from nowhere else. */
export function targetTls({ certificate, key, ciphers }: PeerTls) {
  return {
    ...(certificate === undefined ? {} : { cert: certificate }),
    ...(key === undefined ? {} : { key }),
    ...(ciphers === undefined ? {} : { ciphers }),
  };
}

/** Options for the connection. */
export function connectionTls(tls: PeerTls) {
  const { versions, revoked } = tls;
  return {
    // An address is no name for SNI (RFC 6066, 3).
    servername: tls.sendServerName && isIP(tls.name) === 0 ? tls.name : "",
    ...(versions === undefined ? {} : { minVersion: versions.min, maxVersion: versions.max }),
    ...(revoked === undefined ? {} : { crl: revoked }),
    checkServerIdentity: (_: string, certificate: PeerCertificate) =>
      checkServerIdentity(tls.name, certificate) ?? checkDepth(tls, certificate),
  };
}

/** The peer's own certificate and the trusted one at the end do not count. */
function checkDepth({ depthMax }: PeerTls, leaf: PeerCertificate): Error | undefined {
  let depth = -1;
  let certificate: Partial<DetailedPeerCertificate> | undefined = leaf;
  while (certificate.issuerCertificate && certificate.issuerCertificate !== certificate) {
    certificate = certificate.issuerCertificate;
    depth++;
  }
  return depth > depthMax ? new Error("certificate chain too long") : undefined;
}
