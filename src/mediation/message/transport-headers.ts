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
  #fields: [name: string, value: string][];
  readonly #fromRequest: boolean;

  /** `fromRequest`: the headers came from the client, see `forResponse`. */
  constructor(headers: HeaderList, fromRequest: boolean) {
    this.#fields = headers.map(([name, value]) => [name, value]);
    this.#fromRequest = fromRequest;
  }

  copy(): TransportHeaders {
    return new TransportHeaders(this.#fields, this.#fromRequest);
  }

  /** The first value of that name. */
  get(name: string): string | undefined {
    const wanted = name.toLowerCase();
    return this.#fields.find(([present]) => present.toLowerCase() === wanted)?.[1];
  }

  /** Replaces every value of that name; line breaks in the value become blanks. */
  set(name: string, value: string): void {
    const field: [string, string] = [name, value.replace(VALUE_BREAKS, " ")];
    const at = this.#fields.findIndex(([present]) => sameName(present, name));
    this.remove(name);
    if (at === -1) this.#fields.push(field);
    else this.#fields.splice(at, 0, field);
  }

  remove(name: string): void {
    this.#fields = this.#fields.filter(([present]) => !sameName(present, name));
  }

  clear(): void {
    this.#fields = [];
  }

  /** What goes out to an endpoint. A name that HTTP does not allow is left out. */
  forRequest(): HeaderList {
    return this.#withoutConnection();
  }

  /** The length of the body as it came; undefined when it is unknown or the body was chunked. */
  get bodyLength(): string | undefined {
    const length = this.get("content-length");
    const isPlain = this.get("transfer-encoding") === undefined;
    return isPlain && length !== undefined && /^\d{1,15}$/.test(length) ? length : undefined;
  }

  /** What goes out to the client. */
  forResponse(): HeaderList {
    const headers = this.#withoutConnection();
    if (!this.#fromRequest) return headers;
    return headers.filter(([name]) => !REQUEST_ONLY_HEADERS.has(name.toLowerCase()));
  }

  #withoutConnection(): HeaderList {
    const named = (this.get("connection") ?? "").toLowerCase().split(/\s*,\s*/);
    return this.#fields.filter(([name]) => {
      const lower = name.toLowerCase();
      return NAME.test(name) && !OWN_HEADERS.has(lower) && !named.includes(lower);
    });
  }
}

function sameName(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}
