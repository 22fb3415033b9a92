/**
 * Requests that no location may see (RFC 9112 3.2, 6.1 and 6.3; ngx_http_process_request_header): a host that two
 * parties could read differently, a malformed target. Broken heads and bodies with two ends come with the
 * fault that net/http1 has found.
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
): number | undefined {
  if (head.fault) return head.fault.status;
  if (!target || (target.host !== undefined && !isValidHost(target.host))) return 400;
  const [host, ...otherHosts] = fieldValues(head.fields, "host");
  if (otherHosts.length > 0) return 400;
  const isBad = host === undefined ? head.version === "1.1" : !isValidHost(host);
  return isBad ? 400 : undefined;
}

/** "example.com", "example.com:80", "[::1]"; no empty name and no empty label inside. */
export function isValidHost(text: string): boolean {
  return HOST_FORM.test(text) && !text.includes("..") && !/^\.(?::|$)/.test(text);
}
