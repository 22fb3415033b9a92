/** Where a proxy service can be reached: the listener's WSDLEPRPrefix, or its own address, and `/services/<name>`. */
import type { AddressPrefixes, Transport } from "../engine.ts";
import { isExposed, type ProxyService } from "./proxy-service.ts";

/** For each transport that the service is exposed on and the node listens on. */
export type ServiceAddresses = Readonly<Partial<Record<Transport, string>>>;

export const TRANSPORTS: readonly Transport[] = ["http", "https"];

/** The service's address on each transport. */
export function serviceAddresses(
  prefixes: AddressPrefixes,
  service: ProxyService,
): ServiceAddresses {
  const addresses: Partial<Record<Transport, string>> = {};
  for (const transport of TRANSPORTS) {
    const prefix = prefixes[transport];
    if (prefix === undefined || !isExposed(service, transport)) continue;
    addresses[transport] = `${prefix.replace(/\/+$/, "")}/services/${encodeURI(service.name)}`;
  }
  return addresses;
}

/** The addresses as pairs, http first. */
export function addressList(
  addresses: ServiceAddresses,
): readonly (readonly [transport: Transport, address: string])[] {
  return TRANSPORTS.flatMap((transport) => {
    const address = addresses[transport];
    return address === undefined ? [] : [[transport, address] as const];
  });
}
