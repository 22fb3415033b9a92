/** Serves the sample's backend on a port; gives every client without one a JSESSIONID cookie, so that stickiness can be seen. */
import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { AppError, systemCodeOf } from "../../errors/app-error.ts";
import type { Closable } from "../../runtime/lifecycle.ts";
import { answerQuote } from "./stock-quote-service.ts";

const BODY_BYTES_MAX = 1024 * 1024;

export class BackendServer implements Closable {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** Listens on loopback. @throws AppError PORT_BUSY. */
  static async start(port: number): Promise<BackendServer> {
    const server = createServer((request, response) => {
      answer(request, response).catch(() => response.destroy());
    });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.once("error", reject);
    server.listen({ port, host: "127.0.0.1" }, resolve);
    try {
      await promise;
    } catch (cause) {
      if (systemCodeOf(cause) !== "EADDRINUSE") throw cause;
      throw new AppError("PORT_BUSY", `port ${port} (sample backend) is taken; use --port`, {
        cause,
      });
    }
    return new BackendServer(server);
  }

  close(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    this.#server.closeIdleConnections();
    return promise;
  }
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = request.url ?? "/";
  if (!path.startsWith("/services/SimpleStockQuoteService")) {
    request.resume();
    response.writeHead(404, { "Content-Type": "text/plain" }).end(`no service at ${path}\n`);
    return;
  }
  const body = await readBody(request);
  if (body === undefined) {
    response.writeHead(413, { Connection: "close" }).end();
    return;
  }
  const { headers } = request;
  const quote = answerQuote({
    path,
    host: headers.host,
    soapAction: String(headers["soapaction"] ?? "").replaceAll('"', ""),
    body,
  });
  if (!/(^|;\s*)JSESSIONID=/.test(headers.cookie ?? "")) {
    const session = randomBytes(16).toString("hex").toUpperCase();
    response.setHeader("Set-Cookie", `JSESSIONID=${session}; Path=/; HttpOnly`);
  }
  if (quote.contentType !== "") response.setHeader("Content-Type", quote.contentType);
  response.writeHead(quote.status, { "Content-Length": Buffer.byteLength(quote.body) });
  response.end(quote.body);
}

/** Undefined: larger than the limit. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) continue;
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
