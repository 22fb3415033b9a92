/**
 * What a person is to do where a repository's disk does not take what is written, from the words of Node or of git, which names
 * no reason for a ref that it could not write. Put behind the words by whoever makes an error of them.
 */

const ADVICE: readonly (readonly [RegExp, string])[] = [
  [
    /no space left on device|disk quota exceeded|file too large/i,
    "make room on the repository's disk",
  ],
  [/read-only file system/i, "make the repository's file system writable"],
  [
    // ssh says "Permission denied (publickey)" of a remote repository, which is no disk of ours.
    /(?:permission denied(?! \()|operation not permitted)/i,
    "let the user of this process write there",
  ],
  [
    /couldn't write|unable to write|unable to create (?:temporary|'[^']*': (?!file exists))/i,
    "check the free space and the permissions of the repository's disk",
  ],
];

/** "; make room on the repository's disk, then try again", or nothing where the words tell of something else. */
export function diskAdvice(words: string): string {
  const known = ADVICE.find(([pattern]) => pattern.test(words));
  return known ? `; ${known[1]}, then try again` : "";
}
