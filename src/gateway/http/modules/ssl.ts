/**
 * TLS of a server block (ngx_http_ssl_module). Certificates are read and checked when the configuration is
 * read, so that a wrong key is an error of `-t` and never of a handshake.
 */
import { createSecureContext, type SecureContext, type SecureVersion } from "node:tls";
import { messageOf } from "../../../errors/app-error.ts";
import { DirectiveFault } from "../../nginx/directive-fault.ts";
import type { DirectiveScope } from "../../nginx/directive-scope.ts";
import { accepted, flag, list, plainText, single, type SettingsOf } from "../../nginx/directive.ts";

const LEVELS = ["http", "server"] as const;

const VERSIONS: readonly SecureVersion[] = ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"];

interface PemFile {
  readonly path: string;
  readonly pem: string;
}

/** What Node's TLS server needs for one server block. */
export interface ServerTls {
  readonly certificates: readonly string[];
  readonly keys: readonly string[];
  readonly versionMin: SecureVersion;
  readonly versionMax: SecureVersion;
  /** OpenSSL's list; undefined: Node's default. */
  readonly ciphers: string | undefined;
  /** The same, ready for a handshake by SNI. */
  readonly context: SecureContext;
}

export const sslSettings = {
  on: single({
    name: "ssl",
    contexts: LEVELS,
    value: flag,
    initial: false,
    notice: 'the "ssl" directive is deprecated, use the "listen ... ssl" directive instead',
  }),
  certificates: list<PemFile>({
    name: "ssl_certificate",
    contexts: LEVELS,
    value: ([name = ""], scope) => readPem(name, "cannot load certificate", scope),
  }),
  keys: list<PemFile>({
    name: "ssl_certificate_key",
    contexts: LEVELS,
    value: ([name = ""], scope) => readPem(name, "cannot load certificate key", scope),
  }),
  protocols: single<readonly SecureVersion[]>({
    name: "ssl_protocols",
    contexts: LEVELS,
    arity: { min: 1, max: 8 },
    initial: ["TLSv1.2", "TLSv1.3"],
    value: (words) =>
      words.map((word) => {
        const version = VERSIONS.find((candidate) => candidate === word);
        if (!version) throw new DirectiveFault(`invalid value "${word}"`);
        return version;
      }),
  }),
  ciphers: single<string, undefined>({
    name: "ssl_ciphers",
    contexts: LEVELS,
    value: plainText,
    initial: undefined,
  }),
};

export const sslAccepted = [
  accepted("ssl_session_cache", LEVELS, { min: 1, max: 2 }),
  accepted("ssl_session_timeout", LEVELS),
  accepted("ssl_prefer_server_ciphers", LEVELS),
];

function readPem(name: string, failure: string, scope: DirectiveScope): PemFile {
  const path = scope.configPath(name);
  return { path, pem: scope.readConfigFile(path, failure) };
}

/**
 * The TLS of a server; undefined when it has no certificate.
 * @throws DirectiveFault when certificate and key do not belong together or cannot be read.
 */
export function compileServerTls(settings: SettingsOf<typeof sslSettings>): ServerTls | undefined {
  const { certificates, keys, protocols, ciphers } = settings;
  const [first] = certificates;
  if (!first) return undefined;
  if (keys.length < certificates.length) {
    throw new DirectiveFault(`no "ssl_certificate_key" is defined for certificate "${first.path}"`);
  }
  const ordered = VERSIONS.filter((version) => protocols.includes(version));
  const options = {
    cert: certificates.map((file) => file.pem),
    key: keys.map((file) => file.pem),
    minVersion: ordered[0] ?? "TLSv1.2",
    maxVersion: ordered.at(-1) ?? "TLSv1.3",
    ...(ciphers === undefined ? {} : { ciphers }),
  };
  try {
    return {
      certificates: options.cert,
      keys: options.key,
      versionMin: options.minVersion,
      versionMax: options.maxVersion,
      ciphers,
      context: createSecureContext(options),
    };
  } catch (error) {
    const files = [...certificates, ...keys].map((file) => `"${file.path}"`).join(", ");
    throw new DirectiveFault(`cannot use certificate and key ${files}: ${messageOf(error)}`);
  }
}
