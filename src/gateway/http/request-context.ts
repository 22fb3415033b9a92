/**
 * Everything about one request that phases, variables and logs ask for. Made when the head is there, filled
 * as the request goes on. Variables read it, nothing else of the gateway keeps facts of a request.
 */
import type { Clock } from "../../runtime/clock.ts";
import type { ErrorLevel } from "../error-log-level.ts";
import type { LocationConfig, ServerConfig } from "../gateway-config.ts";
import type { AttemptRecord } from "../upstream/attempt-record.ts";
import type { Exchange, ResponseHead } from "./exchange.ts";
import type { RequestTarget } from "./request-target.ts";

/** Where error log lines of a request go. */
export interface ErrorLogWriter {
  write(level: ErrorLevel, message: string, connection?: number): void;
}

export interface ContextStart {
  readonly exchange: Exchange;
  readonly target: RequestTarget;
  readonly server: ServerConfig;
  /** Groups of the regular expression in `server_name`. */
  readonly serverCaptures: RegExpExecArray | undefined;
  readonly clock: Clock;
  readonly errorLogOf: (location: LocationConfig) => ErrorLogWriter;
}

export class RequestContext {
  readonly exchange: Exchange;
  readonly target: RequestTarget;
  readonly server: ServerConfig;
  readonly clock: Clock;
  readonly startedMs: number;
  /** The chosen location; before the choice, the server's own level. */
  location: LocationConfig;
  /** Groups of the last regular expression that matched. */
  captures: RegExpExecArray | undefined;
  /** Tries of upstream peers, in order. */
  readonly attempts: AttemptRecord[] = [];
  /** The host of `proxy_pass`, and its port: $proxy_host, $proxy_port. */
  proxyTarget: { readonly host: string; readonly port: string } | undefined;
  /** The head that was sent, or is about to be. */
  response: ResponseHead | undefined;
  /** Status for the log where no head was sent: 499, 444. */
  statusWithoutResponse = 0;
  /** Made when first asked for. */
  requestId: string | undefined;
  readonly #errorLogOf: ContextStart["errorLogOf"];
  readonly #serverCaptures: RegExpExecArray | undefined;

  constructor(start: ContextStart) {
    this.exchange = start.exchange;
    this.target = start.target;
    this.server = start.server;
    this.location = start.server.location;
    this.captures = start.serverCaptures;
    this.#serverCaptures = start.serverCaptures;
    this.clock = start.clock;
    this.startedMs = start.clock.monotonicMs();
    this.#errorLogOf = start.errorLogOf;
  }

  get status(): number {
    return this.response?.status ?? this.statusWithoutResponse;
  }

  /** The value of a named group of the location's or the server's regular expression. */
  namedCapture(name: string): string {
    for (const captures of [this.captures, this.#serverCaptures]) {
      for (const [key, value] of Object.entries(captures?.groups ?? {})) {
        if (key.toLowerCase() === name && value !== undefined) return value;
      }
    }
    return "";
  }

  /** Writes to the location's error log with the facts of the request, in nginx's form. */
  logError(level: ErrorLevel, message: string, upstreamUrl?: string): void {
    const { head, connection } = this.exchange;
    const host = head.fields.find(([name]) => name.toLowerCase() === "host")?.[1];
    const facts = [
      message,
      `client: ${connection.remoteAddress}`,
      `server: ${this.server.primaryName}`,
      `request: "${head.method} ${head.target} HTTP/${head.version}"`,
      ...(upstreamUrl === undefined ? [] : [`upstream: "${upstreamUrl}"`]),
      ...(host === undefined ? [] : [`host: "${host}"`]),
    ];
    this.#errorLogOf(this.location).write(level, facts.join(", "), connection.number);
  }
}
