/** The directives of ngx_http_proxy_module. What they do is in http/proxy/. */
import type { Template } from "../../nginx/template.ts";
import { DirectiveFault } from "../../nginx/directive-fault.ts";
import type { DirectiveScope } from "../../nginx/directive-scope.ts";
import {
  accepted,
  durationMs,
  flag,
  HTTP_LEVELS,
  list,
  single,
  wholeNumber,
} from "../../nginx/directive.ts";
import { parsePort, splitHostPort } from "../listen-address.ts";

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

/** When a request goes on to the next peer. */
export type NextUpstreamCase =
  | "error"
  | "timeout"
  | "invalid_header"
  | "non_idempotent"
  | "http_500"
  | "http_502"
  | "http_503"
  | "http_504"
  | "http_403"
  | "http_404"
  | "http_429";

const NEXT_CASES: readonly NextUpstreamCase[] = [
  "error",
  "timeout",
  "invalid_header",
  "non_idempotent",
  "http_500",
  "http_502",
  "http_503",
  "http_504",
  "http_403",
  "http_404",
  "http_429",
];

/** `proxy_redirect`: "off" and "default", or a prefix of Location and what replaces it. */
export type RedirectRule =
  | { readonly kind: "off" | "default" }
  | { readonly kind: "replace"; readonly prefix: string; readonly replacement: Template };

export const proxySettings = {
  pass: single<ProxyPass, undefined>({
    name: "proxy_pass",
    contexts: ["location"],
    inherited: false,
    initial: undefined,
    value: readProxyPass,
  }),
  setHeaders: list<{ readonly name: string; readonly value: Template }>({
    name: "proxy_set_header",
    contexts: HTTP_LEVELS,
    arity: 2,
    value([name = "", value = ""], scope) {
      if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name))
        throw new DirectiveFault(`invalid header name "${name}"`);
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
  redirects: list<RedirectRule>({
    name: "proxy_redirect",
    contexts: HTTP_LEVELS,
    arity: { min: 1, max: 2 },
    initial: [{ kind: "default" }],
    value: readRedirect,
  }),
  httpVersion: single({
    name: "proxy_http_version",
    contexts: HTTP_LEVELS,
    initial: "1.1",
    value([text = ""], scope) {
      if (text !== "1.0" && text !== "1.1") throw new DirectiveFault(`invalid value "${text}"`);
      if (text === "1.0") scope.warn('"proxy_http_version 1.0" has no effect, HTTP/1.1 is spoken');
      return "1.1";
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
  /** Empty after `off`. */
  nextUpstream: single<readonly NextUpstreamCase[]>({
    name: "proxy_next_upstream",
    contexts: HTTP_LEVELS,
    arity: { min: 1, max: 16 },
    initial: ["error", "timeout"],
    value: readNextUpstream,
  }),
  /** Most tries of one request; 0: as many as there are peers. */
  nextUpstreamTries: single({
    name: "proxy_next_upstream_tries",
    contexts: HTTP_LEVELS,
    value: wholeNumber,
    initial: 0,
  }),
  /** No further try after this time; 0: no limit. */
  nextUpstreamTimeoutMs: single({
    name: "proxy_next_upstream_timeout",
    contexts: HTTP_LEVELS,
    value: durationMs,
    initial: 0,
  }),
  sslVerify: single({
    name: "proxy_ssl_verify",
    contexts: HTTP_LEVELS,
    value: flag,
    initial: false,
  }),
  /** PEM text of the trusted authorities; undefined: those of Node. */
  sslTrustedCertificate: single<string, undefined>({
    name: "proxy_ssl_trusted_certificate",
    contexts: HTTP_LEVELS,
    initial: undefined,
    value: ([name = ""], scope) =>
      scope.readConfigFile(scope.configPath(name), "cannot load certificate"),
  }),
  /** The name is sent as SNI. */
  sslServerName: single({
    name: "proxy_ssl_server_name",
    contexts: HTTP_LEVELS,
    value: flag,
    initial: false,
  }),
  /** The name that the peer's certificate must bear; undefined: the host of `proxy_pass`. */
  sslName: single<Template, undefined>({
    name: "proxy_ssl_name",
    contexts: HTTP_LEVELS,
    initial: undefined,
    value: ([name = ""], scope) => scope.template(name),
  }),
};

export const proxyAccepted = [
  accepted("proxy_buffering", HTTP_LEVELS),
  accepted("proxy_buffers", HTTP_LEVELS, 2),
  accepted("proxy_buffer_size", HTTP_LEVELS),
  accepted("proxy_busy_buffers_size", HTTP_LEVELS),
];

function readProxyPass([text = ""]: readonly string[], scope: DirectiveScope): ProxyPass {
  const match = /^(https?):\/\/([^/?]*)([/?].*)?$/is.exec(text);
  const scheme = match?.[1]?.toLowerCase();
  if (!match || (scheme !== "http" && scheme !== "https")) {
    throw new DirectiveFault("invalid URL prefix");
  }
  const host = scope.template(match[2] ?? "");
  if (host.text === "") throw new DirectiveFault(`no host in upstream "${match[3] ?? ""}"`);
  if (host.isConstant) checkHost(host.text, match[3] ?? "");
  const uri = match[3] === undefined ? undefined : scope.template(match[3]);
  const constant = host.isConstant && (uri?.isConstant ?? true);
  return { scheme, host, uri, url: constant ? text : undefined };
}

function checkHost(host: string, uri: string): void {
  const split = splitHostPort(host);
  if (!split || split.host === "") {
    throw new DirectiveFault(`invalid host in upstream "${host}${uri}"`);
  }
  if (split.port !== undefined && parsePort(split.port) === undefined) {
    throw new DirectiveFault(`invalid port in upstream "${host}${uri}"`);
  }
}

function readRedirect(
  [first = "", second]: readonly string[],
  scope: DirectiveScope,
): RedirectRule {
  if (second !== undefined) {
    if (first.startsWith("~")) {
      throw new DirectiveFault('regular expressions are not supported in "proxy_redirect"');
    }
    return { kind: "replace", prefix: first, replacement: scope.template(second) };
  }
  if (first === "off" || first === "default") return { kind: first };
  throw new DirectiveFault(`invalid parameter "${first}"`);
}

function readNextUpstream(words: readonly string[]): readonly NextUpstreamCase[] {
  if (words.includes("off")) return [];
  return words.map((word) => {
    const found = NEXT_CASES.find((candidate) => candidate === word);
    if (!found) throw new DirectiveFault(`invalid value "${word}"`);
    return found;
  });
}
