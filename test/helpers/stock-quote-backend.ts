/**
 * The sample's SimpleStockQuoteService as what an endpoint call meets: the product's own service, without a socket,
 * and the two kinds of answers that tests make by hand.
 */
import { answerQuote } from "../../src/cli/sample/stock-quote-service.ts";
import type { EndpointRequest, EndpointResponse } from "../../src/mediation/engine.ts";
import { bytesStream } from "../../src/net/byte-queue.ts";

/** A response with a body in memory. */
export function responseOf(status: number, contentType: string, text: string): EndpointResponse {
  return {
    status,
    reason: status === 200 ? "OK" : "",
    headers: [
      ["Content-Type", contentType],
      ["Content-Length", String(Buffer.byteLength(text))],
    ],
    body: bytesStream(Buffer.from(text)),
  };
}

/** A 202 that announces no body. */
export function bareAck(): EndpointResponse {
  return { status: 202, reason: "Accepted", headers: [], body: bytesStream(Buffer.alloc(0)) };
}

/** Answers one request whose body has been read into `text`, with the service that the sample runs. */
export function stockQuoteResponse(request: EndpointRequest, text: string): EndpointResponse {
  const header = request.headers.find(([name]) => name.toLowerCase() === "soapaction");
  const soapAction = header?.[1].replaceAll('"', "") ?? "";
  const path = new URL(request.url).pathname;
  const { status, contentType, body } = answerQuote({ path, soapAction, body: text });
  return status === 202 ? bareAck() : responseOf(status, contentType, body);
}
