/** Where a member is reached: the form of an address that all membership providers share. */

/** Name or IP address, and port. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** "host:port", the key and the printed form of an address. */
export function formatAddress(address: Address): string {
  return `${address.host}:${address.port}`;
}
