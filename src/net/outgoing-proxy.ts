/**
 * The HTTP proxy of outgoing calls: axis2.xml's `http.proxyHost`, `http.proxyPort` and `http.nonProxyHosts` of the
 * transport sender, or the system properties of these names, as WSO2's pass-through sender reads them.
 */

export interface OutgoingProxy {
  readonly host: string;
  /** Default of WSO2: 80. */
  readonly port: number;
  /** Hosts that are called directly; "*" stands for any text, as in `*.example.com`. */
  readonly directHosts: readonly string[];
}

/** A list such as "localhost|127.*|*.example.com"; commas and blanks separate as well. */
export function readDirectHosts(text: string): readonly string[] {
  return text
    .split(/[|,\s]+/)
    .map((host) => host.toLowerCase())
    .filter((host) => host !== "");
}

/** Whether calls to "host:port" go through the proxy. */
export function isProxied({ directHosts }: OutgoingProxy, authority: string): boolean {
  const host = authority.slice(0, authority.lastIndexOf(":")).toLowerCase();
  return !directHosts.some((pattern) => matches(pattern, host));
}

/** Text parts between "*" must follow each other; no backtracking, whatever the pattern. */
function matches(pattern: string, host: string): boolean {
  const [first = "", ...others] = pattern.split("*");
  if (others.length === 0) return host === pattern;
  if (!host.startsWith(first)) return false;
  const last = others.pop() ?? "";
  let at = first.length;
  for (const part of others) {
    const found = host.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return host.length - at >= last.length && host.endsWith(last);
}
