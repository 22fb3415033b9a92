/** The directives of ngx_http_core_module that bound a client's connection, and its bounds as the engine takes them. */
import type { ConnectionLimits } from "../../../net/http1/connection-limits.ts";
import { DirectiveFault } from "../../nginx/directive-fault.ts";
import { durationMs, HTTP_LEVELS, single, sizeBytes, wholeNumber } from "../../nginx/directive.ts";
import { parseNumber, parseSize } from "../../nginx/units.ts";
import type { RequestContext } from "../request-context.ts";
import { distrustsBrowser } from "./keepalive-disable.ts";
import type { HttpSettings } from "./modules.ts";

const SERVER_LEVELS = ["http", "server"] as const;
const LINGERING = ["off", "on", "always"] as const;

export const connectionSettings = {
  /** What a head may take before a large buffer is needed. The default server of an address decides. */
  headBufferBytes: single({
    name: "client_header_buffer_size",
    contexts: SERVER_LEVELS,
    value: sizeBytes,
    initial: 1024,
  }),
  /** No line of a head may be longer than one buffer, no head longer than all. */
  largeHeadBuffers: single({
    name: "large_client_header_buffers",
    contexts: SERVER_LEVELS,
    arity: 2,
    value([countText = "", sizeText = ""]) {
      const count = parseNumber(countText);
      const bytes = parseSize(sizeText);
      if (count === undefined || count === 0 || bytes === undefined || bytes === 0) {
        throw new DirectiveFault('"large_client_header_buffers" directive invalid value');
      }
      return { count, bytes };
    },
    initial: { count: 4, bytes: 8 * 1024 },
  }),
  /** Most header lines of a request. */
  headersMax: single({
    name: "max_headers",
    contexts: SERVER_LEVELS,
    value: wholeNumber,
    initial: 1000,
  }),
  /** Most requests of one connection. */
  keepaliveRequests: single({
    name: "keepalive_requests",
    contexts: HTTP_LEVELS,
    value: wholeNumber,
    initial: 1000,
  }),
  /** An older connection closes after its next response. */
  keepaliveTimeMs: single({
    name: "keepalive_time",
    contexts: HTTP_LEVELS,
    value: durationMs,
    initial: 3_600_000,
  }),
  /** Time between two moments in which the client takes something of the response. */
  sendTimeoutMs: single({
    name: "send_timeout",
    contexts: HTTP_LEVELS,
    value: durationMs,
    initial: 60_000,
  }),
  /** Whether what a client still sends is read before its connection is closed. */
  lingering: single<(typeof LINGERING)[number]>({
    name: "lingering_close",
    contexts: HTTP_LEVELS,
    value([text = ""]) {
      const value = LINGERING.find((word) => word === text);
      if (!value) throw new DirectiveFault(`invalid value "${text}"`);
      return value;
    },
    initial: "on",
  }),
  lingeringTimeMs: single({
    name: "lingering_time",
    contexts: HTTP_LEVELS,
    value: durationMs,
    initial: 30_000,
  }),
  lingeringTimeoutMs: single({
    name: "lingering_timeout",
    contexts: HTTP_LEVELS,
    value: durationMs,
    initial: 5_000,
  }),
};

const known = new WeakMap<HttpSettings, ConnectionLimits>();

/** The bounds of a connection whose request is at a level with these settings. */
export function connectionLimits(settings: HttpSettings): ConnectionLimits {
  const before = known.get(settings);
  if (before) return before;
  const { core, connection } = settings;
  const { headBufferBytes, largeHeadBuffers, headersMax, ...others } = connection;
  const limits: ConnectionLimits = {
    ...others,
    head: {
      firstBufferBytes: headBufferBytes,
      largeBufferBytes: largeHeadBuffers.bytes,
      largeBufferCount: largeHeadBuffers.count,
      fieldsMax: headersMax,
    },
    headerTimeoutMs: core.headerTimeoutMs,
    bodyTimeoutMs: core.bodyTimeoutMs,
    keepaliveTimeoutMs: core.keepaliveTimeout.timeoutMs,
    keepaliveToldSeconds: core.keepaliveTimeout.toldSeconds,
  };
  known.set(settings, limits);
  return limits;
}

/** The bounds of a connection with that request in its location. */
export function limitsFor(context: RequestContext): ConnectionLimits {
  const limits = connectionLimits(context.location.settings);
  return distrustsBrowser(context) ? { ...limits, keepaliveTimeoutMs: 0 } : limits;
}
