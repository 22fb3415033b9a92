/**
 * TLS of outgoing calls: whom to trust, how host names are checked, the node's own certificate, and what single servers
 * have otherwise (WSO2's `truststore`, `keystore`, `HostnameVerifier` and `customSSLProfiles` of the https sender).
 */
import type { SecureContextOptions } from "node:tls";

/** What holds for one server, or for all without a profile. PEM texts. */
export interface TlsProfile {
  /** Authorities instead of the public ones. */
  readonly authorities?: string | undefined;
  /** The certificate that is shown to servers that ask for one, with its key. */
  readonly certificate?: string | undefined;
  readonly key?: string | undefined;
}

export interface OutgoingTls extends TlsProfile {
  /** false: a certificate may name another host (HostnameVerifier AllowAll). Its authority is checked always. */
  readonly checksHostNames: boolean;
  /** By "host:port". */
  readonly profiles: ReadonlyMap<string, TlsProfile>;
}

type TlsOptions = Pick<SecureContextOptions, "ca" | "cert" | "key"> & {
  checkServerIdentity?: () => undefined;
};

/** Node's options for the connections to a server; undefined: to those without a profile. */
export function tlsOptionsFor(tls: OutgoingTls, authority: string | undefined): TlsOptions {
  const profile = authority === undefined ? tls : (tls.profiles.get(authority) ?? tls);
  const { authorities, certificate, key } = profile;
  return {
    ...(authorities === undefined ? {} : { ca: authorities }),
    ...(certificate === undefined ? {} : { cert: certificate }),
    ...(key === undefined ? {} : { key }),
    ...(tls.checksHostNames ? {} : { checkServerIdentity: () => undefined }),
  };
}
