/** The proxy_ssl_* directives: TLS to peers. http/proxy/peer-tls.ts makes connections' options of them. */
import { DirectiveFault } from "../../nginx/directive-fault.ts";
import type { DirectiveScope } from "../../nginx/directive-scope.ts";
import { flag, HTTP_LEVELS, plainText, single, wholeNumber } from "../../nginx/directive.ts";
import type { Template } from "../../nginx/template.ts";

const PROTOCOLS = ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"] as const;

export type TlsProtocol = (typeof PROTOCOLS)[number];

/** The versions between and including both. */
export interface TlsVersions {
  readonly min: TlsProtocol;
  readonly max: TlsProtocol;
}

/** A PEM file as text. */
function pemFile(name: string, failure: string, missing?: string) {
  return single<string, undefined>({
    name,
    contexts: HTTP_LEVELS,
    ...(missing === undefined ? {} : { missing }),
    initial: undefined,
    value: ([file = ""], scope) => scope.readConfigFile(scope.configPath(file), failure),
  });
}

export const proxySslSettings = {
  sslVerify: single({
    name: "proxy_ssl_verify",
    contexts: HTTP_LEVELS,
    value: flag,
    initial: false,
  }),
  /** Most intermediate certificates between the peer's and a trusted one. */
  sslVerifyDepth: single({
    name: "proxy_ssl_verify_depth",
    contexts: HTTP_LEVELS,
    value: wholeNumber,
    initial: 1,
  }),
  /** Undefined: the authorities of Node. */
  sslTrustedCertificate: pemFile("proxy_ssl_trusted_certificate", "cannot load certificate"),
  sslCrl: pemFile("proxy_ssl_crl", "cannot load CRL"),
  /** What the gateway shows to peers that ask for a certificate. */
  sslCertificate: pemFile("proxy_ssl_certificate", "cannot load certificate", "variables"),
  sslCertificateKey: pemFile(
    "proxy_ssl_certificate_key",
    "cannot load certificate key",
    "variables, keys of engines",
  ),
  /** Pass phrases of the key; all are tried. */
  sslPasswords: single<readonly string[]>({
    name: "proxy_ssl_password_file",
    contexts: HTTP_LEVELS,
    initial: [],
    value: readPasswords,
  }),
  /** The name is sent as SNI. */
  sslServerName: single({
    name: "proxy_ssl_server_name",
    contexts: HTTP_LEVELS,
    value: flag,
    initial: false,
  }),
  /** The name that the peer's certificate must bear; undefined: the host of `proxy_pass`. */
  sslName: single<Template, undefined>({
    name: "proxy_ssl_name",
    contexts: HTTP_LEVELS,
    initial: undefined,
    value: ([name = ""], scope) => scope.template(name),
  }),
  sslProtocols: single<TlsVersions, undefined>({
    name: "proxy_ssl_protocols",
    contexts: HTTP_LEVELS,
    arity: { min: 1, max: 6 },
    initial: undefined,
    value: readProtocols,
  }),
  /** Handshakes with a peer take up the session of the one before. */
  sslSessionReuse: single({
    name: "proxy_ssl_session_reuse",
    contexts: HTTP_LEVELS,
    value: flag,
    initial: true,
  }),
  /** OpenSSL's list; undefined: Node's. */
  sslCiphers: single<string, undefined>({
    name: "proxy_ssl_ciphers",
    contexts: HTTP_LEVELS,
    initial: undefined,
    value: plainText,
  }),
};

function readPasswords([file = ""]: readonly string[], scope: DirectiveScope): readonly string[] {
  const text = scope.readConfigFile(scope.configPath(file), "cannot load passwords");
  return text.split(/\r?\n/).filter((line) => line !== "");
}

function readProtocols(words: readonly string[]): TlsVersions {
  const places = words.map((word) => {
    const place = PROTOCOLS.findIndex((protocol) => protocol === word);
    if (place === -1) throw new DirectiveFault(`invalid value "${word}"`);
    return place;
  });
  const min = PROTOCOLS[Math.min(...places)] ?? "TLSv1.2";
  return { min, max: PROTOCOLS[Math.max(...places)] ?? min };
}
