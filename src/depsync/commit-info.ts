/** What people see of commits: author, message, how the change came, and whose signature it bears. */
import type { CommitInfo } from "./deployment-repository.ts";
import { parseCommitObject, parsePerson, parseTrailers } from "./objects/commit-object.ts";
import type { GitObject } from "./objects/object-id.ts";
import type { AllowedSigner } from "./signatures/allowed-signers.ts";
import { checkSignature } from "./signatures/known-signers.ts";
import type { SshPublicKey } from "./signatures/ssh-public-key.ts";

export interface KnownKeys {
  readonly managerKeys: readonly SshPublicKey[];
  readonly people: readonly AllowedSigner[];
}

/** The commits in the order of their ids; one that cannot be read is left out. */
export function readCommitInfos(
  ids: readonly string[],
  objects: ReadonlyMap<string, GitObject>,
  keys: KnownKeys,
): readonly CommitInfo[] {
  return ids.flatMap((commit) => {
    const object = objects.get(commit);
    return object ? [readCommitInfo(commit, object, keys)] : [];
  });
}

function readCommitInfo(commit: string, object: GitObject, keys: KnownKeys): CommitInfo {
  const parsed = parseCommitObject(object);
  const { name, date } = parsePerson(parsed.author);
  const trailers = parseTrailers(parsed.message);
  return {
    commit,
    parents: parsed.parents,
    author: name,
    date,
    subject: parsed.message.trimStart().split("\n")[0] ?? "",
    via: trailers.find(([key]) => key === "Deployed-By")?.[1] ?? "",
    trailers,
    signer: checkSignature(parsed, keys.managerKeys, keys.people).signer,
  };
}
