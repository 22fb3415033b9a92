/** The directives of ngx_http_core_module: servers, names, locations, limits and times of clients. */
import { DirectiveFault } from "../../nginx/directive-fault.ts";
import {
  accepted,
  block,
  durationMs,
  flag,
  HTTP_LEVELS,
  HTTP_LEVELS_AND_IF,
  list,
  plainText,
  type Setting,
  single,
  sizeBytes,
  wholeNumber,
} from "../../nginx/directive.ts";
import type { Block } from "../../nginx/block.ts";
import type { DirectiveScope } from "../../nginx/directive-scope.ts";
import { Template } from "../../nginx/template.ts";
import type { ServerTokens, Signature } from "../error-page.ts";
import { parseDurationMs } from "../../nginx/units.ts";
import { readListen } from "../listen-address.ts";
import { readServerNames } from "../server-names.ts";
import { keepaliveDisable } from "./keepalive-disable.ts";

/** Types by extension where no `types` block stands. */
const DEFAULT_TYPES: ReadonlyMap<string, string> = new Map([
  ["html", "text/html"],
  ["gif", "image/gif"],
  ["jpg", "image/jpeg"],
]);

/** By extension in lower case. */
const types: Setting<ReadonlyMap<string, string>> = single<ReadonlyMap<string, string>>({
  name: "types",
  contexts: [],
  value: () => DEFAULT_TYPES,
  initial: DEFAULT_TYPES,
});

function readTypes(previous: unknown, { entries }: Block): ReadonlyMap<string, string> {
  const known = previous instanceof Map ? (previous as ReadonlyMap<string, string>) : [];
  const all = new Map<string, string>(known);
  for (const { name, args } of entries) {
    for (const { text } of args) all.set(text.toLowerCase(), name);
  }
  return all;
}

/** The block for all methods but those it names. */
export const limitExcept: Setting<Block, undefined> = single<Block, undefined>({
  name: "limit_except",
  contexts: [],
  inherited: false,
  value: () => {
    throw new DirectiveFault("invalid value");
  },
  initial: undefined,
});

/** Where files are. */
export interface FileRoot {
  readonly base: Template;
  /** `alias`: it replaces the location's path instead of standing before it. */
  readonly isAlias: boolean;
}

function readRoot(isAlias: boolean) {
  return ([path = ""]: readonly string[], scope: DirectiveScope): FileRoot => ({
    base: scope.template(path.startsWith("$") ? path : scope.runtimePath(path)),
    isAlias,
  });
}

export const rootSetting: Setting<FileRoot> = single<FileRoot>({
  name: "root",
  contexts: HTTP_LEVELS_AND_IF,
  value: readRoot(false),
  initial: { base: new Template("html", { file: "", line: 0 }), isAlias: false },
});

export const aliasRow: Setting<FileRoot> = {
  ...single<FileRoot>({
    name: "alias",
    contexts: ["location"],
    value: readRoot(true),
    initial: rootSetting.initial,
  }),
  slot: rootSetting,
};

function switchRow(name: string, initial: boolean): Setting<boolean> {
  return single({ name, contexts: HTTP_LEVELS, value: flag, initial });
}

function wordRow<Word extends string>(
  name: string,
  words: readonly Word[],
  initial: Word,
): Setting<Word> {
  return single({
    name,
    contexts: HTTP_LEVELS,
    initial,
    value([text = ""]) {
      const word = words.find((known) => known === text);
      if (word === undefined) throw new DirectiveFault(`invalid value "${text}"`);
      return word;
    },
  });
}

/** `keepalive_timeout TIME [TOLD]` */
interface KeepaliveTimeout {
  /** 0: connections are closed after each response. */
  readonly timeoutMs: number;
  /** `Keep-Alive: timeout=N` of responses; 0: there is no such field. */
  readonly toldSeconds: number;
}

function readKeepaliveTimeout([text = "", told = "0"]: readonly string[]): KeepaliveTimeout {
  const timeoutMs = parseDurationMs(text);
  const toldMs = parseDurationMs(told);
  if (timeoutMs === undefined || toldMs === undefined) {
    throw new DirectiveFault('"keepalive_timeout" directive invalid value');
  }
  return { timeoutMs, toldSeconds: Math.floor(toldMs / 1000) };
}

export const coreBlocks = [
  block({ name: "server", contexts: ["http"], opens: "server" }),
  block({
    name: "location",
    contexts: ["server", "location"],
    arity: { min: 1, max: 2 },
    opens: "location",
  }),
  block({
    name: "types",
    contexts: HTTP_LEVELS,
    opens: "types",
    table: true,
    joins: { slot: types, read: (previous, inner) => readTypes(previous, inner) },
  }),
  block({
    name: "limit_except",
    contexts: ["location"],
    arity: { min: 1, max: 16 },
    opens: "limit-except",
    joins: { slot: limitExcept, read: (_previous, inner) => inner },
  }),
];

/** What a `server` block says about itself. */
export const serverSettings = {
  listen: list({
    name: "listen",
    contexts: ["server"],
    arity: { min: 1, max: 16 },
    missing:
      "http2, quic, accept_filter, multipath; host names; ranges of ports; setfib, fastopen, rcvbuf, sndbuf, deferred, bind, ipv6only, reuseport and so_keepalive only warn",
    value: readListen,
  }),
  names: list({
    name: "server_name",
    contexts: ["server"],
    arity: { min: 1, max: 256 },
    value: readServerNames,
  }),
};

export const coreSettings = {
  /** Largest request body in bytes; 0: no limit. */
  bodyBytesMax: single({
    name: "client_max_body_size",
    contexts: HTTP_LEVELS,
    value: sizeBytes,
    initial: 1024 * 1024,
  }),
  defaultType: single({
    name: "default_type",
    contexts: HTTP_LEVELS,
    value: plainText,
    initial: "text/plain",
  }),
  /** The version stands in `Server` and in error pages. */
  serverTokens: single<ServerTokens>({
    name: "server_tokens",
    contexts: HTTP_LEVELS,
    value: (args, scope) => (args[0] === "build" ? "build" : flag(args, scope)),
    initial: true,
  }),
  /** Not nginx's: the name in `Server` and in error pages. A configuration that comes from nginx answers as nginx did. */
  signature: wordRow<Signature>("server_signature", ["bascule", "nginx"], "nginx"),
  root: rootSetting,
  types,
  /** How long an answer 401 is held back; 0: not at all. */
  authDelayMs: single({
    name: "auth_delay",
    contexts: HTTP_LEVELS,
    value: durationMs,
    initial: 0,
  }),
  satisfy: wordRow("satisfy", ["all", "any"], "all"),
  ifModifiedSince: wordRow("if_modified_since", ["off", "exact", "before"], "exact"),
  etag: switchRow("etag", true),
  /** Bodies whose length is not known may be sent in chunks. */
  chunked: switchRow("chunked_transfer_encoding", true),
  logNotFound: switchRow("log_not_found", true),
  absoluteRedirect: switchRow("absolute_redirect", true),
  portInRedirect: switchRow("port_in_redirect", true),
  serverNameInRedirect: switchRow("server_name_in_redirect", false),
  /** "//" in a URI counts as "/". The default server of an address decides. */
  mergeSlashes: single({
    name: "merge_slashes",
    contexts: ["http", "server"],
    value: flag,
    initial: true,
  }),
  /** Only internal redirects reach the location. */
  internal: single({
    name: "internal",
    contexts: ["location"],
    arity: 0,
    value: () => true,
    initial: false,
  }),
  /** Most ranges of one request; 0: none. */
  maxRanges: single({
    name: "max_ranges",
    contexts: HTTP_LEVELS,
    value: wholeNumber,
    initial: Number.MAX_SAFE_INTEGER,
  }),
  /** How long an idle connection is kept, and what the client is told about it. */
  keepaliveTimeout: single<KeepaliveTimeout>({
    name: "keepalive_timeout",
    contexts: HTTP_LEVELS,
    arity: { min: 1, max: 2 },
    value: readKeepaliveTimeout,
    initial: { timeoutMs: 75_000, toldSeconds: 0 },
  }),
  keepaliveDisable,
  /** Time for the whole head of a request. The default server of an address decides. */
  headerTimeoutMs: single({
    name: "client_header_timeout",
    contexts: ["http", "server"],
    value: durationMs,
    initial: 60_000,
  }),
  /** Time between two reads of a request body. */
  bodyTimeoutMs: single({
    name: "client_body_timeout",
    contexts: HTTP_LEVELS,
    value: durationMs,
    initial: 60_000,
  }),
};

/** Tuning without a counterpart here, accepted so that existing files load. */
export const coreAccepted = [
  accepted("sendfile", HTTP_LEVELS),
  accepted("tcp_nopush", HTTP_LEVELS),
  accepted("tcp_nodelay", HTTP_LEVELS),
  accepted("types_hash_max_size", HTTP_LEVELS),
  accepted("types_hash_bucket_size", HTTP_LEVELS),
  accepted("server_names_hash_bucket_size", ["http"]),
  accepted("server_names_hash_max_size", ["http"]),
  accepted("map_hash_bucket_size", ["http"]),
  accepted("map_hash_max_size", ["http"]),
  accepted("connection_pool_size", ["http", "server"]),
  accepted("request_pool_size", ["http", "server"]),
  accepted("output_buffers", HTTP_LEVELS, 2),
  accepted("postpone_output", HTTP_LEVELS),
  accepted("sendfile_max_chunk", HTTP_LEVELS),
];
