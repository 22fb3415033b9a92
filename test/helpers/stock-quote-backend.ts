/**
 * A double of SimpleStockQuoteService, the sample back end of Synapse: a pure function from an endpoint request to a
 * response. SOAP 1.1, SOAP 1.2 and plain XML; dispatches by SOAPAction, by the payload's name and by
 * path, as the README of the acceptance cases describes.
 */
import { Readable } from "node:stream";
import type { EndpointRequest, EndpointResponse } from "../../src/mediation/engine.ts";

const SOAP11 = "http://schemas.xmlsoap.org/soap/envelope/";
const SOAP12 = "http://www.w3.org/2003/05/soap-envelope";

/** A response with a body in memory. */
export function responseOf(status: number, contentType: string, text: string): EndpointResponse {
  return {
    status,
    reason: status === 200 ? "OK" : "",
    headers: [
      ["Content-Type", contentType],
      ["Content-Length", String(Buffer.byteLength(text))],
    ],
    body: Readable.from([Buffer.from(text)]),
  };
}

/** A 202 that announces no body. */
export function bareAck(): EndpointResponse {
  return { status: 202, reason: "Accepted", headers: [], body: Readable.from([]) };
}

/** Answers one request whose body has been read into `text`. */
export function stockQuoteResponse(request: EndpointRequest, text: string): EndpointResponse {
  const operation = operationOf(request, text);
  if (operation === "placeOrder") return bareAck();
  if (operation === "getQuote") return reply(text, quote(symbolIn(text)));
  if (operation === "getSimpleQuote")
    return reply(
      text,
      quote(symbolIn(text)).replaceAll("getQuoteResponse", "getSimpleQuoteResponse"),
    );
  if (operation === "sampleOperation")
    return reply(text, '<ns:sampleOperationResponse xmlns:ns="http://services.samples"/>');
  return reply(
    text,
    `<soapenv:Fault xmlns:soapenv="${SOAP11}"><faultcode>soapenv:Client</faultcode><faultstring>unknown operation</faultstring></soapenv:Fault>`,
    500,
  );
}

const OPERATIONS = ["getQuote", "getSimpleQuote", "placeOrder", "sampleOperation"];

function operationOf(request: EndpointRequest, text: string): string | undefined {
  const action = request.headers.find(([name]) => name.toLowerCase() === "soapaction")?.[1] ?? "";
  const byAction = OPERATIONS.find((name) => action.replaceAll('"', "") === `urn:${name}`);
  const inBody = /<(?:[\w.-]+:)?Body[^>]*>\s*<(?:[\w.-]+:)?([\w.-]+)/.exec(text)?.[1];
  const root = /^\s*(?:<\?[^>]*>)?\s*<(?:[\w.-]+:)?([\w.-]+)/.exec(text)?.[1];
  const byPath = new URL(request.url).pathname.split("/").at(-1);
  return byAction ?? OPERATIONS.find((name) => [inBody, root, byPath].includes(name));
}

function symbolIn(text: string): string {
  return /<(?:[\w.-]+:)?symbol[^>]*>([^<]*)</.exec(text)?.[1] ?? "";
}

function reply(request: string, payload: string, status = 200): EndpointResponse {
  if (request.includes(SOAP12))
    return responseOf(status, "application/soap+xml; charset=UTF-8", enveloped(SOAP12, payload));
  if (request.includes(SOAP11))
    return responseOf(status, "text/xml; charset=UTF-8", enveloped(SOAP11, payload));
  return responseOf(status, "application/xml; charset=UTF-8", payload);
}

function enveloped(namespace: string, payload: string): string {
  return `<?xml version='1.0' encoding='UTF-8'?><soapenv:Envelope xmlns:soapenv="${namespace}"><soapenv:Body>${payload}</soapenv:Body></soapenv:Envelope>`;
}

const FIELDS: readonly (readonly [string, string])[] = [
  ["change", "-2.86843917118114"],
  ["earnings", "-8.540305401672558"],
  ["high", "-176.67958828498735"],
  ["last", "177.66987465262923"],
  ["lastTradeTimestamp", "Tue Nov 17 10:15:30 UTC 2026"],
  ["low", "-176.30898912339075"],
  ["marketCap", "5.649557998178506E7"],
  ["name", ""],
  ["open", "185.62740369461244"],
  ["peRatio", "24.341353665128693"],
  ["percentageChange", "-1.4930577008849097"],
  ["prevClose", "192.11844053187397"],
  ["symbol", ""],
  ["volume", "7791"],
];

function quote(symbol: string): string {
  const values: Readonly<Record<string, string>> = { name: `${symbol} Company`, symbol };
  const children = FIELDS.map(
    ([name, value]) => `<ax21:${name}>${values[name] ?? value}</ax21:${name}>`,
  );
  return `<ns:getQuoteResponse xmlns:ns="http://services.samples"><ns:return xmlns:ax21="http://services.samples/xsd" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="ax21:GetQuoteResponse">${children.join("")}</ns:return></ns:getQuoteResponse>`;
}
