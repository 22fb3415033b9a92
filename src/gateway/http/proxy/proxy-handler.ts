/**
 * The attempt loop of `proxy_pass`: read the body ahead, then try peers until one answers or the rules say
 * stop. Every decision is a function of its own (may-retry, request-fields, failure-sentences); this
 * file only orders them. Follows ngx_http_upstream.c.
 */
import { type AttemptRecord, startAttemptRecord } from "../../upstream/attempt-record.ts";
import type { Peer } from "../../upstream/peer.ts";
import type { Upstream } from "../../upstream/upstream.ts";
import { toFields, type HeaderField } from "../header-fields.ts";
import type { NextUpstreamCase, ProxyPass } from "../modules/proxy.ts";
import type { RequestContext } from "../request-context.ts";
import { respond, respondError } from "../responses.ts";
import type {
  Attempt,
  AttemptFailure,
  AttemptOutcome,
  AttemptRequest,
  PeerTls,
  ProxyTransport,
} from "./attempt.ts";
import { describeBodyFailure, describeFailure } from "./failure-sentences.ts";
import { mayRetry } from "./may-retry.ts";
import type { PeerAgents } from "./peer-agents.ts";
import { BodyTooLarge, ReplayableBody } from "./replayable-body.ts";
import { requestFields } from "./request-fields.ts";
import { responseFields } from "./response-fields.ts";

export interface ProxyServices {
  readonly transport: ProxyTransport;
  readonly agents: PeerAgents;
}

/** What all tries of one request share. */
interface Prepared {
  readonly context: RequestContext;
  readonly pass: ProxyPass;
  /** The target that the peers are asked for. */
  readonly path: string;
  readonly upstream: Upstream;
  readonly body: ReplayableBody;
  readonly services: ProxyServices;
  readonly tls: PeerTls | undefined;
}

/** One try with its bookkeeping. */
interface Try {
  readonly peer: Peer;
  readonly record: AttemptRecord;
  readonly url: string;
}

/** Answers the request from the upstream. Never rejects because of a peer. */
export async function proxyRequest(
  context: RequestContext,
  target: { readonly pass: ProxyPass; readonly path: string; readonly upstream: Upstream },
  services: ProxyServices,
): Promise<void> {
  const { pass, path, upstream } = target;
  const { exchange } = context;
  const body = new ReplayableBody(exchange.body, context.location.settings.core.bodyBytesMax);
  try {
    await body.readAhead();
  } catch (error) {
    await answerUnreadBody(context, error);
    return;
  }
  const tls = pass.scheme === "https" ? peerTls(context) : undefined;
  await tryPeers({ context, pass, path, upstream, body, services, tls });
}

/** The client sent too much, or has gone. */
async function answerUnreadBody(context: RequestContext, error: unknown): Promise<void> {
  if (!(error instanceof BodyTooLarge) || context.exchange.aborted) {
    context.statusWithoutResponse = context.exchange.aborted ? 499 : 400;
    context.exchange.drop();
    return;
  }
  context.logError("error", "client intended to send too large chunked body");
  await respondError(context, 413);
}

async function tryPeers(prepared: Prepared): Promise<void> {
  const { context, upstream } = prepared;
  const { nextUpstreamTries } = context.location.settings.proxy;
  const tried = new Set<Peer>();
  const tryCount = nextUpstreamTries === 0 ? upstream.tryCount : nextUpstreamTries;
  for (let triesLeft = tryCount - 1; ; triesLeft--) {
    const picked = upstream.pick(context, tried);
    if (picked.kind === "none") return answerNoPeer(prepared);
    tried.add(picked.peer);
    const done = await tryPeer(prepared, picked.peer, Math.min(triesLeft, tryCount - tried.size));
    if (done) return;
  }
}

/** @returns false: go on to the next peer. */
async function tryPeer(prepared: Prepared, peer: Peer, triesLeft: number): Promise<boolean> {
  const { context } = prepared;
  const current = startTry(prepared, peer);
  let outcome = await runAttempt(prepared, current, true);
  if (isStaleConnection(prepared, outcome)) outcome = await runAttempt(prepared, current, false);
  if (context.exchange.aborted) {
    discard(outcome);
    prepared.upstream.release(peer, "neutral");
    context.statusWithoutResponse = 499;
    return true;
  }
  if (outcome.kind === "failed") return afterFailure(prepared, current, outcome, triesLeft);
  current.record.status = outcome.response.statusCode ?? 502;
  current.record.fields = toFields(outcome.response.rawHeaders);
  current.record.headMs = context.clock.monotonicMs() - current.record.startedMs;
  if (outcome.kind === "response" && goesOn(prepared, current, triesLeft)) {
    discard(outcome);
    return false;
  }
  await answer(prepared, current, outcome);
  return true;
}

function startTry({ context, pass }: Prepared, peer: Peer): Try {
  const record = startAttemptRecord(peer.address, context.clock.monotonicMs());
  context.attempts.push(record);
  const url = `${pass.scheme}://${peer.address}${context.target.raw}`;
  return { peer, record, url };
}

async function runAttempt(
  prepared: Prepared,
  { peer, record }: Try,
  mayReuse: boolean,
): Promise<AttemptOutcome> {
  const { context, services, upstream, body, path, tls } = prepared;
  const { proxy } = context.location.settings;
  const fields = requestFields(context, context.proxyTarget?.host ?? "", body);
  const names = Object.keys(fields).map((name) => name.toLowerCase());
  const idleCount = mayReuse ? upstream.config.keepaliveCount : 0;
  const request: AttemptRequest = {
    host: peer.config.host,
    port: peer.config.port,
    tls,
    method: context.exchange.head.method,
    path,
    fields,
    body,
    wantsUpgrade: context.exchange.wantsUpgrade && names.includes("upgrade"),
    agent: services.agents.agentFor(upstream.config.name, tls, idleCount),
    connectTimeoutMs: proxy.connectTimeoutMs,
    sendTimeoutMs: proxy.sendTimeoutMs,
    readTimeoutMs: proxy.readTimeoutMs,
    onConnected() {
      record.connectMs = context.clock.monotonicMs() - record.startedMs;
    },
  };
  const attempt: Attempt = services.transport.start(request);
  if (context.exchange.aborted) attempt.abort();
  else context.exchange.onAbort(() => attempt.abort());
  return attempt.outcome;
}

/** A kept connection that the peer had closed in the meantime: one more try on a fresh one, nobody is to blame. */
function isStaleConnection({ context, body }: Prepared, outcome: AttemptOutcome): boolean {
  if (outcome.kind !== "failed" || !outcome.reusedConnection) return false;
  if (context.exchange.aborted || outcome.reason !== "error") return false;
  const method = context.exchange.head.method;
  const { nextUpstream: allowed } = context.location.settings.proxy;
  const question = {
    happened: "error",
    allowed: [...allowed, "error"],
    method,
    sent: true,
  } as const;
  const bodyReplayable = body.isReplayable;
  return mayRetry({ ...question, bodyReplayable, triesLeft: 1, outOfTime: false });
}

async function afterFailure(
  prepared: Prepared,
  current: Try,
  failure: AttemptFailure,
  triesLeft: number,
): Promise<boolean> {
  const { context, upstream, body } = prepared;
  const { record, peer, url } = current;
  if (body.wasTooLarge) {
    upstream.release(peer, "neutral");
    await answerUnreadBody(context, new BodyTooLarge());
    return true;
  }
  record.status = failure.reason === "timeout" ? 504 : 502;
  record.responseMs = context.clock.monotonicMs() - record.startedMs;
  context.logError("error", describeFailure(failure), url);
  blame(prepared, current);
  const sent = failure.phase === "head";
  if (mayGoOn(prepared, failure.reason, { sent, triesLeft })) return false;
  await respondError(context, record.status);
  return true;
}

/** A response that `proxy_next_upstream` lists is given up for the next peer. */
function goesOn(prepared: Prepared, current: Try, triesLeft: number): boolean {
  const { upstream, context } = prepared;
  const { status = 0 } = current.record;
  const happened = context.location.settings.proxy.nextUpstream.find(
    (word) => word === `http_${status}`,
  );
  if (happened === undefined) return false;
  if (!mayGoOn(prepared, happened, { sent: true, triesLeft })) return false;
  if (status >= 500 || status === 429) blame(prepared, current);
  else upstream.release(current.peer, "neutral");
  return true;
}

function blame({ context, upstream }: Prepared, { peer, url }: Try): void {
  if (!upstream.release(peer, "failure")) return;
  context.logError(
    "warn",
    "upstream server temporarily disabled while connecting to upstream",
    url,
  );
}

function mayGoOn(
  { context, body }: Prepared,
  happened: NextUpstreamCase,
  { sent, triesLeft }: { readonly sent: boolean; readonly triesLeft: number },
): boolean {
  const { nextUpstream: allowed, nextUpstreamTimeoutMs } = context.location.settings.proxy;
  const elapsedMs = context.clock.monotonicMs() - context.startedMs;
  return mayRetry({
    happened,
    allowed,
    method: context.exchange.head.method,
    sent,
    bodyReplayable: body.isReplayable,
    triesLeft,
    outOfTime: nextUpstreamTimeoutMs > 0 && elapsedMs >= nextUpstreamTimeoutMs,
  });
}

async function answerNoPeer({ context, upstream, pass }: Prepared): Promise<void> {
  const url = `${pass.scheme}://${upstream.config.name}${context.target.raw}`;
  context.logError("error", "no live upstreams while connecting to upstream", url);
  const nowMs = context.clock.monotonicMs();
  context.attempts.push({ ...startAttemptRecord(upstream.config.name, nowMs), status: 502 });
  await respondError(context, 502);
}

/** Sends the peer's response to the client; the session table learns from it. */
async function answer(
  prepared: Prepared,
  { peer, record, url }: Try,
  outcome: Exclude<AttemptOutcome, AttemptFailure>,
): Promise<void> {
  const { context, upstream } = prepared;
  const { response } = outcome;
  const learnsAtHead = upstream.sticky?.atHead === true || outcome.kind === "upgraded";
  if (learnsAtHead) upstream.sticky?.learn(context, peer);
  const fields = responseFields(context, record.fields);
  const status = record.status ?? 502;
  const head = { status, reason: response.statusMessage ?? "", fields };
  try {
    if (outcome.kind === "upgraded") {
      await upgrade(context, outcome, {
        ...head,
        fields: [...fields, ...upgradeField(record.fields)],
      });
    } else {
      await respond(context, head, hasBody(context, status) ? response : undefined);
      if (!hasBody(context, status)) response.resume();
    }
  } catch (error) {
    // The exchange has closed the client's connection; what is left is to say why.
    context.logError("error", describeBodyFailure(error), url);
  }
  record.bodyBytes = context.exchange.bodyBytesSent;
  record.responseMs = context.clock.monotonicMs() - record.startedMs;
  const gaveUp = context.exchange.aborted;
  if (gaveUp) response.destroy();
  // A client that left in the middle has the head and with it the cookie: it may come back.
  if (!learnsAtHead && context.exchange.responded) upstream.sticky?.learn(context, peer);
  upstream.release(peer, gaveUp ? "neutral" : "success");
}

async function upgrade(
  context: RequestContext,
  outcome: Extract<AttemptOutcome, { kind: "upgraded" }>,
  head: {
    readonly status: number;
    readonly reason: string;
    readonly fields: readonly HeaderField[];
  },
): Promise<void> {
  context.response = head;
  await context.exchange.upgrade(head, outcome.socket, outcome.early);
}

function upgradeField(fields: readonly HeaderField[]): readonly HeaderField[] {
  return fields.filter(([name]) => name.toLowerCase() === "upgrade");
}

function hasBody(context: RequestContext, status: number): boolean {
  return context.exchange.head.method !== "HEAD" && status !== 204 && status !== 304;
}

function discard(outcome: AttemptOutcome): void {
  if (outcome.kind === "response") outcome.response.resume();
  else if (outcome.kind === "upgraded") outcome.socket.destroy();
}

function peerTls(context: RequestContext): PeerTls {
  const { sslVerify, sslName, sslServerName, sslTrustedCertificate } =
    context.location.settings.proxy;
  const name = sslName?.evaluate(context) ?? context.proxyTarget?.host ?? "";
  return {
    verify: sslVerify,
    name: name.replace(/:\d+$/, ""),
    sendServerName: sslServerName,
    authorities: sslTrustedCertificate,
  };
}
