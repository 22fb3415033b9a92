/**
 * One request that `proxy_pass` answers: the body is read as `proxy_request_buffering` says, then peers are tried
 * until one answers or the rules say stop. A state machine of calls from connections, without promises: every
 * decision is a function of its own (may-retry, end-instead, failure-sentences). Follows ngx_http_upstream.c.
 */
import { messageOf } from "../../../errors/app-error.ts";
import type { ClientConnection } from "../../../net/http1/client-connection.ts";
import type { PeerFailure } from "../../../net/http1/peer-failure.ts";
import type { PeerHead } from "../../../net/http1/peer-head.ts";
import type { BodyFault, RequestBody } from "../../../net/http1/request-body.ts";
import { SpooledBody } from "../../spool/spooled-body.ts";
import { startAttemptRecord } from "../../upstream/attempt-record.ts";
import type { Peer } from "../../upstream/peer.ts";
import type { PeerVerdict, PeerWalk } from "../../upstream/upstream.ts";
import type { HeaderField } from "../header-fields.ts";
import { obeyLimitRate } from "../modules/limit-rate.ts";
import type { Pending } from "../phase.ts";
import type { RequestContext } from "../request-context.ts";
import { prepareHead } from "../responses.ts";
import { BodyIntake } from "./body-intake.ts";
import { passEarlyHints } from "./early-hints.ts";
import { endInstead, type ProxyEnd } from "./end-instead.ts";
import { describeFailure } from "./failure-sentences.ts";
import { buffersFor, makeRelay } from "./make-relay.ts";
import { NO_BODY, type OutgoingBody, outgoingBody, storesBody } from "./outgoing-body.ts";
import { PeerTry, type TryOwner } from "./peer-try.ts";
import type { PeerTls } from "./peer-tls.ts";
import type { ProxyPlan } from "./proxy-plan.ts";
import type { ProxyServices } from "./proxy-services.ts";
import type { ProxyTask } from "./proxy-task.ts";
import { asksForUpgrade, requestText, sentMethod } from "./request-text.ts";
import type { BodyRelay } from "./response-relay.ts";
import { caseOf, isStale, mayGoOn, type TryState } from "./try-rules.ts";
import { responseFields } from "./response-fields.ts";

export class ProxyRequest implements Pending, TryOwner {
  readonly context: RequestContext;
  readonly sentMethod: string;
  readonly #task: ProxyTask;
  readonly #services: ProxyServices;
  readonly #plan: ProxyPlan;
  readonly #tls: PeerTls | undefined;
  #walk: PeerWalk | undefined;
  #triesLeft = 0;
  #current: PeerTry | undefined;
  /** The peer counts this request as one in progress. */
  #holdsPeer = false;
  /** The body was given to a peer as it came: no other peer can get it. */
  #bodySpent = false;
  #upgradeAsked = false;
  /** Nothing more is done for it. */
  #done = false;
  /** Whoever waits was told, or can be. */
  #over = false;
  #error: unknown;
  #onOver: ((error?: unknown) => void) | undefined;

  constructor(context: RequestContext, task: ProxyTask, services: ProxyServices) {
    const { proxy } = context.location.settings;
    this.context = context;
    this.#task = task;
    this.#services = services;
    this.#plan = services.plans.of(proxy);
    this.sentMethod = sentMethod(context);
    this.#tls = task.pass.scheme === "https" ? services.peerTls.make(context) : undefined;
  }

  whenOver(action: (error?: unknown) => void): void {
    if (this.#over) action(this.#error);
    else this.#onOver = action;
  }

  start(): this {
    const { context } = this;
    const { exchange, attempts } = context;
    context.attemptStarts.push(attempts.length);
    exchange.onAbort(() => this.#clientGone());
    if (this.#done) return this;
    // A request that was redirected inside has its body already.
    if (!exchange.body || context.requestBody) this.#tryPeers();
    else if (context.isBodySpent) this.#goOnWithoutBody();
    else if (storesBody(context)) this.#storeBody(exchange.body);
    else this.#tryPeers();
    return this;
  }

  /** An error page needs no body; a request that is to be repeated elsewhere does. */
  #goOnWithoutBody(): void {
    const { context } = this;
    if (context.method !== context.exchange.head.method) return this.#tryPeers();
    context.logError("error", "the body was sent to another upstream and cannot be sent again");
    this.#settle(errorEnd(500));
  }

  /** The client sends something that is no body, or has gone. */
  #bodyFault(fault: BodyFault): void {
    const { context } = this;
    if (this.#done) return;
    if (context.exchange.aborted || fault.status === 499) return this.#clientGone();
    context.logError("info", fault.message);
    this.#giveUp(fault.status);
  }

  connect(peer: Peer, mayReuse: boolean): ClientConnection {
    const { bind } = this.context.location.settings.proxy;
    const localAddress = bind?.evaluate(this.context) || undefined;
    const { upstream } = this.#task;
    const target = { upstream: upstream.config, peer, tls: this.#tls, localAddress };
    return this.#services.connections.take(target, mayReuse);
  }

  prepareRequest(connection: ClientConnection) {
    const { context } = this;
    const { proxy } = context.location.settings;
    const { length, sender, isStreamed } = this.#bodyFor(connection);
    if (isStreamed) this.#bodySpent = true;
    const line = { method: this.sentMethod, path: this.#task.path, version: proxy.httpVersion };
    const keepsAlive =
      proxy.httpVersion === "1.1" && this.#task.upstream.config.keepalive.idleCount > 0;
    const text = requestText(context, this.#plan, line, { length, keepsAlive });
    this.#upgradeAsked = asksForUpgrade(context, text);
    return { text, sender };
  }

  onEarlyHints({ fields }: PeerHead): void {
    passEarlyHints(this.context, this.#plan, fields);
  }

  onResponse(current: PeerTry, head: PeerHead): void {
    const isUpgrade = head.status === 101;
    if (isUpgrade && !this.#upgradeAsked) {
      const sentence = "upstream sent unexpected 101 response";
      current.abort();
      const failure = { reason: "invalid_header", phase: "head", error: undefined } as const;
      return this.onTryFailed(current, { ...failure, sentence });
    }
    if (!isUpgrade && this.#goesOn(current)) {
      current.discard(head);
      current.noteEnd();
      this.#triesLeft--;
      return this.#nextPeer();
    }
    const { hasErrorPage } = this.#task;
    const end = endInstead(this.context, current.record, hasErrorPage);
    if (!end) return this.#answer(current, head);
    obeyLimitRate(this.context, head.fields);
    current.discard(head);
    current.noteEnd();
    this.#task.upstream.sticky?.learn(this.context, current.peer);
    this.#release("success");
    this.#settle(end);
  }

  onResponseEnd(current: PeerTry): void {
    const { sticky } = this.#task.upstream;
    current.record.bodyBytes = current.relay?.byteCount ?? 0;
    current.noteEnd();
    if (sticky && !sticky.atHead) sticky.learn(this.context, current.peer);
    this.#release("success");
  }

  onTryFailed(current: PeerTry, failure: PeerFailure): void {
    if (this.#done) return;
    if (current.relay) return this.#bodyBroke(current, current.relay, failure);
    if (isStale(this.context, this.#state, current, failure)) return current.start(false);
    const { record, url } = current;
    record.status = failure.reason === "timeout" ? 504 : 502;
    current.noteEnd();
    this.context.logError("error", describeFailure(failure), url);
    this.#blame(url);
    const sent = failure.phase === "head";
    if (!mayGoOn(this.context, this.#state, failure.reason, sent)) {
      return this.#settle(errorEnd(record.status));
    }
    this.#triesLeft--;
    this.#nextPeer();
  }

  #bodyFor(connection: ClientConnection): OutgoingBody {
    const { context } = this;
    if (!context.exchange.body && !context.location.settings.proxy.body) return NO_BODY;
    return outgoingBody(context, connection, {
      files: this.#services.bodyFiles(context.location),
      onFault: (fault) => this.#bodyFault(fault),
      onTooLarge: () => this.#bodyTooLarge(),
      onDiskFault: (error) => this.#diskFault(error),
    });
  }

  #storeBody(body: RequestBody): void {
    const { context } = this;
    const { clientBody, core } = context.location.settings;
    const store = new SpooledBody({
      files: this.#services.bodyFiles(context.location),
      memoryBytes: clientBody.bodyBufferBytes,
      inFileOnly: clientBody.bodyInFileOnly,
    });
    context.requestBody = store;
    const events = {
      onStored: () => (this.#done ? undefined : this.#tryPeers()),
      onFault: (fault: BodyFault) => this.#bodyFault(fault),
      onTooLarge: () => this.#bodyTooLarge(),
      onDiskFault: (error: unknown) => this.#diskFault(error),
    };
    new BodyIntake(body, store, { bytesMax: core.bodyBytesMax, events }).start();
  }

  /** A session that this gateway does not know may be known to another one. */
  #tryPeers(): void {
    const asking = this.#task.upstream.sticky?.seek?.(this.context);
    if (asking) asking.then(() => this.#startTries()).catch((error) => this.#tellOver(error));
    else this.#startTries();
  }

  #startTries(): void {
    const { context } = this;
    const { upstream } = this.#task;
    const { nextUpstreamTries } = context.location.settings.proxy;
    this.#walk = upstream.startWalk(context);
    this.#triesLeft = Math.min(nextUpstreamTries || Infinity, upstream.tryCount) - 1;
    this.#nextPeer();
  }

  #nextPeer(): void {
    const { context } = this;
    const { upstream, pass } = this.#task;
    if (this.#done || !this.#walk) return;
    const picked = upstream.pick(context, this.#walk);
    if (picked.kind === "none") return this.#endWithoutPeer();
    const { peer } = picked;
    this.#holdsPeer = true;
    const url = `${pass.scheme}://${peer.urlHost}${this.#task.path}`;
    this.#current = new PeerTry(this, peer, url);
    context.attempts.push(this.#current.record);
    this.#current.start(true);
  }

  #endWithoutPeer(): void {
    const { context } = this;
    const { upstream, pass, path } = this.#task;
    const { name } = upstream.config;
    const url = `${pass.scheme}://${name}${path}`;
    context.logError("error", "no live upstreams while connecting to upstream", url);
    const nowMs = context.clock.monotonicMs();
    context.attempts.push({ ...startAttemptRecord(name, nowMs), status: 502 });
    this.#settle(errorEnd(502));
  }

  /** Sends the peer's response to the client; the session table learns from it. */
  #answer(current: PeerTry, head: PeerHead): void {
    const { context } = this;
    const { exchange } = context;
    const { connection, peer } = current;
    const { sticky } = this.#task.upstream;
    if (!connection) return;
    const isUpgrade = head.status === 101;
    if (sticky && (sticky.atHead || isUpgrade)) sticky.learn(context, peer);
    const { fields, text: fieldsText } = responseFields(context, this.#plan, head);
    const given = { status: head.status, reason: head.reason, fields, fieldsText };
    exchange.onOver(() => this.#answered());
    if (isUpgrade) {
      const upgrade = head.fields.filter(([name]) => name.toLowerCase() === "upgrade");
      const { status, reason } = head;
      context.response = { status, reason, fields: [...fields, ...upgrade] };
      exchange.upgrade(context.response, connection, context.location.settings.proxy.readTimeoutMs);
      return;
    }
    current.relay = makeRelay(context, connection, {
      buffers: buffersFor(context, head),
      files: this.#services.responseFiles(context.location),
      passesTrailers: context.location.settings.proxy.passTrailers,
      onDiskFault: (error) => this.#diskFault(error),
    });
    exchange.start(prepareHead(context, given), head.body !== undefined);
  }

  /** The client has the response, or has gone. */
  #answered(): void {
    const { context } = this;
    if (this.#holdsPeer && this.#current) {
      this.#current.noteEnd();
      this.#release(context.exchange.aborted ? "neutral" : "success");
    }
    this.#settle(ANSWERED);
  }

  #clientGone(): void {
    const { context } = this;
    const current = this.#current;
    if (this.#done) return;
    if (current && this.#holdsPeer) {
      // A client that left in the middle has the head and with it the cookie: it may come back.
      const { sticky } = this.#task.upstream;
      if (context.exchange.responded && sticky && !sticky.atHead) {
        sticky.learn(context, current.peer);
      }
      current.record.bodyBytes = current.relay?.byteCount ?? 0;
      current.noteEnd();
    }
    this.#abortTry("neutral");
    if (!context.exchange.responded) context.statusWithoutResponse = 499;
    this.#settle(ANSWERED);
  }

  /** The peer failed after the head of its response: the client sees that something is missing. */
  #bodyBroke(current: PeerTry, relay: BodyRelay, failure: PeerFailure): void {
    const { context } = this;
    const { sticky } = this.#task.upstream;
    context.logError("error", describeFailure({ ...failure, phase: "body" }), current.url);
    current.record.bodyBytes = relay.byteCount;
    current.noteEnd();
    if (sticky && !sticky.atHead) sticky.learn(context, current.peer);
    this.#release("success");
    relay.break();
  }

  /** The disk that bodies are buffered on has failed. */
  #diskFault(error: unknown): void {
    if (this.#done) return;
    this.context.logError("crit", messageOf(error));
    this.#giveUp(500);
  }

  #bodyTooLarge(): void {
    if (this.#done) return;
    this.context.logError("error", "client intended to send too large chunked body");
    this.#giveUp(413);
  }

  /** A client that has the head of a response sees by the end of its connection that the rest is missing. */
  #giveUp(status: number): void {
    this.#abortTry("neutral");
    if (this.context.exchange.responded) this.context.exchange.breakOff();
    else this.#settle(errorEnd(status));
  }

  #abortTry(verdict: PeerVerdict): void {
    this.#current?.abort();
    this.#release(verdict);
  }

  /** @returns true: the peer is out of use from now on. */
  #release(verdict: PeerVerdict): boolean {
    const current = this.#current;
    if (!this.#holdsPeer || !current) return false;
    this.#holdsPeer = false;
    return this.#task.upstream.release(current.peer, verdict);
  }

  #blame(url: string): void {
    if (!this.#release("failure")) return;
    const sentence = "upstream server temporarily disabled while connecting to upstream";
    this.context.logError("warn", sentence, url);
  }

  /** A response that `proxy_next_upstream` lists is given up for the next peer. */
  #goesOn(current: PeerTry): boolean {
    const { status = 0 } = current.record;
    const happened = caseOf(this.context, status);
    if (happened === undefined || !mayGoOn(this.context, this.#state, happened, true)) return false;
    if (status >= 500 || status === 429) this.#blame(current.url);
    else this.#release("neutral");
    return true;
  }

  get #state(): TryState {
    const { sentMethod: method } = this;
    return { method, triesLeft: this.#triesLeft, bodySpent: this.#bodySpent };
  }

  #settle(end: ProxyEnd): void {
    if (this.#done) return;
    this.#done = true;
    if (end.kind === "answered") return this.#tellOver(undefined);
    this.#task.answer(this.context, end).then(
      () => this.#tellOver(undefined),
      (error: unknown) => this.#tellOver(error),
    );
  }

  #tellOver(error: unknown): void {
    this.#done = true;
    this.#over = true;
    this.#error = error;
    this.#onOver?.(error);
  }
}

const ANSWERED: ProxyEnd = { kind: "answered" };

function errorEnd(status: number, fields: readonly HeaderField[] = []): ProxyEnd {
  return { kind: "error", status, fields };
}
