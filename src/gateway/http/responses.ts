/** The gateway's own answers: error pages, redirects, texts of `return`; and the fields that all answers get. */
import { addedFields } from "./modules/headers.ts";
import { renderErrorPage, serverToken } from "./error-page.ts";
import type { ResponseBody, ResponseHead } from "./exchange.ts";
import { fieldValues, type HeaderField } from "./header-fields.ts";
import type { RequestContext } from "./request-context.ts";
import { reasonOf } from "./status-reasons.ts";
import { hostOf } from "./variables/request-variables.ts";

/** Sends a response with the fields that the location adds; the context remembers the head. */
export async function respond(
  context: RequestContext,
  head: ResponseHead,
  body: ResponseBody,
): Promise<void> {
  const { serverTokens } = context.location.settings.core;
  const fields: HeaderField[] = [["Server", serverToken(serverTokens)]];
  if (fieldValues(head.fields, "date").length === 0) {
    fields.push(["Date", new Date(context.clock.wallMs()).toUTCString()]);
  }
  fields.push(...head.fields);
  // Variables of add_header may ask for the response: it must be there before they are evaluated.
  context.response = { ...head, fields };
  context.response = {
    ...head,
    fields: [...fields, ...addedFields(context, head.status)],
  };
  await context.exchange.respond(context.response, body);
}

/** After these the client and the gateway may disagree about where the next request starts (ngx_http_special_response_handler). */
const CLOSING_STATUSES = new Set([400, 413, 414, 500, 501, 505]);

/** A small HTML page for the status. */
export async function respondError(context: RequestContext, status: number): Promise<void> {
  const page = renderErrorPage(status, context.location.settings.core.serverTokens);
  const closes = CLOSING_STATUSES.has(status);
  await respondText(context, status, { type: "text/html", body: page, closes });
}

/** A redirect to `url`; a path is completed with scheme, host and port of the request. */
export async function respondRedirect(
  context: RequestContext,
  status: number,
  url: string,
): Promise<void> {
  const page = renderErrorPage(status, context.location.settings.core.serverTokens);
  const location = absoluteUrl(context, url);
  await respondText(context, status, {
    type: "text/html",
    body: page,
    fields: [["Location", location]],
  });
}

/** A response with a body that is known as a whole. */
export async function respondText(
  context: RequestContext,
  status: number,
  content: {
    readonly type: string;
    readonly body: Buffer;
    readonly fields?: readonly HeaderField[];
    readonly closes?: boolean;
  },
): Promise<void> {
  const fields: readonly HeaderField[] = [
    ["Content-Type", content.type],
    ["Content-Length", String(content.body.length)],
    ...(content.fields ?? []),
  ];
  const { closes = false } = content;
  await respond(context, { status, reason: reasonOf(status), fields, closes }, content.body);
}

/** A path completed with scheme, host and port of the request (`absolute_redirect on`); a URL as it is. */
export function absoluteUrl(context: RequestContext, url: string): string {
  return url.startsWith("/") ? `${originOf(context)}${url}` : url;
}

function originOf(context: RequestContext): string {
  const { localPort, tls } = context.exchange.connection;
  const scheme = tls ? "https" : "http";
  const isDefault = localPort === (tls ? 443 : 80);
  return `${scheme}://${hostOf(context)}${isDefault ? "" : `:${localPort}`}`;
}
