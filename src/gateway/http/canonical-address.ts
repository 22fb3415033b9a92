/** One text for one IP address: clients and headers may write IPv6 addresses in many ways. */
import { isIPv6, SocketAddress } from "node:net";

/** "2001:DB8:0:0:0:0:0:1" becomes "2001:db8::1"; other texts stay as they are. */
export function canonicalAddress(text: string): string {
  return isIPv6(text) ? new SocketAddress({ address: text, family: "ipv6" }).address : text;
}
