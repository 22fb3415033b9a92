/** Tells whose signature a commit bears: a manager's, that of a person of `.bascule/allowed_signers`, or nobody's. */
import { messageOf } from "../../errors/app-error.ts";
import type { CommitSigner } from "../deployment-repository.ts";
import type { CommitObject } from "../objects/commit-object.ts";
import type { AllowedSigner } from "./allowed-signers.ts";
import type { SshPublicKey } from "./ssh-public-key.ts";
import { isSignatureOf, readSshSignature } from "./ssh-signature.ts";

/** A signer, and what is wrong with an invalid signature: the end of a sentence. */
export interface SignatureCheck {
  readonly signer: CommitSigner | undefined;
  readonly fault: string | undefined;
}

/** Checks the signature of a commit against keys. An unsigned one has no signer. */
export function checkSignature(
  { signature, payload }: Pick<CommitObject, "signature" | "payload">,
  managerKeys: readonly SshPublicKey[],
  people: readonly AllowedSigner[],
): SignatureCheck {
  if (signature === undefined) return { signer: undefined, fault: "is not signed" };
  try {
    const read = readSshSignature(signature);
    const { blob, fingerprint } = read.publicKey;
    if (!isSignatureOf(read, payload)) {
      const fault = `has a signature by ${fingerprint} that is not of this commit`;
      return { signer: { kind: "invalid", name: "", fingerprint }, fault };
    }
    if (managerKeys.some((key) => key.blob.equals(blob))) {
      return { signer: { kind: "manager", name: "", fingerprint }, fault: undefined };
    }
    const person = people.find(({ key }) => key.blob.equals(blob));
    if (person)
      return { signer: { kind: "person", name: person.name, fingerprint }, fault: undefined };
    const fault = `is signed by the unknown key ${fingerprint}`;
    return { signer: { kind: "unknown", name: "", fingerprint }, fault };
  } catch (error) {
    const fault = `has a signature that cannot be read: ${messageOf(error)}`;
    return { signer: { kind: "invalid", name: "", fingerprint: "" }, fault };
  }
}
