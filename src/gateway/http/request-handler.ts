/**
 * One request: its target, its server, the phases, the log. Called by the listeners for every exchange; never
 * throws, whatever a client or a peer does. What happens in between is the list in phases.ts.
 */
import { messageOf } from "../../errors/app-error.ts";
import type { Cycle } from "../cycle.ts";
import type { AddressConfig, ServerConfig } from "../gateway-config.ts";
import { writeAccessLog } from "./access-log-lines.ts";
import type { Exchange } from "./exchange.ts";
import { fieldValue } from "./header-fields.ts";
import { hostNameOf } from "./host-name.ts";
import type { Running } from "./phase.ts";
import { runPhases } from "./phases.ts";
import { type ContextServices, RequestContext } from "./request-context.ts";
import { refusalOf } from "./request-refusal.ts";
import { parseRequestTarget, type RequestTarget } from "./request-target.ts";
import { respondError } from "./responses.ts";
import type { ServerMatch } from "./server-names.ts";

/** Names of an address whose servers are remembered. */
const KNOWN_NAMES_MAX = 512;

const NO_TARGET: RequestTarget = { path: "/", query: "", raw: "/", host: undefined };

/** The requests of one cycle. */
export class RequestHandler {
  readonly #cycle: Cycle;
  readonly #services: ContextServices;
  /** Servers by name that were chosen before, of each address. */
  readonly #servers = new Map<AddressConfig, Map<string, ServerMatch<ServerConfig>>>();

  constructor(cycle: Cycle) {
    this.#cycle = cycle;
    this.#services = {
      clock: cycle.clock,
      wheel: cycle.proxy.wheel,
      counts: () => cycle.counts(),
      errorLogOf: (location) => cycle.errorLogOf(location),
      runPhases: (context, from) => runPhases(context, cycle, from),
    };
  }

  /** The cycle counts the request until its response is over and logged. */
  handle(exchange: Exchange, address: AddressConfig): void {
    const slot = this.#cycle.enter(exchange);
    const { mergeSlashes } = address.defaultServer.location.settings.core;
    const target = parseRequestTarget(exchange.head.target, mergeSlashes);
    const { server, captures } = this.#chooseServer(exchange, address, target);
    const context = new RequestContext({
      exchange,
      target: target ?? NO_TARGET,
      server,
      serverCaptures: captures,
      services: this.#services,
    });
    context.slot = slot;
    try {
      this.#await(context, this.#start(context, target));
    } catch (error) {
      this.#fail(context, error);
    }
  }

  #start(context: RequestContext, target: RequestTarget | undefined): Running {
    const { head } = context.exchange;
    if (head.fault) context.logError("info", head.fault.sentence);
    const refusal = refusalOf(head, target);
    return refusal === undefined
      ? runPhases(context, this.#cycle, "post read")
      : respondError(context, refusal);
  }

  #await(context: RequestContext, running: Running): void {
    if (!running) return this.#finish(context);
    if (running instanceof Promise) {
      running.then(
        () => this.#finish(context),
        (error: unknown) => this.#fail(context, error),
      );
      return;
    }
    running.whenOver((error) => {
      if (error === undefined) this.#finish(context);
      else this.#fail(context, error);
    });
  }

  #fail(context: RequestContext, error: unknown): void {
    const { exchange } = context;
    context.logError("crit", `request failed: ${messageOf(error)}`);
    if (exchange.responded) return this.#finish(context);
    respondError(context, 500)
      .catch(() => exchange.drop())
      .finally(() => this.#finish(context));
  }

  #finish(context: RequestContext): void {
    const { exchange } = context;
    const { config, logs } = this.#cycle;
    if (exchange.aborted && !exchange.responded) context.statusWithoutResponse = 499;
    writeAccessLog(context, config.logFormats, logs);
    context.end();
    this.#cycle.leave(context.slot);
  }

  #chooseServer(
    exchange: Exchange,
    address: AddressConfig,
    target: RequestTarget | undefined,
  ): ServerMatch<ServerConfig> {
    const text = target?.host ?? fieldValue(exchange.head.fields, "host");
    const { name } = hostNameOf(text);
    const known = this.#servers.get(address)?.get(name);
    if (known) return known;
    const match = address.names.find(name) ?? {
      server: address.defaultServer,
      captures: undefined,
    };
    if (match.captures === undefined) this.#remember(address, name, match);
    return match;
  }

  #remember(address: AddressConfig, name: string, match: ServerMatch<ServerConfig>): void {
    const names = this.#servers.get(address) ?? new Map<string, ServerMatch<ServerConfig>>();
    this.#servers.set(address, names);
    if (names.size < KNOWN_NAMES_MAX && name.length < 256) names.set(name, match);
  }
}
