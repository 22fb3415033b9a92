/** The messages of the cases: SOAP envelopes of an exact size, with what the routing and the stylesheet look at. */

/** Sizes by the name that a case carries. */
export const SIZES = [
  ["500b", 500],
  ["10k", 10 * 1024],
  ["100k", 100 * 1024],
] as const;

const HEAD =
  '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body><order><symbol>IBM</symbol>';
const TAIL = "</order></soapenv:Body></soapenv:Envelope>";
const LINE = "<item><id>0123456789</id><count>7</count></item>";

/** An order of that many bytes: lines of items, and the rest as one text. */
export function orderOf(bytes: number): string {
  const room = bytes - HEAD.length - TAIL.length - "<pad></pad>".length;
  const count = Math.max(0, Math.floor(room / LINE.length));
  const rest = Math.max(0, room - count * LINE.length);
  return `${HEAD}${LINE.repeat(count)}<pad>${"x".repeat(rest)}</pad>${TAIL}`;
}

export const MESSAGE_HEADERS: Readonly<Record<string, string>> = {
  "Content-Type": "text/xml; charset=UTF-8",
  SOAPAction: '"urn:placeOrder"',
  "X-Route": "gold",
};
