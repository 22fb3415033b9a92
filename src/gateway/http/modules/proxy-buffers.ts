/** How bodies of proxied requests and responses are buffered; http/proxy/ does it, with spool/. */
import { DirectiveFault } from "../../nginx/directive-fault.ts";
import type { DirectiveScope } from "../../nginx/directive-scope.ts";
import { flag, HTTP_LEVELS, single, sizeBytes } from "../../nginx/directive.ts";
import type { Template } from "../../nginx/template.ts";
import { parseNumber, parseSize } from "../../nginx/units.ts";
import { readSizeTemplate } from "./limit-rate.ts";

export const proxyBufferSettings = {
  /** off: the peer goes at the pace of the client. */
  buffering: single({ name: "proxy_buffering", contexts: HTTP_LEVELS, value: flag, initial: true }),
  /** off: the body goes to a peer as it comes, and to one peer only. */
  requestBuffering: single({
    name: "proxy_request_buffering",
    contexts: HTTP_LEVELS,
    value: flag,
    initial: true,
  }),
  /** Largest head of a response. */
  bufferBytes: single({
    name: "proxy_buffer_size",
    contexts: HTTP_LEVELS,
    value: sizeBytes,
    initial: 4096,
  }),
  /** What a slow client may leave in memory, all buffers together. One read of a fast peer fits into the default. */
  buffersBytes: single({
    name: "proxy_buffers",
    contexts: HTTP_LEVELS,
    arity: 2,
    missing: "a bound for each buffer (number times size bounds all of them together)",
    initial: 8 * 32 * 1024,
    value([countText = "", sizeText = ""]) {
      const count = parseNumber(countText);
      const bytes = parseSize(sizeText);
      if (!count || !bytes) throw new DirectiveFault("invalid value");
      return count * bytes;
    },
  }),
  /** What a slow client may leave on the disk; 0: nothing. */
  tempFileBytesMax: single({
    name: "proxy_max_temp_file_size",
    contexts: HTTP_LEVELS,
    value: sizeBytes,
    initial: 1024 * 1024 * 1024,
  }),
  /** Bytes a second that are taken from the peer, with buffering only; 0: no limit. */
  limitRate: single<Template, undefined>({
    name: "proxy_limit_rate",
    contexts: HTTP_LEVELS,
    initial: undefined,
    value: readSizeTemplate,
  }),
  /** Folder of the temporary files. Its levels of sub-folders are not needed: files have no names. */
  tempPath: single({
    name: "proxy_temp_path",
    contexts: HTTP_LEVELS,
    arity: { min: 1, max: 4 },
    missing: "levels of sub-folders (accepted and not used)",
    initial: "proxy_temp",
    value: readFolder,
  }),
  /** Fields behind a chunked body of the peer go on to the client. */
  passTrailers: single({
    name: "proxy_pass_trailers",
    contexts: HTTP_LEVELS,
    value: flag,
    initial: false,
  }),
};

export function readFolder(
  [path = "", ...levels]: readonly string[],
  scope: DirectiveScope,
): string {
  for (const level of levels) {
    if (!/^[1-3]$/.test(level)) throw new DirectiveFault(`invalid value "${level}"`);
  }
  if (levels.length > 0) scope.warn(`the levels of "${scope.name}" have no effect`);
  return scope.runtimePath(path);
}
