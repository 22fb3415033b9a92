/** Writes first certificates with the modes that keys need; what exists is never overwritten. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { CertificateAndKey } from "./local-certificates.ts";

/** The certificate with its authority (0644) and the key (0600). @throws the file system's error. */
export function writeLeafFiles(
  files: { readonly certificateFile: string; readonly keyFile: string },
  leaf: CertificateAndKey,
  authority: CertificateAndKey,
): void {
  writeOnce(files.keyFile, leaf.key, 0o600);
  writeOnce(files.certificateFile, leaf.certificate + authority.certificate, 0o644);
}

/** Does nothing where the file exists. Folders are made as needed, for their owner alone. */
export function writeOnce(file: string, content: string, mode: number): void {
  if (existsSync(file)) return;
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(file, content, { mode, flag: "wx" });
}
