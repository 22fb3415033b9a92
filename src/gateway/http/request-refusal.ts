/**
 * Requests that no location may see (RFC 9112 3.2, 6.1 and 6.3; ngx_http_process_request_header): a host that two
 * parties could read differently, a malformed target. Broken heads and bodies with two ends come with the
 * fault that net/http1 has found.
 */
import type { RequestHead } from "./exchange.ts";
import { valuesOf } from "../../net/http1/header-field.ts";
import { hostNameOf } from "./host-name.ts";
import type { RequestTarget } from "./request-target.ts";

/** The status of the refusal; undefined: the request may go on. `target`: undefined when malformed. */
export function refusalOf(
  head: RequestHead,
  target: RequestTarget | undefined,
): number | undefined {
  if (head.fault) return head.fault.status;
  if (!target || (target.host !== undefined && !hostNameOf(target.host).isValid)) return 400;
  const hosts = valuesOf(head.fields, "host");
  if (hosts.length > 1) return 400;
  const [host] = hosts;
  const isBad = host === undefined ? head.version === "1.1" : !hostNameOf(host).isValid;
  return isBad ? 400 : undefined;
}
