/** The directives of ngx_http_core_module: servers, names, locations, limits and times of clients. */
import { DirectiveFault } from "../../nginx/directive-fault.ts";
import {
  accepted,
  block,
  durationMs,
  flag,
  HTTP_LEVELS,
  list,
  plainText,
  single,
  sizeBytes,
} from "../../nginx/directive.ts";
import { parseDurationMs } from "../../nginx/units.ts";
import { readListen } from "../listen-address.ts";
import { readServerNames } from "../server-names.ts";

export const coreBlocks = [
  block({ name: "server", contexts: ["http"], opens: "server" }),
  block({
    name: "location",
    contexts: ["server", "location"],
    arity: { min: 1, max: 2 },
    opens: "location",
  }),
  block({ name: "types", contexts: HTTP_LEVELS, opens: "types", table: true }),
];

/** What a `server` block says about itself. */
export const serverSettings = {
  listen: list({
    name: "listen",
    contexts: ["server"],
    arity: { min: 1, max: 16 },
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
  serverTokens: single({
    name: "server_tokens",
    contexts: HTTP_LEVELS,
    value: flag,
    initial: true,
  }),
  /** How long an idle connection is kept; 0: closed after each response. */
  keepaliveTimeoutMs: single({
    name: "keepalive_timeout",
    contexts: HTTP_LEVELS,
    arity: { min: 1, max: 2 },
    value([text = ""]) {
      const value = parseDurationMs(text);
      if (value === undefined) {
        throw new DirectiveFault('"keepalive_timeout" directive invalid value');
      }
      return value;
    },
    initial: 75_000,
  }),
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
  accepted("client_body_buffer_size", HTTP_LEVELS),
];
