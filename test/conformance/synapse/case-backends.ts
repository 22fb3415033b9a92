/**
 * The back ends that cases name, over sockets: SimpleStockQuoteService as the samples know it, LBService1 of the
 * load-balancing samples, a plain HTTP server that answers 200, one that echoes ("echo"; the path /status/503 chooses
 * the status), and one that never answers ("silent"). Every request is kept as text. Ports that the set or the
 * case's notes call closed stay closed.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { answerQuote } from "../../../src/cli/sample/stock-quote-service.ts";
import type { Case } from "./case-format.ts";
import type { CasePorts } from "./case-ports.ts";
import { stockQuoteWsdl } from "./stock-quote-wsdl.ts";

const SOAP11 = "http://schemas.xmlsoap.org/soap/envelope/";
const SOAP12 = "http://www.w3.org/2003/05/soap-envelope";

/** The node's own HTTP port in configurations. */
export const SELF_PORT = "8480";
/** Closed on purpose, whatever the case's back end says. */
const CLOSED_PORTS = /^(?:9009|9010|9070|869\d)$/;

interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

export class CaseBackends {
  readonly #servers: Server[] = [];
  readonly #received: string[] = [];

  /** Starts what the case names. @throws Error when a port cannot be had. */
  static async start(item: Case, ports: CasePorts): Promise<CaseBackends> {
    const backends = new CaseBackends();
    for (const [port, kinds] of kindsByPort(item)) {
      const server = createServer((request, response) => {
        backends.#answer(request, response, { port, kinds }).catch(() => response.destroy());
      });
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      server.once("error", reject);
      server.listen({ port: ports.of(port), host: "127.0.0.1" }, resolve);
      await promise;
      backends.#servers.push(server);
    }
    return backends;
  }

  /** The requests so far, in the order of their arrival. */
  get received(): readonly string[] {
    return this.#received;
  }

  async close(): Promise<void> {
    for (const server of this.#servers) {
      const { promise, resolve } = Promise.withResolvers<void>();
      server.close(() => resolve());
      server.closeAllConnections();
      await promise;
    }
  }

  async #answer(
    request: IncomingMessage,
    response: ServerResponse,
    place: { readonly port: string; readonly kinds: readonly string[] },
  ): Promise<void> {
    const body = await text(request);
    const isContract = request.method === "GET" && /\?wsdl$/i.test(request.url ?? "");
    if (!isContract) this.#received.push(wireText(request, body));
    if (place.kinds.includes("silent")) return;
    if (request.headers["connection"]?.includes("close")) response.shouldKeepAlive = false;
    const { status, contentType, body: answer } = answerOf(request, body, place);
    if (contentType !== "") response.setHeader("Content-Type", contentType);
    response.writeHead(status, { "Content-Length": Buffer.byteLength(answer) });
    response.end(request.method === "HEAD" ? undefined : answer);
  }
}

/** What listens on each port that a case names: ["SimpleStockQuoteService SOAP", "http"]. */
function kindsByPort(item: Case): ReadonlyMap<string, readonly string[]> {
  const kinds = new Map<string, string[]>();
  for (const line of item.backend ?? []) {
    const [, kind = "", port = ""] = /^(.*?)\s*:(\d+)/.exec(line) ?? [];
    if (port === "" || port === SELF_PORT || isClosed(port, item)) continue;
    kinds.set(port, [...(kinds.get(port) ?? []), kind]);
  }
  const watched = kinds.size === 0 ? watchedPort(item) : undefined;
  if (watched !== undefined) kinds.set(watched, ["SimpleStockQuoteService"]);
  return kinds;
}

/** A case that names no back end and yet says what one receives means the one that its request is addressed to. */
function watchedPort({ expect, request }: Case): string | undefined {
  if (expect.backendRequestContains === undefined && expect.backendReceives === undefined)
    return undefined;
  return /To>\s*https?:\/\/localhost:(\d+)/.exec(request.body ?? "")?.[1];
}

/** "ports 9001-9003 closed" in the notes counts as well as the ports that are always closed. */
function isClosed(port: string, { notes = "" }: Case): boolean {
  if (CLOSED_PORTS.test(port)) return true;
  const ranges = notes.matchAll(/(?<!\d)(\d{4,5})(?:-(\d{4,5}))? closed/g);
  return [...ranges].some(
    ([, first = "", last = first]) => Number(port) >= Number(first) && Number(port) <= Number(last),
  );
}

function answerOf(
  request: IncomingMessage,
  body: string,
  { port, kinds }: { readonly port: string; readonly kinds: readonly string[] },
): Answer {
  const path = request.url ?? "/";
  const has = (word: string): boolean => kinds.some((kind) => kind.startsWith(word));
  if (has("LBService") && path.includes("/LBService")) return balancedAnswer(body, port);
  if (has("echo")) return echoAnswer(request, body);
  const hasQuotes = has("SimpleStockQuoteService") || has("LBService");
  if (hasQuotes && (path.includes("/SimpleStockQuoteService") || !(has("http") || has("Foo"))))
    return quoteAnswer(request, body);
  return path.includes("/Foo") ? unknownService(request, body) : PLAIN_ANSWER;
}

const PLAIN_ANSWER: Answer = { status: 200, contentType: "text/plain", body: "OK" };

function echoAnswer({ url = "/", headers }: IncomingMessage, body: string): Answer {
  const status = Number(/\/status\/(\d{3})/.exec(url)?.[1] ?? 200);
  return { status, contentType: headers["content-type"] ?? "", body };
}

function quoteAnswer(request: IncomingMessage, body: string): Answer {
  const path = request.url ?? "/";
  if (request.method !== "GET" || !/\?wsdl$/i.test(path))
    return answerQuote({ path, soapAction: actionOf(request), body });
  const address = `http://${request.headers.host}${path.split("?", 1)[0]}`;
  return { status: 200, contentType: "text/xml; charset=UTF-8", body: stockQuoteWsdl(address) };
}

/** What an Axis2 server says about a service that it does not have, "Foo" in the cases. */
function unknownService(request: IncomingMessage, body: string): Answer {
  const reason = `The service cannot be found for the endpoint reference (EPR) ${request.url}`;
  if (body.includes(SOAP12)) {
    const fault = `<e:Code><e:Value>e:Receiver</e:Value></e:Code><e:Reason><e:Text xml:lang="en-US">${reason}</e:Text></e:Reason>`;
    return soapAnswer(SOAP12, `<e:Fault xmlns:e="${SOAP12}">${fault}</e:Fault>`, 500);
  }
  const fault = `<faultcode>e:Server</faultcode><faultstring>${reason}</faultstring>`;
  return soapAnswer(SOAP11, `<e:Fault xmlns:e="${SOAP11}">${fault}</e:Fault>`, 500);
}

/** The operation of SOAP 1.1, or of SOAP 1.2 in the media type. */
function actionOf({ headers }: IncomingMessage): string {
  const action = headers["soapaction"];
  if (typeof action === "string") return action.replaceAll('"', "");
  return /;\s*action="?([^";]*)/.exec(headers["content-type"] ?? "")?.[1] ?? "";
}

/** Says which server has answered: MyServer1 is the one on 9001. */
function balancedAnswer(body: string, port: string): Answer {
  const name = `MyServer${Number(port) - 9000}`;
  const payload = `<ns:sampleOperationResponse xmlns:ns="http://services.samples"><ns:return>Response from server: ${name}</ns:return></ns:sampleOperationResponse>`;
  if (body.includes(SOAP12)) return soapAnswer(SOAP12, payload, 200);
  if (body.includes(SOAP11)) return soapAnswer(SOAP11, payload, 200);
  return { status: 200, contentType: "application/xml; charset=UTF-8", body: payload };
}

function soapAnswer(namespace: string, payload: string, status: number): Answer {
  const type = namespace === SOAP12 ? "application/soap+xml" : "text/xml";
  return {
    status,
    contentType: `${type}; charset=UTF-8`,
    body: `<soapenv:Envelope xmlns:soapenv="${namespace}"><soapenv:Body>${payload}</soapenv:Body></soapenv:Envelope>`,
  };
}

function wireText(request: IncomingMessage, body: string): string {
  const lines: string[] = [];
  for (let index = 0; index + 1 < request.rawHeaders.length; index += 2)
    lines.push(`${titled(request.rawHeaders[index] ?? "")}: ${request.rawHeaders[index + 1]}`);
  const first = `${request.method} ${request.url} HTTP/${request.httpVersion}`;
  return [first, ...lines, "", body].join("\r\n");
}

/** Names of headers say the same in any case; cases write them as WSO2 sends them, "Content-Length". */
function titled(name: string): string {
  if (name !== name.toLowerCase()) return name;
  return name.replace(/(?:^|-)[a-z]/g, (start) => start.toUpperCase());
}
