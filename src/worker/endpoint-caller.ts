/** Gives mediation its way out: calls to endpoints go through the node's HTTP client. */
import { EndpointFailure } from "../mediation/endpoint-failure.ts";
import type { EndpointCaller } from "../mediation/engine.ts";
import type { HttpClient } from "../net/http-client.ts";
import { HttpFailure } from "../net/outgoing-request.ts";

export function createEndpointCaller(client: HttpClient): EndpointCaller {
  return (request) => client.send(request).catch(throwEndpointFailure);
}

function throwEndpointFailure(error: unknown): never {
  if (!(error instanceof HttpFailure)) throw error;
  throw new EndpointFailure(error.kind, error.message, error);
}
