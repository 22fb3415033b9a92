/** Reads the certificate and key files that a configuration names into what TLS servers take. */
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
    return identity;
  } catch (cause) {
    const reason = `cannot use the certificate ${shown}: ${messageOf(cause)}`;
    throw new AppError("TLS_MATERIAL", reason, { side: "config", cause });
  }
}
