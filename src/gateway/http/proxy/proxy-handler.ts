/**
 * The attempt loop of `proxy_pass`: read the body ahead, then try peers until one answers or the rules say
 * stop. Every decision is a function of its own (may-retry, request-fields, failure-sentences); this
 * file only orders them. Follows ngx_http_upstream.c.
 */
import { BodyFault } from "../../../net/http1/request-body.ts";
import { type AttemptRecord, startAttemptRecord } from "../../upstream/attempt-record.ts";
import type { Peer } from "../../upstream/peer.ts";
import type { Upstream } from "../../upstream/upstream.ts";
import { fieldValue, toFields, type HeaderField } from "../header-fields.ts";
import type { ProxyPass } from "../modules/proxy.ts";
import type { NextUpstreamCase } from "../modules/proxy-next-upstream.ts";
import type { RequestContext } from "../request-context.ts";
import { respond } from "../responses.ts";
import type {
  Attempt,
  AttemptFailure,
  AttemptOutcome,
  AttemptRequest,
  ProxyTransport,
} from "./attempt.ts";
import { describeBodyFailure, describeFailure } from "./failure-sentences.ts";
import { mayRetry } from "./may-retry.ts";
import type { PeerAgents } from "./peer-agents.ts";
import type { PeerTls, PeerTlsFactory } from "./peer-tls.ts";
import { BodyTooLarge, ReplayableBody } from "./replayable-body.ts";
import { requestFields } from "./request-fields.ts";
import { responseFields } from "./response-fields.ts";

export interface ProxyServices {
  readonly transport: ProxyTransport;
  readonly agents: PeerAgents;
  readonly peerTls: PeerTlsFactory;
}

/** How it ended, for the phases: everything but a peer's response is theirs to answer. */
export type ProxyEnd =
  /** The response is sent, or the client has gone. */
  | { readonly kind: "answered" }
  /** A status without response; `fields` of the peer go along (WWW-Authenticate). */
  | { readonly kind: "error"; readonly status: number; readonly fields: readonly HeaderField[] }
  /** The peer's X-Accel-Redirect: a URI of this server or a named location; `fields` go along. */
  | { readonly kind: "redirect"; readonly uri: string; readonly fields: readonly HeaderField[] };

/** What `proxy_pass` of the location amounts to for this request. */
export interface ProxyTask {
  readonly pass: ProxyPass;
  /** The target that the peers are asked for. */
  readonly path: string;
  readonly upstream: Upstream;
  /** `error_page` has something for the status: `proxy_intercept_errors` asks for it. */
  readonly hasErrorPage: (status: number) => boolean;
}

const ANSWERED: ProxyEnd = { kind: "answered" };

/** What all tries of one request share. */
interface Prepared extends ProxyTask {
  readonly context: RequestContext;
  /** The client's body, or what stands for it. */
  readonly body: ReplayableBody;
  readonly services: ProxyServices;
  readonly tls: PeerTls | undefined;
  readonly method: string;
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
  task: ProxyTask,
  services: ProxyServices,
): Promise<ProxyEnd> {
  const { proxy } = context.location.settings;
  context.attemptStarts.add(context.attempts.length);
  try {
    await readBodyAhead(context);
  } catch (error) {
    return endOfUnreadBody(context, error);
  }
  const tls = task.pass.scheme === "https" ? services.peerTls.make(context) : undefined;
  const method = proxy.method?.evaluate(context) || context.method;
  const prepared = { ...task, context, services, tls, method, body: bodyFor(context) };
  return tryPeers(prepared);
}

/** A request that was redirected inside has its body already. */
async function readBodyAhead(context: RequestContext): Promise<void> {
  if (context.requestBody) return;
  const { bodyBytesMax } = context.location.settings.core;
  context.requestBody = new ReplayableBody(context.exchange.body, bodyBytesMax);
  await context.requestBody.readAhead();
}

function bodyFor(context: RequestContext): ReplayableBody {
  const { body, passRequestBody } = context.location.settings.proxy;
  if (body) return ReplayableBody.of(body.evaluate(context));
  const own = passRequestBody ? context.requestBody : undefined;
  return own ?? ReplayableBody.of("");
}

/** The client sent too much, or has gone. */
function endOfUnreadBody(context: RequestContext, error: unknown): ProxyEnd {
  if (error instanceof BodyFault && !context.exchange.aborted) {
    context.logError("info", error.message);
    return errorEnd(error.status);
  }
  if (!(error instanceof BodyTooLarge) || context.exchange.aborted) {
    context.statusWithoutResponse = context.exchange.aborted ? 499 : 400;
    context.exchange.drop();
    return ANSWERED;
  }
  context.logError("error", "client intended to send too large chunked body");
  return errorEnd(413);
}

function errorEnd(status: number, fields: readonly HeaderField[] = []): ProxyEnd {
  return { kind: "error", status, fields };
}

async function tryPeers(prepared: Prepared): Promise<ProxyEnd> {
  const { context, upstream } = prepared;
  const { nextUpstreamTries } = context.location.settings.proxy;
  const walk = upstream.startWalk(context);
  const peerCount = upstream.tryCount;
  const tryCount = nextUpstreamTries === 0 ? peerCount : Math.min(nextUpstreamTries, peerCount);
  for (let triesLeft = tryCount - 1; ; triesLeft--) {
    const picked = upstream.pick(context, walk);
    if (picked.kind === "none") return endWithoutPeer(prepared);
    const end = await tryPeer(prepared, picked.peer, triesLeft);
    if (end) return end;
  }
}

/** @returns undefined: go on to the next peer. */
async function tryPeer(
  prepared: Prepared,
  peer: Peer,
  triesLeft: number,
): Promise<ProxyEnd | undefined> {
  const { context } = prepared;
  const current = startTry(prepared, peer);
  let outcome = await runAttempt(prepared, current, true);
  if (isStaleConnection(prepared, outcome)) outcome = await runAttempt(prepared, current, false);
  if (context.exchange.aborted) {
    discard(outcome);
    noteEnd(context, current.record);
    prepared.upstream.release(peer, "neutral");
    context.statusWithoutResponse = 499;
    return ANSWERED;
  }
  if (outcome.kind === "failed") return afterFailure(prepared, current, outcome, triesLeft);
  current.record.status = outcome.response.statusCode ?? 502;
  current.record.fields = toFields(outcome.response.rawHeaders);
  current.record.headMs = context.clock.monotonicMs() - current.record.startedMs;
  if (outcome.kind === "response" && goesOn(prepared, current, triesLeft)) {
    discard(outcome);
    noteEnd(context, current.record);
    return undefined;
  }
  const end = endInstead(prepared, current);
  if (!end) return answer(prepared, current, outcome);
  discard(outcome);
  noteEnd(context, current.record);
  prepared.upstream.sticky?.learn(context, peer);
  prepared.upstream.release(peer, "success");
  return end;
}

/** The response is not the client's: it names another place, or `error_page` takes its status over. */
function endInstead({ context, hasErrorPage }: Prepared, { record }: Try): ProxyEnd | undefined {
  const { interceptErrors, ignoredHeaders } = context.location.settings.proxy;
  const { status = 502, fields } = record;
  const uri = fieldValue(fields, "x-accel-redirect");
  if (uri !== "" && !ignoredHeaders.includes("x-accel-redirect")) {
    return { kind: "redirect", uri, fields: keptFields(fields) };
  }
  if (!interceptErrors || status < 300 || !hasErrorPage(status)) return undefined;
  const challenge = fields.filter(([name]) => name.toLowerCase() === "www-authenticate");
  return errorEnd(status, status === 401 ? challenge : []);
}

/** What survives X-Accel-Redirect (ngx_http_upstream_headers_in, redirect). */
const KEPT_FIELDS = new Set([
  "accept-ranges",
  "cache-control",
  "content-disposition",
  "content-type",
  "expires",
  "set-cookie",
]);

function keptFields(fields: readonly HeaderField[]): readonly HeaderField[] {
  return fields.filter(([name]) => KEPT_FIELDS.has(name.toLowerCase()));
}

function noteEnd(context: RequestContext, record: AttemptRecord): void {
  record.responseMs = context.clock.monotonicMs() - record.startedMs;
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
  const { context, services, upstream, body, path, tls, method } = prepared;
  const { proxy } = context.location.settings;
  const sendsBody = proxy.body !== undefined || sendsClientBody(context);
  const fields = requestFields(context, sendsBody ? body : undefined);
  const names = Object.keys(fields).map((name) => name.toLowerCase());
  const request: AttemptRequest = {
    host: peer.config.host,
    port: peer.config.port,
    tls,
    method,
    path,
    fields,
    body,
    wantsUpgrade: context.exchange.wantsUpgrade && names.includes("upgrade"),
    agent: mayReuse ? services.agents.agentFor(upstream.config, tls) : undefined,
    localAddress: proxy.bind?.evaluate(context) || undefined,
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

function sendsClientBody({ exchange, location }: RequestContext): boolean {
  return exchange.body !== undefined && location.settings.proxy.passRequestBody;
}

/** A kept connection that the peer had closed in the meantime: one more try on a fresh one, nobody is to blame. */
function isStaleConnection({ context, body, method }: Prepared, outcome: AttemptOutcome): boolean {
  if (outcome.kind !== "failed" || !outcome.reusedConnection) return false;
  if (context.exchange.aborted || outcome.reason !== "error") return false;
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

function afterFailure(
  prepared: Prepared,
  current: Try,
  failure: AttemptFailure,
  triesLeft: number,
): ProxyEnd | undefined {
  const { context, upstream, body } = prepared;
  const { record, peer, url } = current;
  if (body.wasTooLarge) {
    upstream.release(peer, "neutral");
    return endOfUnreadBody(context, new BodyTooLarge());
  }
  record.status = failure.reason === "timeout" ? 504 : 502;
  noteEnd(context, record);
  context.logError("error", describeFailure(failure), url);
  blame(prepared, current);
  const sent = failure.phase === "head";
  if (mayGoOn(prepared, failure.reason, { sent, triesLeft })) return undefined;
  return errorEnd(record.status);
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
  { context, body, method }: Prepared,
  happened: NextUpstreamCase,
  { sent, triesLeft }: { readonly sent: boolean; readonly triesLeft: number },
): boolean {
  const { nextUpstream: allowed, nextUpstreamTimeoutMs } = context.location.settings.proxy;
  const elapsedMs = context.clock.monotonicMs() - context.startedMs;
  return mayRetry({
    happened,
    allowed,
    method,
    sent,
    bodyReplayable: body.isReplayable,
    triesLeft,
    outOfTime: nextUpstreamTimeoutMs > 0 && elapsedMs >= nextUpstreamTimeoutMs,
  });
}

function endWithoutPeer({ context, upstream, pass }: Prepared): ProxyEnd {
  const url = `${pass.scheme}://${upstream.config.name}${context.target.raw}`;
  context.logError("error", "no live upstreams while connecting to upstream", url);
  const nowMs = context.clock.monotonicMs();
  context.attempts.push({ ...startAttemptRecord(upstream.config.name, nowMs), status: 502 });
  return errorEnd(502);
}

/** Sends the peer's response to the client; the session table learns from it. */
async function answer(
  prepared: Prepared,
  { peer, record, url }: Try,
  outcome: Exclude<AttemptOutcome, AttemptFailure>,
): Promise<ProxyEnd> {
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
  noteEnd(context, record);
  const gaveUp = context.exchange.aborted;
  if (gaveUp) response.destroy();
  // A client that left in the middle has the head and with it the cookie: it may come back.
  if (!learnsAtHead && context.exchange.responded) upstream.sticky?.learn(context, peer);
  upstream.release(peer, gaveUp ? "neutral" : "success");
  return ANSWERED;
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
