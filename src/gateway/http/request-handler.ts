/**
 * One request: its target, its server, the phases, the log. Called by the listeners for every exchange; never
 * rejects, whatever a client or a peer does. What happens in between is the list in phases.ts.
 */
import { messageOf } from "../../errors/app-error.ts";
import type { Cycle } from "../cycle.ts";
import type { AddressConfig, ServerConfig } from "../gateway-config.ts";
import { writeAccessLog } from "./access-log-lines.ts";
import type { Exchange } from "./exchange.ts";
import { fieldValue } from "./header-fields.ts";
import { splitHostPort } from "./listen-address.ts";
import { runPhases } from "./phases.ts";
import { RequestContext } from "./request-context.ts";
import { refusalOf } from "./request-refusal.ts";
import { parseRequestTarget, type RequestTarget } from "./request-target.ts";
import { respondError } from "./responses.ts";
import type { ServerMatch } from "./server-names.ts";

const NO_TARGET: RequestTarget = { path: "/", query: "", raw: "/", host: undefined };

/** Resolves when the response is over and logged. */
export async function handleRequest(
  exchange: Exchange,
  address: AddressConfig,
  cycle: Cycle,
): Promise<void> {
  const { mergeSlashes } = address.defaultServer.location.settings.core;
  const target = parseRequestTarget(exchange.head.target, mergeSlashes);
  const { server, captures } = chooseServer(exchange, address, target);
  const context = new RequestContext({
    exchange,
    target: target ?? NO_TARGET,
    server,
    serverCaptures: captures,
    clock: cycle.clock,
    errorLogOf: (location) => cycle.errorLogOf(location),
    runPhases: (current, from) => runPhases(current, cycle, from),
  });
  try {
    const refusal = refusalOf(exchange.head, target);
    const { fault } = exchange.head;
    if (fault) context.logError("info", fault.sentence);
    if (refusal === undefined) {
      await runPhases(context, cycle, "post read");
    } else await respondError(context, refusal);
  } catch (error) {
    context.logError("crit", `request failed: ${messageOf(error)}`);
    if (!exchange.responded) await respondError(context, 500).catch(() => exchange.drop());
  }
  if (exchange.aborted && !exchange.responded) context.statusWithoutResponse = 499;
  writeAccessLog(context, cycle.config.logFormats, cycle.logs);
}

function chooseServer(
  exchange: Exchange,
  address: AddressConfig,
  target: RequestTarget | undefined,
): ServerMatch<ServerConfig> {
  const host = target?.host ?? fieldValue(exchange.head.fields, "host");
  const name = (splitHostPort(host)?.host ?? "").toLowerCase().replace(/\.$/, "");
  return address.names.find(name) ?? { server: address.defaultServer, captures: undefined };
}
