/** Variables of the request and its response (ngx_http_variables.c). */
import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { toByteString } from "../../byte-string.ts";
import { fieldValue, requestCookie } from "../header-fields.ts";
import type { RequestContext } from "../request-context.ts";
import { limitRateOf } from "../modules/limit-rate.ts";
import { NGINX_VERSION } from "../error-page.ts";
import { mappedPath } from "../mapped-path.ts";
import { hostNameOf } from "../host-name.ts";
import { formatSeconds, formatTimeIso, formatTimeLocal } from "./time-formats.ts";
import type { PrefixRows, VariableRows } from "./variable-row.ts";

/** $host: of the request line, else the Host field, lower case, without port and final dot; else the server's name. */
export function hostOf(context: RequestContext): string {
  const given = context.target.host ?? fieldValue(context.exchange.head.fields, "host");
  if (given === "") return context.server.primaryName;
  return hostNameOf(given).shown;
}

function header(context: RequestContext, lowerName: string): string {
  return fieldValue(context.exchange.head.fields, lowerName);
}

/** The user of basic authentication. */
function remoteUser(context: RequestContext): string {
  const credentials = /^Basic\s+([A-Za-z0-9+/=]+)$/i.exec(header(context, "authorization"))?.[1];
  if (credentials === undefined) return "";
  return Buffer.from(credentials, "base64").toString("latin1").split(":", 1)[0] ?? "";
}

/** The argument of the query string, undecoded, as in nginx. */
function queryArgument(query: string, name: string): string {
  for (const pair of query.split("&")) {
    const equals = pair.indexOf("=");
    if (equals !== -1 && pair.slice(0, equals).toLowerCase() === name)
      return pair.slice(equals + 1);
  }
  return "";
}

export const requestVariables: VariableRows = {
  args: (context) => context.target.query,
  query_string: (context) => context.target.query,
  is_args: (context) => (context.target.query === "" ? "" : "?"),
  uri: (context) => context.target.path,
  document_uri: (context) => context.target.path,
  request_uri: (context) => context.originalTarget.raw,
  request: ({ exchange }) => exchange.head.line,
  request_length: ({ exchange }) => String(exchange.requestLength),
  request_method: (context) => context.method,
  limit_rate: (context) => String(limitRateOf(context)),
  request_body: (context) => context.requestBody?.text ?? "",
  request_body_file: (context) => toByteString(context.requestBody?.filePath ?? ""),
  server_protocol: ({ exchange }) => `HTTP/${exchange.head.version}`,
  host: hostOf,
  content_length: (context) => header(context, "content-length"),
  content_type: (context) => header(context, "content-type"),
  remote_user: remoteUser,
  server_name: (context) => context.server.primaryName,
  status: (context) => String(context.status).padStart(3, "0"),
  body_bytes_sent: ({ exchange }) => String(exchange.bodyBytesSent),
  bytes_sent: ({ exchange }) => String(exchange.bytesSent),
  request_time: (context) => formatSeconds(context.clock.monotonicMs() - context.startedMs),
  request_id(context) {
    context.requestId ??= randomBytes(16).toString("hex");
    return context.requestId;
  },
  msec: (context) => formatSeconds(context.clock.wallMs()),
  time_local: (context) => formatTimeLocal(context.clock.wallMs()),
  time_iso8601: (context) => formatTimeIso(context.clock.wallMs()),
  hostname: () => hostname(),
  nginx_version: () => NGINX_VERSION,
  document_root: (context) => context.location.settings.core.root.base.evaluate(context),
  request_filename: (context) => mappedPath(context, context.target.path),
  request_completion: ({ exchange }) => (exchange.responded && !exchange.aborted ? "OK" : ""),
  limit_req_status: (context) => context.limitReqStatus,
  limit_conn_status: (context) => context.limitConnStatus,
  pid: () => String(process.pid),
  proxy_add_x_forwarded_for(context) {
    const before = header(context, "x-forwarded-for");
    const { remoteAddress } = context;
    return before === "" ? remoteAddress : `${before}, ${remoteAddress}`;
  },
};

export const requestPrefixes: PrefixRows = {
  arg_: (context, rest) => queryArgument(context.target.query, rest),
  cookie_: (context, rest) => requestCookie(context.exchange.head.fields, rest),
  http_: (context, rest) => header(context, rest.replaceAll("_", "-")),
  sent_trailer_: (context, rest) => fieldValue(context.sentTrailers, rest.replaceAll("_", "-")),
  sent_http_: (context, rest) =>
    fieldValue(context.response?.fields ?? [], rest.replaceAll("_", "-")),
};
