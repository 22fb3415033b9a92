/** `set_real_ip_from`, `real_ip_header`, `real_ip_recursive` (ngx_http_realip_module): who the client is behind trusted proxies. */
import { canonicalAddress } from "../canonical-address.ts";
import { isIP } from "node:net";
import { flag, HTTP_LEVELS, list, single } from "../../nginx/directive.ts";
import type { DirectiveScope } from "../../nginx/directive-scope.ts";
import { valuesOf } from "../../../net/http1/header-field.ts";
import { splitHostPort } from "../listen-address.ts";
import type { Outcome } from "../phase.ts";
import type { RequestContext } from "../request-context.ts";
import { type AddressRange, readAddressRange } from "./address-range.ts";

export const realIpSettings = {
  trusted: list<AddressRange>({
    name: "set_real_ip_from",
    contexts: HTTP_LEVELS,
    value: ([text = ""], scope) => readTrusted(text, scope),
  }),
  /** In lower case. */
  header: single({
    name: "real_ip_header",
    contexts: HTTP_LEVELS,
    value: ([name = ""]) => name.toLowerCase(),
    initial: "x-real-ip",
  }),
  recursive: single({
    name: "real_ip_recursive",
    contexts: HTTP_LEVELS,
    value: flag,
    initial: false,
  }),
};

/** A host name stands for all its addresses. */
function readTrusted(text: string, scope: DirectiveScope): AddressRange {
  if (text.includes("/") || text === "unix:" || isIP(text) !== 0) return readAddressRange(text);
  let ranges: readonly AddressRange[] = [];
  scope.lookUpHost(text, (addresses) => {
    ranges = addresses.map(readAddressRange);
  });
  return (address) => ranges.some((range) => range(address));
}

export interface ClientAddress {
  readonly address: string;
  readonly port: number;
}

export const realIpEntry = { name: "realip", run: replaceAddress };

function replaceAddress(context: RequestContext): Outcome {
  const { trusted, header, recursive } = context.location.settings.realIp;
  if (trusted.length === 0 || context.client !== undefined) return "next";
  if (header === "proxy_protocol") return replaceByProxyHeader(context);
  const values = valuesOf(context.exchange.head.fields, header);
  const chain = header === "x-forwarded-for" ? values.join(",") : (values[0] ?? "");
  context.client = forwardedAddress(chain, {
    from: context.exchange.connection.remoteAddress,
    trusted,
    recursive,
  });
  return "next";
}

function replaceByProxyHeader(context: RequestContext): Outcome {
  const { remoteAddress, proxyProtocol } = context.exchange.connection;
  const { trusted } = context.location.settings.realIp;
  if (proxyProtocol && trusted.some((range) => range(remoteAddress))) {
    const { address, port } = proxyProtocol;
    context.client = { address: canonicalAddress(address), port };
  }
  return "next";
}

/**
 * Reads a list of addresses from its right end (ngx_http_get_forwarded_addr).
 * @returns undefined: the sender is not trusted, or no address stands there.
 */
export function forwardedAddress(
  chain: string,
  rules: {
    readonly from: string;
    readonly trusted: readonly AddressRange[];
    readonly recursive: boolean;
  },
): ClientAddress | undefined {
  let from = rules.from;
  let found: ClientAddress | undefined;
  const words = chain.split(/[ ,]+/).filter((word) => word !== "");
  for (const word of words.toReversed()) {
    if (!rules.trusted.some((range) => range(from))) break;
    const client = readAddress(word);
    if (!client) break;
    found = client;
    if (!rules.recursive) break;
    from = client.address;
  }
  return found;
}

function readAddress(word: string): ClientAddress | undefined {
  if (isIP(word) !== 0) return { address: word, port: 0 };
  const split = splitHostPort(word);
  if (!split || isIP(split.host) === 0) return undefined;
  const port = Number(split.port ?? 0);
  return Number.isInteger(port) && port < 65_536 ? { address: split.host, port } : undefined;
}
