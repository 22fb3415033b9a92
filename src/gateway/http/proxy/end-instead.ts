/** When a peer's response is not the client's: it names another place, or `error_page` takes its status over. */
import type { AttemptRecord } from "../../upstream/attempt-record.ts";
import { fieldValue, type HeaderField } from "../header-fields.ts";
import type { RequestContext } from "../request-context.ts";

/** How it ended, for the phases: everything but a peer's response is theirs to answer. */
export type ProxyEnd =
  /** The response is sent, or the client has gone. */
  | { readonly kind: "answered" }
  /** A status without response; `fields` of the peer go along (WWW-Authenticate). */
  | { readonly kind: "error"; readonly status: number; readonly fields: readonly HeaderField[] }
  /** The peer's X-Accel-Redirect: a URI of this server or a named location; `fields` go along. */
  | { readonly kind: "redirect"; readonly uri: string; readonly fields: readonly HeaderField[] };

/** What survives X-Accel-Redirect (ngx_http_upstream_headers_in, redirect). */
const KEPT_FIELDS = new Set([
  "accept-ranges",
  "cache-control",
  "content-disposition",
  "content-type",
  "expires",
  "set-cookie",
]);

/** Undefined: the client gets the response. */
export function endInstead(
  context: RequestContext,
  { status = 502, fields }: AttemptRecord,
  hasErrorPage: (context: RequestContext, status: number) => boolean,
): ProxyEnd | undefined {
  const { interceptErrors, ignoredHeaders } = context.location.settings.proxy;
  const uri = fieldValue(fields, "x-accel-redirect");
  if (uri !== "" && !ignoredHeaders.includes("x-accel-redirect")) {
    return { kind: "redirect", uri, fields: keptFields(fields) };
  }
  if (!interceptErrors || status < 300 || !hasErrorPage(context, status)) return undefined;
  const challenge = fields.filter(([name]) => name.toLowerCase() === "www-authenticate");
  return { kind: "error", status, fields: status === 401 ? challenge : [] };
}

function keptFields(fields: readonly HeaderField[]): readonly HeaderField[] {
  return fields.filter(([name]) => KEPT_FIELDS.has(name.toLowerCase()));
}
