/** Why a revision is not run although the repository has it, in words for the log and for the manager. */
import type { SignatureFault } from "../depsync/deployment-repository.ts";
import type { RevisionRead } from "./revision-source.ts";

export function untrusted({ commit, author, reason, advice }: SignatureFault): RevisionRead {
  const sentence = `commit ${commit.slice(0, 12)} of ${author} ${reason}. ${advice}`;
  return { kind: "untrusted", reason: sentence };
}
