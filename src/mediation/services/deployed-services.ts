/** Which proxy services of a deployment this node runs (pinnedServers), and what they need before the first message. */
import type { Environment } from "../message/environment.ts";
import type { ProxyService } from "./proxy-service.ts";

/** The services that the node of that name runs. */
export function servicesOf(
  all: ReadonlyMap<string, ProxyService>,
  serverName: string,
): ReadonlyMap<string, ProxyService> {
  return new Map([...all].filter(([, service]) => isDeployedOn(service, serverName)));
}

function isDeployedOn({ pinnedServers }: ProxyService, serverName: string): boolean {
  return pinnedServers.length === 0 || pinnedServers.includes(serverName);
}

/** Says which services another server runs, and fetches the WSDLs that lie elsewhere. Never rejects. */
export async function prepareServices(
  all: ReadonlyMap<string, ProxyService>,
  serverName: string,
  environment: Environment,
): Promise<void> {
  const fetches: Promise<void>[] = [];
  for (const service of all.values()) {
    if (isDeployedOn(service, serverName)) fetches.push(service.contract.prepare(environment));
    else
      environment.log.info(
        `Server name ${serverName} not in pinned servers list. Not deploying Proxy service : ${service.name}`,
      );
  }
  await Promise.all(fetches);
}
