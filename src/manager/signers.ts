/**
 * Edits `.bascule/allowed_signers`, the file of a revision that says whose pushed commits are deployed. Only the line that is
 * meant changes; comments and lines that people have written otherwise stay. Pure: `Deployments.changeSigners` commits
 * what comes out, signed by the manager.
 */
import {
  type AllowedSigner,
  formatAllowedSigner,
  readAllowedSigners,
  SIGNERS_MAX,
} from "../depsync/signatures/allowed-signers.ts";
import { readPublicKeyLine } from "../depsync/signatures/ssh-public-key.ts";
import { AppError, messageOf } from "../errors/app-error.ts";

/** @throws AppError REQUEST_INVALID with the reason: no name, no public key, one that is too weak or known already, too many. */
export function addSigner(content: Buffer | undefined, name: string, keyText: string): Buffer {
  const text = content?.toString("utf8") ?? "";
  const { signers } = readAllowedSigners(text);
  const signer = { name, key: readKey(keyText) };
  const known = signers.find(({ key }) => key.blob.equals(signer.key.blob));
  if (known) throw invalid(`the key ${known.key.fingerprint} is known already, as ${known.name}`);
  if (signers.length >= SIGNERS_MAX)
    throw invalid(`there are ${SIGNERS_MAX} signers already; remove those who have gone`);
  const line = lineOf(signer);
  return Buffer.from(text === "" || text.endsWith("\n") ? text + line : `${text}\n${line}`);
}

/** Without all keys of that name; undefined: nobody and nothing is left. @throws AppError RESOURCE_UNKNOWN. */
export function removeSigner(content: Buffer | undefined, name: string): Buffer | undefined {
  const lines = (content?.toString("utf8") ?? "").split(/(?<=\n)/);
  const kept = lines.filter(
    (line) => !readAllowedSigners(line).signers.some((one) => one.name === name),
  );
  if (kept.length === lines.length)
    throw new AppError("RESOURCE_UNKNOWN", `there is no signer ${name}`, { side: "downstream" });
  const text = kept.join("");
  return text.trim() === "" ? undefined : Buffer.from(text);
}

function readKey(text: string): AllowedSigner["key"] {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "" && !line.startsWith("#"));
  const [line = ""] = lines;
  try {
    const key = readPublicKeyLine(line);
    if (lines.length === 1) return key;
  } catch (error) {
    throw invalid(`the key cannot be taken: ${messageOf(error)}`);
  }
  throw invalid("the key cannot be taken: give one key at a time, one line of a .pub file");
}

function lineOf(signer: AllowedSigner): string {
  try {
    return formatAllowedSigner(signer);
  } catch (error) {
    throw invalid(messageOf(error));
  }
}

function invalid(message: string): AppError {
  return new AppError("REQUEST_INVALID", message, { side: "downstream" });
}
