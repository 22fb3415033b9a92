/**
 * Variables of the tries of upstream peers (ngx_http_upstream_module): one value per try, ", " between the tries
 * of one request to an upstream, " : " where an internal redirect led to the next.
 */
import { fieldValue, responseCookie } from "../http/header-fields.ts";
import type { RequestContext } from "../http/request-context.ts";
import { formatSeconds } from "../http/variables/time-formats.ts";
import type { PrefixRows, VariableRows } from "../http/variables/variable-row.ts";
import type { AttemptRecord } from "./attempt-record.ts";

function listOf(context: RequestContext, valueOf: (attempt: AttemptRecord) => string): string {
  const { attempts, attemptStarts } = context;
  return attempts.reduce((text, attempt, at) => {
    const separator = attemptStarts.includes(at) ? " : " : ", ";
    return text + (at === 0 ? "" : separator) + valueOf(attempt);
  }, "");
}

function secondsOrDash(durationMs: number | undefined): string {
  return durationMs === undefined ? "-" : formatSeconds(durationMs);
}

export const upstreamVariables: VariableRows = {
  upstream_addr: (context) => listOf(context, (attempt) => attempt.address),
  upstream_status: (context) => listOf(context, (attempt) => String(attempt.status ?? "-")),
  upstream_connect_time: (context) =>
    listOf(context, (attempt) => secondsOrDash(attempt.connectMs)),
  upstream_header_time: (context) => listOf(context, (attempt) => secondsOrDash(attempt.headMs)),
  upstream_response_time: (context) =>
    listOf(context, (attempt) => secondsOrDash(attempt.responseMs)),
  upstream_response_length: (context) => listOf(context, (attempt) => String(attempt.bodyBytes)),
  proxy_host: (context) => context.proxyTarget?.host ?? "",
  proxy_port: (context) => context.proxyTarget?.port ?? "",
};

export const upstreamPrefixes: PrefixRows = {
  upstream_http_: (context, rest) =>
    fieldValue(context.attempts.at(-1)?.fields ?? [], rest.replaceAll("_", "-")),
  upstream_cookie_: (context, rest) => responseCookie(context.attempts.at(-1)?.fields ?? [], rest),
};
