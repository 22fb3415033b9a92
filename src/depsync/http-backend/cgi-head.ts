/** The head of what a CGI program writes (RFC 3875, section 6): fields, an empty line, then the body. */
import type { Readable } from "node:stream";

/** git's own heads have some 200 bytes. */
const HEAD_BYTES_MAX = 8 * 1024;

export interface CgiHead {
  /** Of the field Status; 200 without one. */
  readonly status: number;
  /** Names in lower case. */
  readonly fields: ReadonlyMap<string, string>;
}

/** Reads the head and leaves the body in the stream. @throws Error when the program ends first, or writes no head. */
export async function readCgiHead(output: Readable): Promise<CgiHead> {
  let head = Buffer.alloc(0);
  for (;;) {
    const chunk: unknown = output.read();
    if (Buffer.isBuffer(chunk)) {
      head = Buffer.concat([head, chunk]);
      const end = /\r?\n\r?\n/.exec(head.toString("latin1", 0, HEAD_BYTES_MAX));
      if (end) {
        const rest = head.subarray(end.index + end[0].length);
        if (rest.length > 0) output.unshift(rest);
        return parseCgiHead(head.toString("latin1", 0, end.index));
      }
      if (head.length > HEAD_BYTES_MAX) throw new Error("it wrote no head");
    } else await moreOf(output);
  }
}

/** @throws Error when a line is no field. */
export function parseCgiHead(text: string): CgiHead {
  const fields = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const [, name, value] = /^([A-Za-z][A-Za-z0-9-]*):[ \t]*(.*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) throw new Error("it wrote a head that is none");
    fields.set(name.toLowerCase(), value.trim());
  }
  const status = Number.parseInt(fields.get("status") ?? "200", 10);
  fields.delete("status");
  if (!(status >= 200 && status <= 599)) throw new Error("it wrote a status that is none");
  return { status, fields };
}

function moreOf(output: Readable): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onEnd = (): void => reject(new Error("it ended without an answer"));
  output.once("readable", resolve);
  output.once("end", onEnd);
  output.once("close", onEnd);
  output.once("error", reject);
  return promise.finally(() => {
    output.off("readable", resolve);
    output.off("end", onEnd);
    output.off("close", onEnd);
    output.off("error", reject);
  });
}
