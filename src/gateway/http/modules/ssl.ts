/**
 * The directives of ngx_http_ssl_module. Files are read when the configuration is read; server-tls.ts makes of
 * the values what a handshake needs, so that a wrong key is an error of `-t` and never of a handshake.
 */
import type { SecureVersion } from "node:tls";
import { DirectiveFault } from "../../nginx/directive-fault.ts";
import type { DirectiveScope } from "../../nginx/directive-scope.ts";
import {
  durationMs,
  flag,
  list,
  plainText,
  type Setting,
  single,
  wholeNumber,
} from "../../nginx/directive.ts";
import { parseSize } from "../../nginx/units.ts";

const LEVELS = ["http", "server"] as const;
const OFF_WITHOUT_EFFECT = ["SSLv2", "SSLv3"];

/** In rising order. */
export const TLS_VERSIONS: readonly SecureVersion[] = ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"];

export interface PemFile {
  readonly path: string;
  readonly pem: string;
}

/** `optional_no_ca`: a certificate is asked for, whoever has signed it. */
export const VERIFY_MODES = ["off", "on", "optional", "optional_no_ca"] as const;
export type VerifyMode = (typeof VERIFY_MODES)[number];

/** What nginx needs for one session, so that sizes of caches mean about the same. */
const SESSION_BYTES = 256;
const CACHE_BYTES_MIN = 32 * 1024;
const BUILTIN_SESSIONS = 20 * 1024;

function pemRow(name: string, failure: string): Setting<PemFile, undefined> {
  return single<PemFile, undefined>({
    name,
    contexts: LEVELS,
    value: ([path = ""], scope) => readPem(path, failure, scope),
    initial: undefined,
  });
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
    missing: "variables, data:, store:",
    value: ([name = ""], scope) => readPem(name, "cannot load certificate", scope),
  }),
  keys: list<PemFile>({
    name: "ssl_certificate_key",
    contexts: LEVELS,
    missing: "variables, data:, engine:, store:",
    value: ([name = ""], scope) => readPem(name, "cannot load certificate key", scope),
  }),
  /** Pass phrases of the keys, tried in order. */
  passwords: single<readonly string[]>({
    name: "ssl_password_file",
    contexts: LEVELS,
    value: ([name = ""], scope) =>
      scope
        .readConfigFile(scope.configPath(name), "cannot read the passwords")
        .split(/\r?\n/)
        .filter((line) => line !== ""),
    initial: [],
  }),
  protocols: single<readonly SecureVersion[]>({
    name: "ssl_protocols",
    contexts: LEVELS,
    arity: { min: 1, max: 8 },
    initial: ["TLSv1.2", "TLSv1.3"],
    value: readProtocols,
  }),
  ciphers: single<string, undefined>({
    name: "ssl_ciphers",
    contexts: LEVELS,
    value: plainText,
    initial: undefined,
  }),
  /** The server's order of ciphers counts, not the client's. */
  prefersOwnCiphers: single({
    name: "ssl_prefer_server_ciphers",
    contexts: LEVELS,
    value: flag,
    initial: false,
  }),
  curve: single({ name: "ssl_ecdh_curve", contexts: LEVELS, value: plainText, initial: "auto" }),
  verify: single<VerifyMode>({
    name: "ssl_verify_client",
    contexts: LEVELS,
    missing:
      "asking the clients of one server only: where one server of an address verifies, the clients of all are asked, and where they verify differently, sessions are not resumed",
    initial: "off",
    value([text = ""]) {
      const mode = VERIFY_MODES.find((word) => word === text);
      if (!mode) throw new DirectiveFault(`invalid value "${text}"`);
      return mode;
    },
  }),
  /** Most certificates between the client's and the trusted one. */
  verifyDepth: single({
    name: "ssl_verify_depth",
    contexts: LEVELS,
    value: wholeNumber,
    initial: 1,
  }),
  clientAuthorities: pemRow("ssl_client_certificate", "cannot load CA certificates"),
  trustedAuthorities: {
    ...pemRow("ssl_trusted_certificate", "cannot load CA certificates"),
    missing: "hiding the names of these CAs from clients",
  },
  revocations: pemRow("ssl_crl", "cannot load CRL"),
  /** Most sessions that the server keeps; 0: none. */
  sessionsMax: single({
    name: "ssl_session_cache",
    contexts: LEVELS,
    arity: { min: 1, max: 2 },
    missing: "caches for clients of TLSv1.3, which get tickets",
    value: (words) => Math.max(...words.map(readCache)),
    initial: 0,
  }),
  sessionTimeoutMs: single({
    name: "ssl_session_timeout",
    contexts: LEVELS,
    value: durationMs,
    initial: 300_000,
  }),
  tickets: single({ name: "ssl_session_tickets", contexts: LEVELS, value: flag, initial: true }),
  /** Servers without a certificate end every handshake. */
  rejects: single({
    name: "ssl_reject_handshake",
    contexts: LEVELS,
    missing: "the alert unrecognized_name: the connection just ends",
    value: flag,
    initial: false,
  }),
};

function readPem(name: string, failure: string, scope: DirectiveScope): PemFile {
  if (/\$|^(data|engine|store):/.test(name)) {
    throw new DirectiveFault(`"${name}" is not supported in "${scope.name}", give it a file`);
  }
  const path = scope.configPath(name);
  return { path, pem: scope.readConfigFile(path, failure) };
}

function readProtocols(words: readonly string[], scope: DirectiveScope): readonly SecureVersion[] {
  return words.flatMap((word) => {
    if (OFF_WITHOUT_EFFECT.includes(word)) {
      scope.warn(`"${word}" of "ssl_protocols" has no effect, it is never spoken`);
      return [];
    }
    const version = TLS_VERSIONS.find((candidate) => candidate === word);
    if (!version) throw new DirectiveFault(`invalid value "${word}"`);
    return [version];
  });
}

/** @returns the number of sessions that one word of `ssl_session_cache` makes room for. */
function readCache(word: string): number {
  if (word === "off" || word === "none") return 0;
  const [, own] = /^builtin(?::(\d{1,9}))?$/.exec(word) ?? [];
  if (own !== undefined || word === "builtin") return Number(own ?? BUILTIN_SESSIONS);
  const [, name = "", size = ""] = /^shared:([^:]+):(.+)$/.exec(word) ?? [];
  const bytes = parseSize(size);
  if (bytes === undefined) throw new DirectiveFault(`invalid session cache "${word}"`);
  if (bytes < CACHE_BYTES_MIN) throw new DirectiveFault(`session cache "${name}" is too small`);
  return Math.floor(bytes / SESSION_BYTES);
}
