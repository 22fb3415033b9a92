/**
 * Which proxy services of a deployment this node runs (pinnedServers), and what they need before the first message. Most need
 * nothing: only those that do are looked at.
 */
import type { Environment } from "../message/environment.ts";
import type { ProxyService } from "./proxy-service.ts";

/** Whether it is for some servers only, or publishes what must be fetched. */
export function needsPreparing({ pinnedServers, contract }: ProxyService): boolean {
  return pinnedServers.length > 0 || contract.isRemote;
}

/** The services that the node of that name runs. `prepared`: of all those that need preparing. */
export function servicesOf(
  all: ReadonlyMap<string, ProxyService>,
  prepared: ReadonlyMap<string, ProxyService>,
  serverName: string,
): ReadonlyMap<string, ProxyService> {
  if ([...prepared.values()].every((service) => isDeployedOn(service, serverName))) return all;
  return new Map([...all].filter(([, service]) => isDeployedOn(service, serverName)));
}

function isDeployedOn({ pinnedServers }: ProxyService, serverName: string): boolean {
  return pinnedServers.length === 0 || pinnedServers.includes(serverName);
}

/**
 * Says which services another server runs, and fetches the WSDLs that lie elsewhere. Never rejects. `prepared`: those that
 * need preparing.
 */
export async function prepareServices(
  prepared: ReadonlyMap<string, ProxyService>,
  serverName: string,
  environment: Environment,
): Promise<void> {
  const fetches: Promise<void>[] = [];
  for (const service of prepared.values()) {
    if (isDeployedOn(service, serverName)) fetches.push(service.contract.prepare(environment));
    else
      environment.log.info(
        `Server name ${serverName} not in pinned servers list. Not deploying Proxy service : ${service.name}`,
      );
  }
  await Promise.all(fetches);
}
