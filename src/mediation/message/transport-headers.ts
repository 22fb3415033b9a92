/**
 * The HTTP headers of a message: the "transport" property scope. Names are case-insensitive, keep the
 * spelling and order in which they came, and may repeat (Set-Cookie).
 */
import { CONNECTION_FIELDS } from "../../net/connection-fields.ts";
import type { HeaderList } from "../engine.ts";

/** What each sending side writes for itself, beside the connection's own. */
const OWN_HEADERS: ReadonlySet<string> = new Set([
  ...CONNECTION_FIELDS,
  "content-length",
  "expect",
  "host",
  "proxy-authenticate",
  "proxy-authorization",
]);

/** Headers that only a request has: an answer made from the request itself does not carry them back. */
const REQUEST_ONLY_HEADERS: ReadonlySet<string> = new Set([
  "accept",
  "accept-charset",
  "accept-encoding",
  "accept-language",
  "authorization",
  "cookie",
  "soapaction",
  "user-agent",
]);

// Characters that end a header line or that RFC 9110 section 5.5 forbids in a value.
// eslint-disable-next-line no-control-regex
const VALUE_BREAKS = /[\u0000-\u0008\u000A-\u001F\u007F]+/g;
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

export class TransportHeaders {
  /** Shared with whoever made it; a change makes another list. */
  #fields: HeaderList;
  readonly #fromRequest: boolean;

  /** `fromRequest`: the headers came from the client, see `forResponse`. */
  constructor(headers: HeaderList, fromRequest: boolean) {
    this.#fields = headers;
    this.#fromRequest = fromRequest;
  }

  copy(): TransportHeaders {
    return new TransportHeaders(this.#fields, this.#fromRequest);
  }

  /** The first value of that name. */
  get(name: string): string | undefined {
    return this.#valueOf(name.toLowerCase());
  }

  /** Replaces every value of that name; line breaks in the value become blanks. */
  set(name: string, value: string): void {
    const lower = name.toLowerCase();
    const field = [name, value.replace(VALUE_BREAKS, " ")] as const;
    const at = this.#fields.findIndex((present) => lowerOf(present) === lower);
    const others = this.#fields.filter((present) => lowerOf(present) !== lower);
    if (at === -1) others.push(field);
    else others.splice(at, 0, field);
    this.#fields = others;
  }

  remove(name: string): void {
    const lower = name.toLowerCase();
    if (this.#valueOf(lower) === undefined) return;
    this.#fields = this.#fields.filter((present) => lowerOf(present) !== lower);
  }

  clear(): void {
    this.#fields = [];
  }

  /**
   * What goes out to an endpoint, in a list of the caller's own. A name that HTTP does not allow is left out.
   * @param isReplaced whether a name, in lower case, is left out as well. Default: none.
   */
  forRequest(isReplaced?: (lowerName: string) => boolean): HeaderList[number][] {
    return this.#withoutConnection(isReplaced);
  }

  /** The length of the body as it came; undefined when it is unknown or the body was chunked. */
  get bodyLength(): string | undefined {
    const length = this.#valueOf("content-length");
    const isPlain = this.#valueOf("transfer-encoding") === undefined;
    return isPlain && length !== undefined && /^\d{1,15}$/.test(length) ? length : undefined;
  }

  /** What goes out to the client. */
  forResponse(): HeaderList[number][] {
    return this.#withoutConnection(this.#fromRequest ? isOfRequestsOnly : undefined);
  }

  #valueOf(lower: string): string | undefined {
    for (const field of this.#fields) if (lowerOf(field) === lower) return field[1];
    return undefined;
  }

  #withoutConnection(
    isLeftOut: ((lowerName: string) => boolean) | undefined,
  ): HeaderList[number][] {
    const connection = this.#valueOf("connection")?.toLowerCase();
    const isUsual =
      connection === undefined || connection === "keep-alive" || connection === "close";
    const named = isUsual ? undefined : connection.split(/\s*,\s*/);
    const kept: HeaderList[number][] = [];
    for (const field of this.#fields) {
      const lower = lowerOf(field);
      if (OWN_HEADERS.has(lower) || isLeftOut?.(lower) === true) continue;
      if (named?.includes(lower) === true) continue;
      // A name that was parsed is a valid one.
      if (field[2] === undefined && !NAME.test(field[0])) continue;
      kept.push(field);
    }
    return kept;
  }
}

function isOfRequestsOnly(lowerName: string): boolean {
  return REQUEST_ONLY_HEADERS.has(lowerName);
}

function lowerOf(field: HeaderList[number]): string {
  return field[2] ?? field[0].toLowerCase();
}
