/** The gateway's own answers: error pages, redirects, texts of `return`; and the fields that all answers get. */
import { limitsFor } from "./modules/connection.ts";
import { responsePace } from "./modules/limit-rate.ts";
import { withAdditions } from "./modules/headers.ts";
import { renderErrorPage, sentStatusOf, serverToken } from "./error-page.ts";
import type { ResponseBody, ResponseHead } from "./exchange.ts";
import { firstValue } from "../../net/http1/header-field.ts";
import { formatFields } from "../../net/http1/response-head.ts";
import type { HeaderField } from "./header-fields.ts";
import { pacedStream } from "./paced-body.ts";
import type { RequestContext } from "./request-context.ts";
import { chooseSpecialResponse } from "./special-response.ts";
import { reasonOf } from "./status-reasons.ts";
import { hostOf } from "./variables/request-variables.ts";

/** Sends a response with the fields that the location adds; the context remembers the head. */
export function respond(
  context: RequestContext,
  given: ResponseHead,
  body: ResponseBody,
): Promise<void> {
  const head = prepareHead(context, given);
  const pace = body && responsePace(context);
  return context.exchange.respond(head, pace ? pacedStream(body, pace) : body);
}

/** The head as it goes out: with the fields that the location adds. The context remembers it. */
export function prepareHead(context: RequestContext, given: ResponseHead): ResponseHead {
  const head = withErrorStatus(context, given);
  const { fieldsText } = head;
  const hasDate = firstValue(head.fields, "date") !== undefined;
  const first = firstFields(context, hasDate);
  const beside = context.fieldsBeside(head.fields);
  const fields = [...first.fields, ...head.fields, ...beside];
  // Variables of add_header may ask for the response: it must be there before they are evaluated.
  // The text says what the fields were: it must not outlive a change of them.
  context.response = { ...head, fields, fieldsText: undefined };
  const full = withAdditions(context, context.response);
  const isPlain = full === context.response && beside.length === 0;
  context.response =
    isPlain && fieldsText !== undefined ? { ...full, fieldsText: first.text + fieldsText } : full;
  context.exchange.useLimits(limitsFor(context));
  return context.response;
}

interface FirstFields {
  readonly second: number;
  readonly server: string;
  readonly fields: readonly HeaderField[];
  readonly text: string;
}

const NO_FIELDS: FirstFields = { second: -1, server: "", fields: [], text: "" };
let lastFirst = NO_FIELDS;

/** Server and Date. Made once a second: a date costs more than the rest of the head. */
function firstFields(context: RequestContext, hasDate: boolean): FirstFields {
  const wallMs = context.clock.wallMs();
  const second = hasDate ? -1 : Math.floor(wallMs / 1000);
  const server = serverTokenOf(context);
  if (second !== lastFirst.second || server !== lastFirst.server) {
    const fields: HeaderField[] = [["Server", server, "server"]];
    if (!hasDate) fields.push(["Date", new Date(wallMs).toUTCString(), "date"]);
    lastFirst = { second, server, fields, text: formatFields(fields) };
  }
  return lastFirst;
}

/** The status of the error goes before that of the page that answers it (err_status). */
function withErrorStatus(context: RequestContext, head: ResponseHead): ResponseHead {
  const { errorStatus: status } = context;
  return status === 0 || status === head.status
    ? head
    : { ...head, status, reason: reasonOf(status) };
}

function serverTokenOf(context: RequestContext): string {
  const { serverTokens, signature } = context.location.settings.core;
  return serverToken(serverTokens, signature);
}

/** After these the client and the gateway may disagree about where the next request starts (ngx_http_special_response_handler). */
const CLOSING_STATUSES = new Set([400, 413, 414, 500, 501, 505]);

/** Answers with a status: with what `error_page` says, else with a small HTML page; 494 and 497 go out as 400. */
export async function respondError(context: RequestContext, status: number): Promise<void> {
  const special = chooseSpecialResponse(context, status);
  if (special.kind === "internal") return context.runPhases(special.from);
  if (special.kind === "cycle") context.errorStatus = 500;
  if (special.kind === "redirect") setLocation(context, special.url);
  const shown = context.errorStatus === 0 ? status : context.errorStatus;
  const sentStatus = sentStatusOf(shown);
  context.errorStatus = sentStatus;
  const closes = CLOSING_STATUSES.has(sentStatusOf(status));
  const body = pageOf(context, shown);
  await respondText(context, sentStatus, { type: "text/html", body, closes });
}

function pageOf(context: RequestContext, status: number): Buffer {
  const { serverTokens, signature } = context.location.settings.core;
  return renderErrorPage(status, serverTokens, signature);
}

/** A redirect to `url`; a path is completed with scheme, host and port of the request. */
export function respondRedirect(
  context: RequestContext,
  status: number,
  url: string,
): Promise<void> {
  setLocation(context, url);
  return respondError(context, status);
}

function setLocation(context: RequestContext, url: string): void {
  context.extraFields.set("Location", absoluteUrl(context, url));
}

/** No body at all. */
export function respondEmpty(context: RequestContext, status: number): Promise<void> {
  const bodiless = context.errorStatus === 0 && (status === 204 || status === 304 || status < 200);
  if (!bodiless) return respondText(context, status, { type: "text/plain", body: Buffer.alloc(0) });
  return respond(context, { status, reason: reasonOf(status), fields: [] }, undefined);
}

/** A response with a body that is known as a whole. */
export async function respondText(
  context: RequestContext,
  status: number,
  content: { readonly type: string; readonly body: Buffer; readonly closes?: boolean },
): Promise<void> {
  const fields: readonly HeaderField[] = [
    ["Content-Type", content.type],
    ["Content-Length", String(content.body.length)],
  ];
  const { closes = false } = content;
  await respond(context, { status, reason: reasonOf(status), fields, closes }, content.body);
}

/** A path completed with scheme, host and port of the request (`absolute_redirect on`); a URL as it is. */
export function absoluteUrl(context: RequestContext, url: string): string {
  const { absoluteRedirect } = context.location.settings.core;
  return url.startsWith("/") && absoluteRedirect ? `${originOf(context)}${url}` : url;
}

function originOf(context: RequestContext): string {
  const { portInRedirect, serverNameInRedirect } = context.location.settings.core;
  const { localPort, tls } = context.exchange.connection;
  const scheme = tls ? "https" : "http";
  const isDefault = localPort === (tls ? 443 : 80);
  const { primaryName } = context.server;
  const host = serverNameInRedirect && primaryName !== "" ? primaryName : hostOf(context);
  const name = host === "" ? context.exchange.connection.localAddress : host;
  return `${scheme}://${name}${isDefault || !portInRedirect ? "" : `:${localPort}`}`;
}
