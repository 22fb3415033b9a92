/**
 * TLS to a peer: the proxy_ssl_* directives as options of Node's connections, and the check of the peer's
 * certificate. The name may hold variables; everything else is made once per settings and name.
 */
import { createPrivateKey } from "node:crypto";
import { isIP } from "node:net";
import {
  checkServerIdentity,
  type ConnectionOptions,
  createSecureContext,
  type DetailedPeerCertificate,
  type PeerCertificate,
  type SecureContext,
} from "node:tls";
import type { HttpSettings } from "../modules/modules.ts";
import type { RequestContext } from "../request-context.ts";
import { revocationLists } from "../revocation-lists.ts";

/** TLS to the peer; undefined for plain HTTP. */
export interface PeerTls {
  /** Tells apart what is checked and shown in different ways. */
  readonly id: string;
  readonly connectOptions: ConnectionOptions;
  /** `proxy_ssl_session_reuse`. */
  readonly reusesSessions: boolean;
}

type ProxySettings = HttpSettings["proxy"];

/** Most names of one location that are kept; beyond it all are made anew. */
const NAME_COUNT_MAX = 256;

interface Prepared {
  readonly number: number;
  readonly context: SecureContext;
  readonly byName: Map<string, PeerTls>;
}

export class PeerTlsFactory {
  readonly #prepared = new WeakMap<ProxySettings, Prepared>();
  #count = 0;

  /** @throws Error when no pass phrase opens the key, or a certificate cannot be used. */
  make(context: RequestContext): PeerTls {
    const { proxy } = context.location.settings;
    const text = proxy.sslName?.evaluate(context) ?? context.proxyTarget?.host ?? "";
    const prepared = this.#prepare(proxy);
    const known = prepared.byName.get(text);
    if (known) return known;
    if (prepared.byName.size >= NAME_COUNT_MAX) prepared.byName.clear();
    const tls = peerTls(proxy, prepared, text);
    prepared.byName.set(text, tls);
    return tls;
  }

  #prepare(proxy: ProxySettings): Prepared {
    const known = this.#prepared.get(proxy);
    if (known) return known;
    const context = createSecureContext(contextOptions(proxy));
    const prepared = { number: ++this.#count, context, byName: new Map<string, PeerTls>() };
    this.#prepared.set(proxy, prepared);
    return prepared;
  }
}

function peerTls(proxy: ProxySettings, { number, context }: Prepared, text: string): PeerTls {
  const name = text.replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1");
  return {
    id: `${number} ${name}`,
    reusesSessions: proxy.sslSessionReuse,
    connectOptions: {
      secureContext: context,
      rejectUnauthorized: proxy.sslVerify,
      // An address is no name for SNI (RFC 6066, 3).
      servername: proxy.sslServerName && isIP(name) === 0 ? name : "",
      checkServerIdentity: (_: string, certificate: PeerCertificate) =>
        checkServerIdentity(name, certificate) ?? checkDepth(proxy.sslVerifyDepth, certificate),
    },
  };
}

function contextOptions(proxy: ProxySettings) {
  const { sslCertificate: cert, sslTrustedCertificate: ca, sslCrl: crl } = proxy;
  const { sslCiphers: ciphers, sslProtocols: versions } = proxy;
  const key = keyOf(proxy);
  return {
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(ca === undefined ? {} : { ca }),
    ...(crl === undefined ? {} : { crl: revocationLists(crl) }),
    ...(ciphers === undefined ? {} : { ciphers }),
    ...(versions === undefined ? {} : { minVersion: versions.min, maxVersion: versions.max }),
  };
}

/** The key without its pass phrase. */
function keyOf({ sslCertificateKey: pem, sslPasswords }: ProxySettings): string | undefined {
  if (pem === undefined || sslPasswords.length === 0) return pem;
  for (const passphrase of sslPasswords) {
    try {
      const key = createPrivateKey({ key: pem, passphrase });
      return key.export({ type: "pkcs8", format: "pem" }).toString();
    } catch {
      // The next pass phrase may open it.
    }
  }
  throw new Error('no line of "proxy_ssl_password_file" opens "proxy_ssl_certificate_key"');
}

/** The peer's own certificate and the trusted one at the end do not count. */
function checkDepth(depthMax: number, leaf: PeerCertificate): Error | undefined {
  let depth = -1;
  let certificate: Partial<DetailedPeerCertificate> | undefined = leaf;
  while (certificate.issuerCertificate && certificate.issuerCertificate !== certificate) {
    certificate = certificate.issuerCertificate;
    depth++;
  }
  return depth > depthMax ? new Error("certificate chain too long") : undefined;
}
