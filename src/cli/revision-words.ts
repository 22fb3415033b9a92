/** How commands take revisions, and how they go into the API's paths. */
import { AppError } from "../errors/app-error.ts";

export const REVISION_USAGE = `REV: live, main, candidate (the newest that is kept), the number of a deployment (\`bascule history\`), or at least 7
digits of a commit.`;

const WORDS = /^(live|main|candidate|#?\d{1,6}|[0-9a-f]{7,64})$/;

/** @throws AppError USAGE. */
export function checkRevision(word: string): string {
  if (WORDS.test(word)) return encodeURIComponent(word);
  throw new AppError(
    "USAGE",
    `"${word.slice(0, 60)}" is no revision: live, main, candidate, a deployment's number, or 7 digits of a commit`,
  );
}
