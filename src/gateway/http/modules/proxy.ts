/** The directives of ngx_http_proxy_module. What they do is in http/proxy/. */
import { isToken } from "../../../net/http1/header-field.ts";
import type { Template } from "../../nginx/template.ts";
import { DirectiveFault } from "../../nginx/directive-fault.ts";
import type { DirectiveScope } from "../../nginx/directive-scope.ts";
import { accepted, durationMs, flag, HTTP_LEVELS, list, single } from "../../nginx/directive.ts";
import { isUnixAddress, parsePort, splitHostPort, unixPathOf } from "../listen-address.ts";
import { proxyBufferSettings } from "./proxy-buffers.ts";
import { proxyNextUpstreamSettings } from "./proxy-next-upstream.ts";
import { proxyRewriteSettings } from "./proxy-rewrites.ts";
import { proxySslSettings } from "./proxy-ssl.ts";

/** `proxy_pass URL;` */
export interface ProxyPass {
  readonly scheme: "http" | "https";
  /** Host (and port) as written: an upstream's name or an address. May hold variables. */
  readonly host: Template;
  /** What replaces the matched part of the path; undefined: the path is passed on as it came. */
  readonly uri: Template | undefined;
  /** The URL without variables, for `proxy_redirect default`; undefined with variables. */
  readonly url: string | undefined;
}

export const proxySettings = {
  pass: single<ProxyPass, undefined>({
    name: "proxy_pass",
    contexts: ["location", "location-if", "limit-except"],
    inherited: false,
    initial: undefined,
    value: readProxyPass,
  }),
  setHeaders: list<{ readonly name: string; readonly value: Template }>({
    name: "proxy_set_header",
    contexts: HTTP_LEVELS,
    arity: 2,
    value([name = "", value = ""], scope) {
      if (!isToken(name)) throw new DirectiveFault(`invalid header name "${name}"`);
      return { name, value: scope.template(value) };
    },
  }),
  hiddenHeaders: list<string>({
    name: "proxy_hide_header",
    contexts: HTTP_LEVELS,
    value: ([name = ""]) => name.toLowerCase(),
  }),
  passedHeaders: list<string>({
    name: "proxy_pass_header",
    contexts: HTTP_LEVELS,
    value: ([name = ""]) => name.toLowerCase(),
  }),
  httpVersion: single<"1.0" | "1.1">({
    name: "proxy_http_version",
    contexts: HTTP_LEVELS,
    missing: "2",
    initial: "1.1",
    value([text = ""]) {
      if (text !== "1.0" && text !== "1.1") throw new DirectiveFault(`invalid value "${text}"`);
      return text;
    },
  }),
  connectTimeoutMs: single({
    name: "proxy_connect_timeout",
    contexts: HTTP_LEVELS,
    value: durationMs,
    initial: 60_000,
  }),
  /** Between two reads of the response. */
  readTimeoutMs: single({
    name: "proxy_read_timeout",
    contexts: HTTP_LEVELS,
    value: durationMs,
    initial: 60_000,
  }),
  /** Between two writes of the request. */
  sendTimeoutMs: single({
    name: "proxy_send_timeout",
    contexts: HTTP_LEVELS,
    value: durationMs,
    initial: 60_000,
  }),
  /** Local address of the connections to peers; undefined: the system chooses. */
  bind: single<Template, undefined>({
    name: "proxy_bind",
    contexts: HTTP_LEVELS,
    missing: "a port, transparent",
    initial: undefined,
    value: ([address = ""], scope) => scope.template(address === "off" ? "" : address),
  }),
  /** Undefined: the client's method. */
  method: single<Template, undefined>({
    name: "proxy_method",
    contexts: HTTP_LEVELS,
    initial: undefined,
    value: ([method = ""], scope) => scope.template(method),
  }),
  /** What stands for the client's body; undefined: the body itself. */
  body: single<Template, undefined>({
    name: "proxy_set_body",
    contexts: HTTP_LEVELS,
    initial: undefined,
    value: ([text = ""], scope) => scope.template(text),
  }),
  passRequestHeaders: single({
    name: "proxy_pass_request_headers",
    contexts: HTTP_LEVELS,
    value: flag,
    initial: true,
  }),
  passRequestBody: single({
    name: "proxy_pass_request_body",
    contexts: HTTP_LEVELS,
    value: flag,
    initial: true,
  }),
  /** Statuses from 300 on that `error_page` names are answered by it. */
  interceptErrors: single({
    name: "proxy_intercept_errors",
    contexts: HTTP_LEVELS,
    value: flag,
    initial: false,
  }),
  /** Fields of responses, in lower case, that the gateway does not obey. */
  ignoredHeaders: single<readonly string[]>({
    name: "proxy_ignore_headers",
    contexts: HTTP_LEVELS,
    arity: { min: 1, max: 16 },
    initial: [],
    value: (words) => words.map(readIgnoredHeader),
  }),
  ...proxyBufferSettings,
  ...proxyNextUpstreamSettings,
  ...proxyRewriteSettings,
  ...proxySslSettings,
};

const IGNORABLE_HEADERS = [
  "x-accel-redirect",
  "x-accel-expires",
  "x-accel-limit-rate",
  "x-accel-buffering",
  "x-accel-charset",
  "expires",
  "cache-control",
  "set-cookie",
  "vary",
];

function readIgnoredHeader(word: string): string {
  const lower = word.toLowerCase();
  if (!IGNORABLE_HEADERS.includes(lower)) throw new DirectiveFault(`invalid value "${word}"`);
  return lower;
}

export const proxyAccepted = [
  accepted("proxy_busy_buffers_size", HTTP_LEVELS),
  accepted("proxy_socket_keepalive", HTTP_LEVELS),
  accepted("proxy_temp_file_write_size", HTTP_LEVELS),
];

function readProxyPass([text = ""]: readonly string[], scope: DirectiveScope): ProxyPass {
  const match = /^(https?):\/\/(?:(unix:[^:]*)(?::(.+)?)?|([^/?]*)([/?].*)?)$/is.exec(text);
  const scheme = match?.[1]?.toLowerCase();
  if (!match || (scheme !== "http" && scheme !== "https")) {
    throw new DirectiveFault("invalid URL prefix");
  }
  const [, , socket, socketUri, name = "", nameUri] = match;
  const host = scope.template(socket ?? name);
  const uriText = socketUri ?? nameUri;
  if (host.text === "") throw new DirectiveFault(`no host in upstream "${uriText ?? ""}"`);
  if (host.isConstant) checkHost(host.text, uriText ?? "");
  const uri = uriText === undefined ? undefined : scope.template(uriText);
  const constant = host.isConstant && (uri?.isConstant ?? true);
  return { scheme, host, uri, url: constant ? text : undefined };
}

function checkHost(host: string, uri: string): void {
  if (isUnixAddress(host)) {
    if (unixPathOf(host) !== "") return;
    throw new DirectiveFault(`no path in the unix domain socket in upstream "${host}${uri}"`);
  }
  const split = splitHostPort(host);
  if (!split || split.host === "") {
    throw new DirectiveFault(`invalid host in upstream "${host}${uri}"`);
  }
  if (split.port !== undefined && parsePort(split.port) === undefined) {
    throw new DirectiveFault(`invalid port in upstream "${host}${uri}"`);
  }
}
