/**
 * The sample's backend as a pure function: SimpleStockQuoteService, known from the Synapse samples. SOAP 1.1,
 * SOAP 1.2 and plain XML; the operation is found by SOAPAction, by the body's first element, or by the path.
 * Prices are made from the symbol's letters, so that the same question has the same answer.
 */
import { encodeEntities } from "../../config/xml-entities.ts";
import { childElements, textOf } from "../../config/xml-query.ts";
import { parseXml, type XmlElement } from "../../config/xml.ts";
import { AppError, messageOf } from "../../errors/app-error.ts";
import { stockQuoteWsdl } from "./stock-quote-wsdl.ts";

export interface QuoteRequest {
  /** With its query; `?wsdl` asks for the contract. */
  readonly path: string;
  /** "name:port" that the request was sent to, for the contract. Default: the sample's own address. */
  readonly host?: string | undefined;
  /** Without quotes; "" when there is none. */
  readonly soapAction: string;
  readonly body: string;
}

export interface QuoteResponse {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

type Operation = "getQuote" | "getSimpleQuote" | "placeOrder";

const OPERATIONS: readonly Operation[] = ["getQuote", "getSimpleQuote", "placeOrder"];
const SOAP_11 = "http://schemas.xmlsoap.org/soap/envelope/";
const SOAP_12 = "http://www.w3.org/2003/05/soap-envelope";

/** Where the sample listens, unless the request says it. */
const DEFAULT_HOST = "localhost:9000";

export function answerQuote(request: QuoteRequest): QuoteResponse {
  if (/\?wsdl$/i.test(request.path)) {
    const body = stockQuoteWsdl(request.host ?? DEFAULT_HOST);
    return { status: 200, contentType: "text/xml; charset=UTF-8", body };
  }
  try {
    const root = request.body.trim() === "" ? undefined : parseXml(request.body, "request");
    const soap =
      root?.namespace === SOAP_11 || root?.namespace === SOAP_12 ? root.namespace : undefined;
    const payload = soap && root ? firstOfBody(root) : root;
    const operation = operationOf(request, payload);
    if (operation === undefined) {
      const reason = "the operation is none of getQuote, getSimpleQuote, placeOrder";
      return fault(soap, reason);
    }
    if (operation === "placeOrder") return { status: 202, contentType: "", body: "" };
    return respond(soap, 200, quoteXml(operation, symbolOf(payload)));
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return fault(undefined, messageOf(error));
  }
}

function firstOfBody(envelope: XmlElement): XmlElement | undefined {
  const body = childElements(envelope).find((element) => element.name === "Body");
  return body ? childElements(body)[0] : undefined;
}

function operationOf(
  request: QuoteRequest,
  payload: XmlElement | undefined,
): Operation | undefined {
  const action = request.soapAction.split(/[:/]/).at(-1);
  const last = request.path.split("?")[0]?.split("/").at(-1);
  return (
    OPERATIONS.find((operation) => operation === action) ??
    OPERATIONS.find((operation) => operation === payload?.name) ??
    OPERATIONS.find((operation) => operation === last)
  );
}

/** The first element named symbol, at any depth. */
function symbolOf(element: XmlElement | undefined): string {
  if (!element) return "";
  if (element.name === "symbol") return textOf(element);
  for (const child of childElements(element)) {
    const symbol = symbolOf(child);
    if (symbol !== "") return symbol;
  }
  return "";
}

function quoteXml(operation: Operation, symbol: string): string {
  const shown = encodeEntities(symbol);
  let seed = 7;
  for (const letter of symbol) seed = (seed * 31 + (letter.codePointAt(0) ?? 0)) % 100_003;
  const price = (factor: number): string => (50 + ((seed * factor) % 10_000) / 100).toFixed(2);
  const values: readonly (readonly [name: string, value: string])[] = [
    ["change", (((seed % 1_000) - 500) / 100).toFixed(2)],
    ["earnings", price(3)],
    ["high", price(5)],
    ["last", price(7)],
    ["lastTradeTimestamp", new Date(0).toUTCString()],
    ["low", price(11)],
    ["marketCap", String(seed * 1_000)],
    ["name", `${shown} Company`],
    ["open", price(13)],
    ["peRatio", price(17)],
    ["percentageChange", ((seed % 700) / 100).toFixed(2)],
    ["prevClose", price(19)],
    ["symbol", shown],
    ["volume", String(seed % 50_000)],
  ];
  const children = values.map(([name, value]) => `<ax21:${name}>${value}</ax21:${name}>`).join("");
  return (
    `<ns:${operation}Response xmlns:ns="http://services.samples">` +
    '<ns:return xmlns:ax21="http://services.samples/xsd" ' +
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="ax21:GetQuoteResponse">' +
    `${children}</ns:return></ns:${operation}Response>`
  );
}

function respond(soap: string | undefined, status: number, payload: string): QuoteResponse {
  if (soap === undefined)
    return { status, contentType: "application/xml; charset=UTF-8", body: payload };
  const type = soap === SOAP_12 ? "application/soap+xml" : "text/xml";
  const body = `<soapenv:Envelope xmlns:soapenv="${soap}"><soapenv:Body>${payload}</soapenv:Body></soapenv:Envelope>`;
  return { status, contentType: `${type}; charset=UTF-8`, body };
}

function fault(soap: string | undefined, reason: string): QuoteResponse {
  const text = encodeEntities(reason);
  const payload =
    soap === SOAP_12
      ? `<soapenv:Fault><soapenv:Code><soapenv:Value>soapenv:Sender</soapenv:Value></soapenv:Code><soapenv:Reason><soapenv:Text xml:lang="en">${text}</soapenv:Text></soapenv:Reason></soapenv:Fault>`
      : `<soapenv:Fault><faultcode>soapenv:Client</faultcode><faultstring>${text}</faultstring></soapenv:Fault>`;
  return respond(soap ?? SOAP_11, 500, payload);
}
