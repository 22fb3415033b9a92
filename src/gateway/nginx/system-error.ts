/**
 * System errors in nginx's words: `(2: No such file or directory)`. Error logs and start-up messages
 * show them; operators and their scripts look for these texts.
 */
import { getSystemErrorMap } from "node:util";
import { messageOf, systemCodeOf } from "../../errors/app-error.ts";

/** libc's texts where libuv's differ, by code. */
const TEXTS: Readonly<Record<string, string>> = {
  EACCES: "Permission denied",
  EADDRINUSE: "Address already in use",
  EADDRNOTAVAIL: "Cannot assign requested address",
  ECONNREFUSED: "Connection refused",
  ECONNRESET: "Connection reset by peer",
  EHOSTUNREACH: "No route to host",
  EISDIR: "Is a directory",
  ENETUNREACH: "Network is unreachable",
  ENOENT: "No such file or directory",
  ENOTDIR: "Not a directory",
  EPIPE: "Broken pipe",
  ETIMEDOUT: "Connection timed out",
};

/** "111: Connection refused" for a system error; the plain message of anything else. */
export function describeSystemError(thrown: unknown): string {
  const code = systemCodeOf(thrown);
  if (code === undefined) return messageOf(thrown);
  for (const [number, [name, text]] of getSystemErrorMap()) {
    if (name === code) return `${-number}: ${TEXTS[code] ?? text}`;
  }
  return messageOf(thrown);
}
