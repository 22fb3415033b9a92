/**
 * The measured cases, in the order of the report: what each asks of the proxy and of the load generator. A new
 * case is one row here, and one in targets.ts when something is promised for it.
 */
import { SESSION_COOKIE, SMALL_BYTES } from "./backends.ts";
import type { WrkRequests } from "./loads/wrk.ts";
import { openFilesMax } from "./machine.ts";
import type { ProxyNeeds } from "./proxies/proxy.ts";
import { POST_BYTES } from "./workplace.ts";

export type Load =
  /** wrk, as many requests as go. `answerBytes`: what each answer must have, asked once before the load. */
  | { readonly kind: "requests"; readonly requests: WrkRequests; readonly answerBytes: number }
  /** Full TLS handshakes, one request each. */
  | { readonly kind: "handshakes" }
  /** WebSocket messages, one under way on each connection. */
  | { readonly kind: "messages" }
  /** Connections that do nothing, after one request each. */
  | { readonly kind: "idle" }
  /** A fixed rate of half of what the proxy reaches with the same generator in the same round. */
  | { readonly kind: "half-peak" };

export interface BenchmarkCase {
  readonly name: string;
  readonly title: string;
  readonly needs: ProxyNeeds;
  readonly connections: number;
  readonly load: Load;
}

/** Live sessions of the sticky case. */
export const SESSIONS = 100_000;

const PLAIN: ProxyNeeds = { tls: false, sticky: false };
const TLS: ProxyNeeds = { tls: true, sticky: false };
const smallGet: Load = { kind: "requests", requests: { path: "/" }, answerBytes: SMALL_BYTES };

/** Room for the proxy's and the client's own files below the limit of open files. */
const IDLE_CONNECTIONS = Math.min(10_000, openFilesMax() - 1_000);

export const CASES: readonly BenchmarkCase[] = [
  {
    name: "small-get-sticky",
    title: `GET, ${SMALL_BYTES} bytes, keep-alive, X-Forwarded headers, sticky over ${SESSIONS.toLocaleString("en")} sessions`,
    needs: { tls: false, sticky: true },
    connections: 64,
    load: {
      kind: "requests",
      requests: { path: "/", sessions: { cookie: SESSION_COOKIE, count: SESSIONS } },
      answerBytes: SMALL_BYTES,
    },
  },
  {
    name: "small-get",
    title: `GET, ${SMALL_BYTES} bytes, keep-alive, X-Forwarded headers`,
    needs: PLAIN,
    connections: 64,
    load: smallGet,
  },
  {
    name: "post-10k",
    title: "POST, 10 KB",
    needs: PLAIN,
    connections: 64,
    load: {
      kind: "requests",
      requests: { path: "/", bodyBytes: POST_BYTES },
      answerBytes: SMALL_BYTES,
    },
  },
  {
    name: "response-64k",
    title: "GET, 64 KB responses",
    needs: PLAIN,
    connections: 16,
    load: { kind: "requests", requests: { path: "/static/64k" }, answerBytes: 64 * 1024 },
  },
  {
    name: "response-1m",
    title: "GET, 1 MB responses",
    needs: PLAIN,
    connections: 16,
    load: { kind: "requests", requests: { path: "/static/1m" }, answerBytes: 1024 * 1024 },
  },
  {
    name: "connection-per-request",
    title: "GET, one connection per request",
    needs: PLAIN,
    connections: 64,
    load: {
      kind: "requests",
      requests: { path: "/", closing: true },
      answerBytes: SMALL_BYTES,
    },
  },
  {
    name: "tls-keepalive",
    title: "GET over TLS 1.3, ECDSA P-256, keep-alive",
    needs: TLS,
    connections: 64,
    load: smallGet,
  },
  {
    name: "tls-handshakes",
    title: "full TLS 1.3 handshakes, ECDSA P-256, one GET each",
    needs: TLS,
    connections: 16,
    load: { kind: "handshakes" },
  },
  {
    name: "websocket",
    title: "WebSocket echo, 32 bytes",
    needs: PLAIN,
    connections: 64,
    load: { kind: "messages" },
  },
  {
    name: "half-peak",
    title: `GET, ${SMALL_BYTES} bytes, at a fixed rate of half of the proxy's own peak`,
    needs: PLAIN,
    connections: 64,
    load: { kind: "half-peak" },
  },
  {
    name: "idle-connections",
    title: `${IDLE_CONNECTIONS.toLocaleString("en")} idle connections`,
    needs: PLAIN,
    connections: IDLE_CONNECTIONS,
    load: { kind: "idle" },
  },
];
