/** The refs of a deployment repository, and how they are moved: several in one transaction, each from where it is expected. */
import { AppError } from "../errors/app-error.ts";

/** What admins wrote. */
export const MAIN_REF = "refs/heads/main";
/** What the cluster runs; a branch, because hosted git servers show and protect branches and refuse other refs. */
export const LIVE_REF = "refs/heads/live";
/** Managers' signed words of what is live, the newest at the tip (`signatures/live-seal.ts`). */
export const SEAL_REF = "refs/heads/live-seal";
export const CANDIDATES_FOLDER = "refs/heads/candidates";
/** Of a mirror only: the revisions that ran well, the newest first. */
export const GOOD_REFS = [
  "refs/bascule/good",
  "refs/bascule/good-1",
  "refs/bascule/good-2",
] as const;

/** Hexadecimal digits of a candidate's name. */
const CANDIDATE_DIGITS = 12;
const COMMIT_ID = /^([0-9a-f]{40}|[0-9a-f]{64})$/;

export interface RefUpdate {
  readonly ref: string;
  /** Undefined: the ref is removed. */
  readonly to: string | undefined;
  /** Where the ref must be; undefined: it must not exist; "anywhere": not looked at. */
  readonly from: string | undefined;
}

/** As `from`: wherever the ref is. */
export const ANYWHERE = "anywhere";

/** Where a candidate is kept. */
export function candidateRef(commit: string): string {
  return `${CANDIDATES_FOLDER}/${commit.slice(0, CANDIDATE_DIGITS)}`;
}

/** Whether a manager has named the ref so: others below the folder are somebody else's, and stay. */
export function isCandidateRef(ref: string, commit: string): boolean {
  return COMMIT_ID.test(commit) && ref === candidateRef(commit);
}

/** @throws AppError REQUEST_INVALID unless the text is a full commit id. */
export function checkCommitId(commit: string): void {
  if (COMMIT_ID.test(commit)) return;
  throw new AppError(
    "REQUEST_INVALID",
    `${JSON.stringify(commit.slice(0, 80))} is no commit id (40 hexadecimal digits)`,
    { side: "downstream" },
  );
}

/** The input of `git update-ref --stdin`; all of it is one transaction. Ids are checked. */
export function formatTransaction(updates: readonly RefUpdate[]): Buffer {
  const lines = updates.map(({ ref, to, from }) => {
    for (const id of [to, from]) if (id !== undefined && id !== ANYWHERE) checkCommitId(id);
    if (to === undefined) return `delete ${ref}${from === ANYWHERE ? "" : ` ${from ?? ""}`}\n`;
    if (from === ANYWHERE) return `update ${ref} ${to}\n`;
    return `update ${ref} ${to} ${from ?? "0".repeat(to.length)}\n`;
  });
  return Buffer.from(lines.join(""));
}
