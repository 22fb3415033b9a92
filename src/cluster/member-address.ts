/** Where a member is reached: the form of an address that all membership providers share. */

/** Name or IP address, and port. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** "host:port", the key and the printed form of an address; an IPv6 address in brackets. */
export function formatAddress({ host, port }: Address): string {
  return `${formatHost(host)}:${port}`;
}

/** As a host stands before a port and in a URL. */
export function formatHost(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}
