/** An engine with a back end that tests script: requests that reach it are kept, answers come from a function. */
import assert from "node:assert/strict";
import type { Readable } from "node:stream";
import { formatProblem } from "../../../src/errors/config-error.ts";
import { compileEngine } from "../../../src/mediation/compile-engine.ts";
import type {
  CompileResult,
  Engine,
  EndpointRequest,
  EndpointResponse,
  HeaderList,
  ServiceRequest,
} from "../../../src/mediation/engine.ts";
import { bytesStream } from "../../../src/net/byte-queue.ts";
import { type ByteStream, collectBytes } from "../../../src/net/byte-stream.ts";
import { streamOf } from "../../../src/net/readable-bytes.ts";
import type { Clock } from "../../../src/runtime/clock.ts";
import type { SqlPort } from "../../../src/mediation/sql/sql-port.ts";
import { MemoryLog } from "../../helpers/memory-log.ts";
import { responseOf } from "../../helpers/stock-quote-backend.ts";

export const SOAP11 = "http://schemas.xmlsoap.org/soap/envelope/";
export const SOAP12 = "http://www.w3.org/2003/05/soap-envelope";
export const SYNAPSE = "http://ws.apache.org/ns/synapse";

/** A SOAP 1.1 envelope. */
export function soap(body: string, header = ""): string {
  const head = header === "" ? "" : `<soapenv:Header>${header}</soapenv:Header>`;
  return `<soapenv:Envelope xmlns:soapenv="${SOAP11}">${head}<soapenv:Body>${body}</soapenv:Body></soapenv:Envelope>`;
}

export interface ReceivedRequest extends Omit<EndpointRequest, "body"> {
  readonly text: string;
  /** Whether the body came as bytes that the engine had parsed or buffered. */
  readonly buffered: boolean;
}

export interface Answer {
  readonly status: number;
  readonly reason: string | undefined;
  readonly headers: HeaderList;
  readonly text: string;
}

export interface Ask {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Readable | undefined;
  readonly transport?: "http" | "https";
}

export interface WorldOptions {
  /** Databases of dblookup and dbreport. */
  readonly sql?: SqlPort;
  /** Default: a clock that stands still. */
  readonly clock?: Clock;
  readonly newMessageId?: () => string;
  /** Files of the deployment beside the definitions: path and text. */
  readonly files?: Readonly<Record<string, string>>;
  readonly systemProperties?: Readonly<Record<string, string>>;
  readonly serverName?: string;
}

export type Backend = (request: ReceivedRequest) => EndpointResponse | Promise<EndpointResponse>;

export class MediationWorld {
  readonly log = new MemoryLog();
  readonly received: ReceivedRequest[] = [];
  backend: Backend = () => responseOf(200, "text/xml", soap("<ok/>"));
  readonly engine: Engine;
  readonly warnings: readonly string[];

  readonly #options: WorldOptions;

  /** `definitions` is what stands inside `<definitions>`. */
  constructor(definitions: string, options: WorldOptions = {}) {
    this.#options = options;
    const result = this.compile(definitions);
    if (result.kind === "faulty") assert.fail(result.problems.map(formatProblem).join("\n"));
    this.engine = result.engine;
    this.warnings = result.warnings.map((warning) => warning.message);
  }

  compile(definitions: string): CompileResult {
    const text = `<definitions xmlns="${SYNAPSE}">${definitions}</definitions>`;
    const file = { path: "synapse-configs/default/synapse.xml", content: Buffer.from(text) };
    const others = Object.entries(this.#options.files ?? {}).map(([path, content]) => ({
      path,
      content: Buffer.from(content),
    }));
    return compileEngine([file, ...others], {
      serverName: this.#options.serverName,
      log: this.log,
      systemProperties: { "server.home": "/opt/node", ...this.#options.systemProperties },
      newMessageId: this.#options.newMessageId ?? (() => "urn:uuid:1"),
      clock: this.#options.clock ?? {
        wallMs: () => 1_700_000_000_000,
        monotonicMs: () => 0,
        after: () => ({ cancel: () => undefined }),
        every: () => ({ cancel: () => undefined }),
      },
      sql: this.#options.sql,
      callEndpoint: (request) => this.#call(request),
    });
  }

  async #call(request: EndpointRequest): Promise<EndpointResponse> {
    const { body, ...head } = request;
    const received = { ...head, text: await textOf(body), buffered: Buffer.isBuffer(body) };
    this.received.push(received);
    return this.backend(received);
  }

  /** Sends a SOAP request to `/services/P` unless told otherwise. */
  async ask(ask: Ask = {}): Promise<Answer> {
    const response = await this.engine.handle(requestOf(ask));
    return {
      status: response.status,
      reason: response.reason,
      headers: response.headers,
      text: await textOf(response.body),
    };
  }
}

export function requestOf(ask: Ask): ServiceRequest {
  const method = ask.method ?? "POST";
  const body = "body" in ask || method === "GET" ? ask.body : soap("<q><symbol>IBM</symbol></q>");
  const headers = ask.headers ?? { "Content-Type": "text/xml", SOAPAction: '"urn:getQuote"' };
  return {
    method,
    target: ask.path ?? "/services/P",
    headers: Object.entries(headers),
    body: streamBody(body),
    transport: ask.transport ?? "http",
    remoteAddress: "10.1.2.3",
    addressPrefixes: { http: "http://esb.example:80", https: "https://esb.example:443" },
  };
}

/** A proxy P whose in sequence holds the mediators. */
export function proxy(inSequence: string, rest = ""): string {
  return `<proxy name="P"><target><inSequence>${inSequence}</inSequence>${rest}</target></proxy>`;
}

export const TO_BACKEND = '<endpoint><address uri="http://backend:9000/s"/></endpoint>';

function streamBody(body: string | Readable | undefined): ByteStream | undefined {
  if (body === undefined) return undefined;
  return typeof body === "string" ? bytesStream(Buffer.from(body)) : streamOf(body);
}

export async function textOf(body: ByteStream | Buffer | undefined): Promise<string> {
  if (body === undefined) return "";
  const bytes = Buffer.isBuffer(body) ? body : await collectBytes(body, Infinity);
  return bytes.toString("utf8");
}

export function headerOf(headers: HeaderList, name: string): string | undefined {
  return headers.find(([present]) => present.toLowerCase() === name.toLowerCase())?.[1];
}
