/** An address, a network in CIDR form, "all" or "unix:": what `allow`, `deny` and `set_real_ip_from` name. */
import { BlockList, isIP, isIPv4 } from "node:net";
import { DirectiveFault } from "../../nginx/directive-fault.ts";

export type AddressRange = (address: string) => boolean;

/** @throws DirectiveFault. */
export function readAddressRange(text: string): AddressRange {
  if (text === "all") return () => true;
  if (text === "unix:") return (address) => address.startsWith("unix:");
  const [network = "", bits] = text.split("/");
  const familyBits = isIPv4(network) ? 32 : 128;
  const prefix = bits === undefined ? familyBits : Number(bits);
  const isPrefix = /^\d+$/.test(bits ?? "0") && prefix <= familyBits;
  if (isIP(network) === 0 || !isPrefix) throw new DirectiveFault(`invalid parameter "${text}"`);
  const list = new BlockList();
  list.addSubnet(network, prefix, isIPv4(network) ? "ipv4" : "ipv6");
  return (address) => {
    const version = isIP(address);
    return version !== 0 && list.check(address, version === 4 ? "ipv4" : "ipv6");
  };
}
