/**
 * Flows that no client waits for: messages of stores and of tasks. The exchange has no connection behind it, what is
 * answered is thrown away. A response of an endpoint goes to the out sequence of the proxy service that the message
 * came through, else to `main`, as Axis2SynapseEnvironment.injectMessage does.
 */
import type { HeaderList, ServiceRequest, ServiceResponse } from "../engine.ts";
import type { Environment } from "../message/environment.ts";
import type { Message } from "../message/message.ts";
import { propertyText } from "../message/property-value.ts";
import { requireSequence, runSequence } from "../mediators/sequence.ts";
import type { ProxyService } from "../services/proxy-service.ts";
import { ClientExchange, type OutFlow } from "./client-exchange.ts";
import { runGuarded } from "./fault-handling.ts";

export interface DetachedOptions {
  readonly environment: Environment;
  readonly services: ReadonlyMap<string, ProxyService>;
  readonly request: ServiceRequest;
}

/**
 * Runs an action on a message. Resolves when the action and all that it began is over; never rejects.
 * @param make makes the message for the exchange; what it throws is logged.
 */
export async function runDetached(
  options: DetachedOptions,
  make: (exchange: ClientExchange) => Message,
  action: (message: Message) => Promise<unknown>,
): Promise<void> {
  const { environment, request, services } = options;
  const exchange = new ClientExchange({
    request,
    environment,
    serviceName: undefined,
    outFlow: outFlowOf(services),
  });
  const message = make(exchange);
  const handler = environment.sequence("fault");
  if (handler) message.faultHandlers.push(handler);
  await runGuarded(message, async () => {
    await action(message);
  });
  await exchange.finish();
  discardAnswer(await exchange.response);
}

/** A request that no client sent. */
export function detachedRequest(
  parts: Partial<Pick<ServiceRequest, "method" | "target" | "transport">> & {
    readonly headers?: HeaderList;
  },
  body?: Buffer,
): ServiceRequest {
  return {
    method: parts.method ?? "POST",
    target: parts.target ?? "/",
    headers: parts.headers ?? [],
    body,
    transport: parts.transport ?? "http",
    remoteAddress: "",
    addressPrefixes: {},
  };
}

/** Nobody reads the body of the answer. */
export function discardAnswer({ body }: ServiceResponse): void {
  if (body !== undefined && !Buffer.isBuffer(body)) body.discard();
}

function outFlowOf(services: ReadonlyMap<string, ProxyService>): OutFlow {
  return async (response) => {
    const name = response.properties.get("proxy.name");
    const flow = name === undefined ? undefined : services.get(propertyText(name))?.outFlow;
    if (flow?.kind === "inline") return runSequence(flow.sequence, response);
    return runSequence(requireSequence(response, flow?.key ?? "main"), response);
  };
}
