/** Reads the certificate and key files that a configuration names into what TLS servers take. */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";
import { AppError, messageOf } from "../../errors/app-error.ts";

/** What `tls.createServer` takes: PEM texts, or a PKCS#12 archive with its password. */
export type ServerIdentity =
  | { readonly cert: string; readonly key: string }
  | { readonly pfx: Buffer; readonly passphrase: string };

/** Where an identity lies; the same shape as NodeConfig's TlsFiles. */
export type IdentityFiles =
  | { readonly kind: "pem"; readonly certificateFile: string; readonly keyFile: string }
  | { readonly kind: "pkcs12"; readonly file: string; readonly password: string };

const KEY_MISMATCH = "the key does not belong to the certificate";

/** @throws AppError TLS_MATERIAL naming the file when one cannot be read or key and certificate do not fit. */
export function readServerIdentity(files: IdentityFiles): ServerIdentity {
  const shown =
    files.kind === "pem" ? `${files.certificateFile} with ${files.keyFile}` : files.file;
  try {
    const identity: ServerIdentity =
      files.kind === "pem"
        ? {
            cert: readFileSync(files.certificateFile, "utf8"),
            key: readFileSync(files.keyFile, "utf8"),
          }
        : { pfx: readFileSync(files.file), passphrase: files.password };
    createSecureContext(identity);
    checkPair(identity);
    return identity;
  } catch (cause) {
    const reason = `cannot use the certificate ${shown}: ${explain(messageOf(cause), shown)}`;
    throw new AppError("TLS_MATERIAL", reason, { side: "config", cause });
  }
}

/** A secure context takes a key of another kind than the certificate's, and then fails every handshake. */
function checkPair(identity: ServerIdentity): void {
  if ("pfx" in identity) return;
  const key = createPrivateKey(identity.key);
  if (!new X509Certificate(identity.cert).checkPrivateKey(key)) throw new Error(KEY_MISMATCH);
}

/** OpenSSL's words that tell a user nothing → what to do. */
function explain(message: string, file: string): string {
  if (/mac verify failure/i.test(message))
    return "the password of the keystore is wrong, or the file is damaged";
  if (/Unsupported PKCS12/i.test(message))
    return `it is encrypted in the way of old Java versions: convert it with \`openssl pkcs12 -legacy -in ${file} -nodes -out node.pem\` and \`openssl pkcs12 -export -in node.pem -out node.p12\` (and remove node.pem)`;
  if (/bad decrypt|interrupted or cancelled|password/i.test(message))
    return "the key has a password; remove it with `openssl pkey -in KEY -out NEW_KEY`";
  if (/key too small/i.test(message))
    return "the key is too short to be safe; make one with at least 2048 bits (RSA) or 256 (EC)";
  if (/key values mismatch/i.test(message)) return KEY_MISMATCH;
  if (/no start line/i.test(message)) return "a file is not in PEM form, or holds something else";
  return message;
}
