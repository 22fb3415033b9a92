/**
 * Everything about one request that phases, variables and logs ask for. Made when the head is there, filled
 * as the request goes on. Variables read it, nothing else of the gateway keeps facts of a request.
 */
import type { Clock } from "../../runtime/clock.ts";
import type { ErrorLevel } from "../error-log-level.ts";
import type { LocationConfig, ServerConfig } from "../gateway-config.ts";
import type { AttemptRecord } from "../upstream/attempt-record.ts";
import type { ConnectionCounts } from "./connection-counts.ts";
import type { Exchange, ResponseHead } from "./exchange.ts";
import { parseSize } from "../nginx/units.ts";
import { escapeChars } from "../escape-chars.ts";
import { fromByteString } from "../byte-string.ts";
import type { HeaderField } from "./header-fields.ts";
import type { ClientAddress } from "./modules/realip.ts";
import { mappedPath } from "./mapped-path.ts";
import { type PhaseName, type Running, whenAnswered } from "./phase.ts";
import type { TimerWheel } from "../../net/http1/timer-wheel.ts";
import type { SpooledBody } from "../spool/spooled-body.ts";
import { escapePath, type RequestTarget } from "./request-target.ts";

/** Where error log lines of a request go. */
export interface ErrorLogWriter {
  write(level: ErrorLevel, message: string, connection?: number): void;
}

/** What a context asks of the cycle that runs its request. */
export interface ContextServices {
  readonly clock: Clock;
  /** For what takes its time. */
  readonly wheel: TimerWheel;
  errorLogOf(location: LocationConfig): ErrorLogWriter;
  /** What the connections of the gateway are doing. */
  counts(): ConnectionCounts;
  /** Runs the request again from that phase on, after an internal redirect. */
  runPhases(context: RequestContext, from: PhaseName): Running;
}

export interface ContextStart {
  readonly exchange: Exchange;
  readonly target: RequestTarget;
  readonly server: ServerConfig;
  /** Groups of the regular expression in `server_name`. */
  readonly serverCaptures: RegExpExecArray | undefined;
  readonly services: ContextServices;
}

const NONE: readonly HeaderField[] = [];

/** Internal redirects and rewrites of one request; then the answer is 500 (NGX_HTTP_MAX_URI_CHANGES). */
const REDIRECT_COUNT_MAX = 10;

/** A map of few requests' need: nothing is made before something is set. */
class LazyMap<Value> {
  #map: Map<string, Value> | undefined;

  get(key: string): Value | undefined {
    return this.#map?.get(key);
  }

  set(key: string, value: Value): void {
    this.#map ??= new Map<string, Value>();
    this.#map.set(key, value);
  }

  delete(key: string): void {
    this.#map?.delete(key);
  }

  get isEmpty(): boolean {
    return this.#map === undefined || this.#map.size === 0;
  }

  *[Symbol.iterator](): Iterator<[string, Value]> {
    if (this.#map) yield* this.#map;
  }
}

export class RequestContext {
  readonly exchange: Exchange;
  /** As the client asked; $request_uri. */
  readonly originalTarget: RequestTarget;
  readonly server: ServerConfig;
  readonly clock: Clock;
  readonly startedMs: number;
  /** The target after rewrites and internal redirects; `raw` is escaped anew when it has changed. */
  target: RequestTarget;
  /** GET after an internal redirect of `error_page`, else the client's. */
  method: string;
  /** The cycle's: which of the requests in progress this is. */
  slot = -1;
  /** Internal redirects that are still allowed. */
  redirectsLeft = REDIRECT_COUNT_MAX;
  /** The URI is not the client's own: `internal` locations are open to it. */
  isInternal = false;
  /** false: the URI was rewritten inside the location, so that its path is no part of it any more. */
  isLocationPathValid = true;
  /** The status that the client gets whatever the answer says; 0: that of the answer. */
  errorStatus = 0;
  /** An `error_page` has been applied, and errors of the page itself have none. */
  hasErrorPage = false;
  /** Fields by name that wait for the answer, whoever gives it: Location, WWW-Authenticate. */
  readonly extraFields = new LazyMap<string>();
  /** Who the client is behind trusted proxies; undefined: the connection's own address. */
  client: ClientAddress | undefined;
  /** $limit_req_status; "": not limited. */
  limitReqStatus = "";
  /** $limit_conn_status; "": not limited. */
  limitConnStatus = "";
  /** Bytes a second that `set $limit_rate` or the peer asks for; undefined: `limit_rate` decides. */
  limitRate: number | undefined;
  /** Values of `map` variables that are asked for once a request, by variable. */
  readonly mapValues = new LazyMap<string>();
  /** The chosen location; before the choice, the server's own level. */
  location: LocationConfig;
  /** Groups of the last regular expression that matched. */
  captures: RegExpExecArray | undefined;
  /** Tries of upstream peers, in order. */
  readonly attempts: AttemptRecord[] = [];
  /** Where in `attempts` each proxied request begins: there are several after internal redirects. */
  readonly attemptStarts: number[] = [];
  /** The host of `proxy_pass`, and its port: $proxy_host, $proxy_port. */
  proxyTarget: { readonly host: string; readonly port: string } | undefined;
  /** The head that was sent, or is about to be. */
  response: ResponseHead | undefined;
  /** Fields behind the body that `add_trailer` has made. */
  readonly sentTrailers: [name: string, value: string][] = [];
  /** Status for the log where no head was sent: 499, 444. */
  statusWithoutResponse = 0;
  /** The body, as a whole; undefined before anything has asked for it. */
  requestBody: SpooledBody | undefined;
  /** The body was given to a peer as it came; `requestBody` has it if it was small. */
  isBodySpent = false;
  /** `Set-Cookie` of `sticky cookie`: every response of the request carries it. */
  stickyCookie: string | undefined;
  /** Fields of the response that redirected the request inside: the next one carries them on. */
  #keptFields: readonly HeaderField[] = NONE;
  /** Made when first asked for. */
  requestId: string | undefined;
  #endings: (() => void)[] | undefined;
  readonly #services: ContextServices;
  /** Variables of `set` and of named groups, by name in lower case. */
  readonly #variables = new LazyMap<string>();
  #escapesCaptures = false;

  constructor(start: ContextStart) {
    this.exchange = start.exchange;
    this.target = start.target;
    this.originalTarget = start.target;
    this.method = start.exchange.head.method;
    this.server = start.server;
    this.location = start.server.location;
    if (start.serverCaptures) this.noteCaptures(start.serverCaptures);
    this.clock = start.services.clock;
    this.startedMs = this.clock.monotonicMs();
    this.#services = start.services;
  }

  /** What the connections of the gateway are doing now. */
  get connectionCounts(): ConnectionCounts {
    return this.#services.counts();
  }

  /** For what takes its time. */
  get wheel(): TimerWheel {
    return this.#services.wheel;
  }

  /** What is to be done when the request is over, however it ended. */
  atEnd(action: () => void): void {
    if (this.#endings) this.#endings.push(action);
    else this.#endings = [action];
  }

  /** The request is over. */
  end(): void {
    const endings = this.#endings;
    this.#endings = undefined;
    for (const action of endings ?? []) action();
    this.requestBody?.dispose();
  }

  /** A request of the gateway's own on behalf of this one (`auth_request`); `exchange` takes its answer. */
  subrequest(exchange: Exchange, target: RequestTarget): RequestContext {
    const inner = new RequestContext({
      exchange,
      target,
      server: this.server,
      serverCaptures: undefined,
      services: this.#services,
    });
    inner.client = this.client;
    inner.isInternal = true;
    for (const [name, value] of this.#variables) inner.setVariable(name, value);
    return inner;
  }

  get status(): number {
    return this.response?.status ?? this.statusWithoutResponse;
  }

  get remoteAddress(): string {
    return this.client?.address ?? this.exchange.connection.remoteAddress;
  }

  get remotePort(): number {
    return this.client?.port ?? this.exchange.connection.remotePort;
  }

  runPhases(from: PhaseName): Promise<void> {
    return whenAnswered(this.#services.runPhases(this, from));
  }

  /** Counts one rewrite or internal redirect. @returns false: it was one too many. */
  takeRedirect(): boolean {
    if (this.redirectsLeft === 0) return false;
    this.redirectsLeft--;
    return true;
  }

  /** The URI is another one from now on. `path`: decoded. */
  changeTarget(path: string, query: string): void {
    const raw = `${escapePath(path)}${query === "" ? "" : `?${query}`}`;
    this.target = { ...this.target, path, query, raw };
    this.isInternal = true;
  }

  /**
   * Sends the request to another URI of the same server. `uri`: with its arguments behind "?".
   * @returns false after too many redirects, which is logged.
   */
  redirectInside(uri: string, query?: string): boolean {
    if (!this.takeRedirect()) {
      this.logError(
        "error",
        `rewrite or internal redirection cycle while internally redirecting to "${uri}"`,
      );
      return false;
    }
    const question = query === undefined ? uri.indexOf("?") : -1;
    const path = question === -1 ? uri : uri.slice(0, question);
    this.changeTarget(path, query ?? (question === -1 ? "" : uri.slice(question + 1)));
    this.location = this.server.location;
    return true;
  }

  /** @returns false when there is no such location or after too many redirects, which is logged. */
  enterNamedLocation(name: string): boolean {
    if (!this.takeRedirect()) {
      const sentence = `rewrite or internal redirection cycle while redirect to named location "${name}"`;
      this.logError("error", sentence);
      return false;
    }
    const location = this.server.locations.named(name);
    if (!location) {
      this.logError("error", `could not find named location "${name}"`);
      return false;
    }
    this.isInternal = true;
    this.enterLocation(location);
    return true;
  }

  enterLocation(location: LocationConfig): void {
    const { limitExcept } = location;
    this.location = limitExcept?.limits(this.method) ? limitExcept.location : location;
    this.isLocationPathValid = true;
  }

  /** Runs the expression; its groups are $1 to $9 from now on, its named groups keep their values. */
  match(regex: RegExp, text: string): boolean {
    const captures = regex.exec(text);
    if (captures) this.noteCaptures(captures);
    return captures !== null;
  }

  /** Fields of the response that redirected the request inside: the next one carries them on. */
  keepFields(fields: readonly HeaderField[]): void {
    this.#keptFields = fields;
  }

  /** Fields that go along with a response beside `own`, its own ones. */
  fieldsBeside(own: readonly HeaderField[]): readonly HeaderField[] {
    if (this.stickyCookie === undefined && this.extraFields.isEmpty && this.#keptFields === NONE) {
      return NONE;
    }
    const names = new Set(own.map(([name]) => name.toLowerCase()));
    const kept = [...this.#keptFields, ...this.extraFields].filter(([name]) => {
      const lower = name.toLowerCase();
      return lower === "set-cookie" || !names.has(lower);
    });
    const { stickyCookie } = this;
    return stickyCookie === undefined ? kept : [...kept, ["Set-Cookie", stickyCookie]];
  }

  noteCaptures(captures: RegExpExecArray): void {
    this.captures = captures;
    if (!captures.groups) return;
    for (const [name, value] of Object.entries(captures.groups)) {
      this.#variables.set(name.toLowerCase(), value ?? "");
    }
  }

  /** The group's text; "" when it took no part. */
  capture(number: number): string {
    const text = this.captures?.[number] ?? "";
    if (!this.#escapesCaptures) return text;
    return escapeChars(text, "%", (code) => UNSAFE_IN_ARGUMENTS.test(String.fromCharCode(code)));
  }

  /** Groups go into a query string: they are escaped if the client's own path was (ngx_http_script_copy_capture_code). */
  withEscapedCaptures(evaluate: () => string): string {
    this.#escapesCaptures = /^[^?]*[%+]/.test(this.originalTarget.raw);
    try {
      return evaluate();
    } finally {
      this.#escapesCaptures = false;
    }
  }

  /** The value of a `set` variable or a named group; `name`: in lower case. */
  variable(name: string): string {
    return this.#variables.get(name) ?? "";
  }

  setVariable(name: string, value: string): void {
    if (name === "args")
      this.target = { ...this.target, query: value, raw: withQuery(this, value) };
    else if (name === "limit_rate") this.limitRate = parseSize(value) ?? 0;
    else this.#variables.set(name, value);
  }

  /** The file that the URI names under `root` or `alias`, as text. */
  filePath(path = this.target.path): string {
    return fromByteString(mappedPath(this, path));
  }

  /** The type that `types` gives to the extension of the path. */
  contentTypeOf(path: string): string {
    const { core } = this.location.settings;
    const extension = /\.([^./]+)$/.exec(path)?.[1]?.toLowerCase();
    return (extension && core.types.get(extension)) ?? core.defaultType;
  }

  /** Writes to the location's error log with the facts of the request, in nginx's form. */
  logError(level: ErrorLevel, message: string, upstreamUrl?: string): void {
    const { head, connection } = this.exchange;
    const host = head.fields.find(([name]) => name.toLowerCase() === "host")?.[1];
    const facts = [
      message,
      `client: ${this.remoteAddress}`,
      `server: ${this.server.primaryName}`,
      ...(head.line === "" ? [] : [`request: "${head.line}"`]),
      ...(upstreamUrl === undefined ? [] : [`upstream: "${upstreamUrl}"`]),
      ...(host === undefined ? [] : [`host: "${host}"`]),
    ];
    this.#services.errorLogOf(this.location).write(level, facts.join(", "), connection.number);
  }
}

/** What NGX_ESCAPE_ARGS escapes. */
const UNSAFE_IN_ARGUMENTS = /[\p{Cc} "#%&+;<>?\\^`{|}\xa0-\xff]/u;

function withQuery({ target }: RequestContext, query: string): string {
  return `${escapePath(target.path)}${query === "" ? "" : `?${query}`}`;
}
