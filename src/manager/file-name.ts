/** What may be the name of a file in the deployment repository, where people or artifacts choose it. */

/** Longest name, so that the file name fits every file system. */
const NAME_LENGTH_MAX = 200;

/** One path segment without separators and control characters, and not of the kinds that synchronization skips. */
export function isFileName(name: string): boolean {
  if (name.length > NAME_LENGTH_MAX || name.startsWith(".") || name.startsWith("~")) return false;
  return !/[\p{Cc}/\\:*?"<>|]/u.test(name);
}
