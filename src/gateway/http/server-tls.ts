/**
 * The TLS of one server block: the values of modules/ssl.ts → what Node's TLS server needs for a handshake.
 * Keys, certificates, authorities and lists are checked here, when the configuration is read.
 */
import { constants, createHash, createPrivateKey } from "node:crypto";
import { createSecureContext, type SecureContext, type SecureContextOptions } from "node:tls";
import { messageOf } from "../../errors/app-error.ts";
import { DirectiveFault } from "../nginx/directive-fault.ts";
import type { SettingsOf } from "../nginx/directive.ts";
import { type PemFile, type sslSettings, TLS_VERSIONS, type VerifyMode } from "./modules/ssl.ts";
import { revocationLists } from "./revocation-lists.ts";

type Settings = SettingsOf<typeof sslSettings>;

export interface ServerTls {
  /** The first one is shown to clients that take its kind of key. */
  readonly certificates: readonly PemFile[];
  /** For the server that is the default of its address. */
  readonly options: SecureContextOptions;
  /** The same, ready for a handshake by SNI. */
  readonly context: SecureContext;
  /** `ssl_reject_handshake`: there is no certificate, and no handshake either. */
  readonly rejects: boolean;
  readonly verify: VerifyMode;
  readonly verifyDepth: number;
  /** Equal for servers that ask the same of a client's certificate; "": they ask nothing. */
  readonly verifyKey: string;
  /** Sessions that are kept for clients without tickets; 0: none. */
  readonly sessionsMax: number;
  readonly sessionTimeoutMs: number;
}

/**
 * The TLS of a server; undefined when it has no certificate.
 * @throws DirectiveFault when certificate and key do not belong together or cannot be read.
 */
export function compileServerTls(settings: Settings): ServerTls | undefined {
  const { certificates, keys, verify, rejects } = settings;
  const [first] = certificates;
  if (!first && !rejects) return undefined;
  if (first && keys.length < certificates.length) {
    throw new DirectiveFault(`no "ssl_certificate_key" is defined for certificate "${first.path}"`);
  }
  if ((verify === "on" || verify === "optional") && authoritiesOf(settings).length === 0) {
    throw new DirectiveFault(
      "no ssl_client_certificate or ssl_trusted_certificate for ssl_verify_client",
    );
  }
  const options = optionsOf(settings);
  return {
    certificates,
    options,
    context: contextOf(options, settings),
    rejects: rejects && !first,
    verify,
    verifyDepth: settings.verifyDepth,
    verifyKey: verifyKeyOf(settings),
    sessionsMax: settings.tickets ? 0 : settings.sessionsMax,
    sessionTimeoutMs: settings.sessionTimeoutMs,
  };
}

function contextOf(options: SecureContextOptions, { certificates, keys }: Settings): SecureContext {
  try {
    return createSecureContext(options);
  } catch (error) {
    const files = [...certificates, ...keys].map((file) => `"${file.path}"`).join(", ");
    throw new DirectiveFault(`cannot use certificate and key ${files}: ${messageOf(error)}`);
  }
}

function optionsOf(settings: Settings): SecureContextOptions {
  const { certificates, keys, ciphers, protocols, curve, verify, revocations } = settings;
  const ordered = TLS_VERSIONS.filter((version) => protocols.includes(version));
  return {
    cert: certificates.map((file) => file.pem),
    key: keys.map((file) => plainKey(file, settings.passwords)),
    minVersion: ordered[0] ?? "TLSv1.2",
    maxVersion: ordered.at(-1) ?? "TLSv1.3",
    secureOptions: secureOptionsOf(settings),
    honorCipherOrder: settings.prefersOwnCiphers,
    ecdhCurve: curve,
    sessionTimeout: Math.max(1, Math.round(settings.sessionTimeoutMs / 1000)),
    ...(ciphers === undefined ? {} : { ciphers }),
    ...(verify === "off" ? {} : { ca: authoritiesOf(settings) }),
    ...(verify === "off" || !revocations ? {} : { crl: revocationLists(revocations.pem) }),
  };
}

function authoritiesOf({ clientAuthorities, trustedAuthorities }: Settings): string[] {
  return [clientAuthorities, trustedAuthorities].flatMap((file) => (file ? [file.pem] : []));
}

/** OpenSSL's bits that switch a version off, where it stands between two that are on. */
const NO_VERSION: Readonly<Record<string, number>> = {
  "TLSv1.1": constants.SSL_OP_NO_TLSv1_1,
  "TLSv1.2": constants.SSL_OP_NO_TLSv1_2,
};

function secureOptionsOf({ protocols, tickets }: Settings): number {
  const off = TLS_VERSIONS.filter((version) => !protocols.includes(version));
  const versions = off.reduce((bits, version) => bits | (NO_VERSION[version] ?? 0), 0);
  return versions | (tickets ? 0 : constants.SSL_OP_NO_TICKET);
}

/** The key without its pass phrase. @throws DirectiveFault when no password opens it. */
function plainKey({ path, pem }: PemFile, passwords: readonly string[]): string {
  if (!pem.includes("ENCRYPTED")) return pem;
  for (const passphrase of passwords) {
    try {
      return createPrivateKey({ key: pem, passphrase })
        .export({ type: "pkcs8", format: "pem" })
        .toString();
    } catch {
      // The next one may open it.
    }
  }
  throw new DirectiveFault(
    `cannot load certificate key "${path}": it is encrypted, and no password of "ssl_password_file" opens it`,
  );
}

function verifyKeyOf(settings: Settings): string {
  const { verify, verifyDepth, revocations } = settings;
  if (verify === "off") return "";
  const facts = [verify, verifyDepth, authoritiesOf(settings), revocations?.pem ?? ""];
  return createHash("sha256").update(JSON.stringify(facts)).digest("hex");
}
