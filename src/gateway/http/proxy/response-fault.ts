/**
 * What makes the head of a peer's response unusable. Node's parser runs in its lenient mode, because nginx takes
 * bare LF line ends of peers; what is ambiguous about a message's length or a field is refused here, as
 * ngx_http_proxy_process_header and ngx_http_upstream_process_* do.
 */
import { fieldValues, type HeaderField } from "../header-fields.ts";

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** Undefined: the head is sound. */
export function responseFault(status: number, fields: readonly HeaderField[]): string | undefined {
  if (status < 200 && status !== 101) return `status ${status}`;
  if (fields.some(([name, value]) => !TOKEN.test(name) || /[\0\r\n]/.test(value))) {
    return "invalid field";
  }
  const lengths = fieldValues(fields, "content-length");
  const codings = fieldValues(fields, "transfer-encoding");
  if (lengths.length > 1 || codings.length > 1) return "duplicate header line";
  if (lengths.length > 0 && codings.length > 0) {
    return '"Content-Length" and "Transfer-Encoding" headers at the same time';
  }
  if (lengths[0] !== undefined && !/^\d+$/.test(lengths[0])) return 'invalid "Content-Length"';
  const isChunked = codings[0]?.toLowerCase() === "chunked";
  return codings.length > 0 && !isChunked ? 'unknown "Transfer-Encoding"' : undefined;
}
