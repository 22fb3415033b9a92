/**
 * Requests that no location may see (RFC 9112 3.2, 6.1 and 6.3; ngx_http_process_request_header): a host that two
 * parties could read differently, a body whose end could be seen at two places, versions that are not
 * HTTP/1.x. Node's parser has refused the rest before.
 */
import type { RequestHead } from "./exchange.ts";
import { fieldValues } from "./header-fields.ts";
import type { RequestTarget } from "./request-target.ts";

/** A name or address with an optional port; visible characters without "/". */
const HOST_FORM = /^(?:\[[\da-fA-F:.]+\]|[!-.0-9;-Z\\^-~\u0080-\u00ff]+)(?::\d*)?$/;

/** The status of the refusal; undefined: the request may go on. `target`: undefined when malformed. */
export function refusalOf(
  head: RequestHead,
  target: RequestTarget | undefined,
): 400 | 405 | 501 | 505 | undefined {
  if (head.version.startsWith("2")) return 505;
  if (head.version !== "1.0" && head.version !== "1.1") return 400;
  if (head.method === "CONNECT") return 405;
  if (!target || (target.host !== undefined && !isValidHost(target.host))) return 400;
  const [host, ...otherHosts] = fieldValues(head.fields, "host");
  if (otherHosts.length > 0) return 400;
  if (host === undefined ? head.version === "1.1" : !isValidHost(host)) return 400;
  return refusalOfCoding(head);
}

/** "example.com", "example.com:80", "[::1]"; no empty name and no empty label inside. */
export function isValidHost(text: string): boolean {
  return HOST_FORM.test(text) && !text.includes("..") && !/^\.(?::|$)/.test(text);
}

/** Codings besides "chunked" would be forwarded without their name. */
function refusalOfCoding(head: RequestHead): 400 | 501 | undefined {
  const [coding, ...others] = fieldValues(head.fields, "transfer-encoding");
  if (coding === undefined) return undefined;
  if (others.length > 0 || head.version === "1.0") return 400;
  return coding.toLowerCase() === "chunked" ? undefined : 501;
}
