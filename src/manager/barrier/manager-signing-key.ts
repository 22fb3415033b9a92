/**
 * The key that signs this manager's revisions, ed25519: that of the cluster's authority where the home has it, which registered
 * nodes know; otherwise one of the manager's own, made once, which its member record tells.
 */
import { createPrivateKey } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { AppError, messageOf } from "../../errors/app-error.ts";
import { replaceSecretFile } from "../../net/trust/secret-file.ts";
import { makeSigningKey } from "../../net/trust/signing-key.ts";
import { hasAuthority, readAuthorityFiles } from "../trust/authority-files.ts";

const FILE = join("repository", "depsync", "signing.key");

/** PEM. @throws AppError CONFIG_INVALID, CLUSTER_TRUST when it is there but cannot be read. */
export function managerSigningKey(home: string): string {
  if (hasAuthority(home)) return readAuthorityFiles(home).signingKey;
  const file = join(home, FILE);
  try {
    if (!existsSync(file)) replaceSecretFile(file, makeSigningKey());
    const pem = readFileSync(file, "utf8");
    if (createPrivateKey(pem).asymmetricKeyType === "ed25519") return pem;
    throw new Error("it is no ed25519 key");
  } catch (cause) {
    const message = `the key that signs revisions, ${file}, cannot be used (${messageOf(cause)}): restore it, or remove it, and the manager makes another one at its next start`;
    throw new AppError("CONFIG_INVALID", message, { side: "config", cause });
  }
}
