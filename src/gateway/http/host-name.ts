/**
 * The host that a request asks for, out of its `Host` field or target (RFC 9112 3.2): whether two parties could read
 * it differently, and its name as servers are chosen by it. The few hosts of a gateway come with every request,
 * so what is known of them is kept, up to a bound.
 */
import { splitHostPort } from "./listen-address.ts";

export interface HostName {
  /** "example.com", "example.com:80", "[::1]"; no empty name and no empty label inside. */
  readonly isValid: boolean;
  /** Lower case, without port, brackets and final dot. */
  readonly name: string;
  /** `$host`: an IPv6 address in brackets. */
  readonly shown: string;
}

/** A name or address with an optional port; visible characters without "/". */
const HOST_FORM = /^(?:\[[\da-fA-F:.]+\]|[!-.0-9;-Z\\^-~\u0080-\u00ff]+)(?::\d*)?$/;
const KNOWN_COUNT_MAX = 512;
const KNOWN_LENGTH_MAX = 255;

const known = new Map<string, HostName>();

/** `text`: with or without port, as received. */
export function hostNameOf(text: string): HostName {
  return known.get(text) ?? judge(text);
}

function judge(text: string): HostName {
  const lower = text.toLowerCase();
  const name = (splitHostPort(lower)?.host ?? lower).replace(/\.$/, "");
  const isValid = HOST_FORM.test(text) && !text.includes("..") && !/^\.(?::|$)/.test(text);
  const found = { isValid, name, shown: name.includes(":") ? `[${name}]` : name };
  if (known.size < KNOWN_COUNT_MAX && text.length <= KNOWN_LENGTH_MAX) {
    // A copy: a slice would keep the whole head that it was cut from.
    known.set(Buffer.from(text, "latin1").toString("latin1"), found);
  }
  return found;
}
