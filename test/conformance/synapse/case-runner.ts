/** Runs one acceptance case in process: compiles its files, sends its request, compares what came back. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { formatProblem } from "../../../src/errors/config-error.ts";
import { compileEngine } from "../../../src/mediation/compile-engine.ts";
import { EndpointFailure } from "../../../src/mediation/endpoint-failure.ts";
import type {
  Engine,
  EndpointCaller,
  EndpointRequest,
  EndpointResponse,
  ServiceResponse,
} from "../../../src/mediation/engine.ts";
import { createLog } from "../../../src/observability/log.ts";
import { responseOf, stockQuoteResponse } from "../../helpers/stock-quote-backend.ts";

export interface Case {
  readonly id: string;
  readonly config: string;
  readonly dependsOn: readonly string[];
  readonly artifacts: readonly { readonly type: string }[];
  readonly mediators: readonly string[];
  readonly backend: readonly string[];
  readonly request: {
    readonly method: string;
    readonly path: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string | null;
  };
  readonly expect: Expectation;
}

export interface Expectation {
  readonly status?: number | null;
  readonly contains?: readonly string[];
  readonly notContains?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly headerOnce?: string;
  readonly bodyEquals?: string;
  readonly jsonEquals?: unknown;
  readonly bodyEmpty?: boolean;
  readonly logContains?: readonly string[];
  readonly countElements?: Readonly<Record<string, number>>;
  readonly soapFault?: Readonly<Partial<Record<"code" | "reason" | "role" | "detail", string>>>;
  readonly backendReceives?: number;
  readonly backendRequestContains?: readonly string[];
}

export interface Outcome {
  readonly response: ServiceResponse;
  readonly body: string;
  readonly log: string;
  /** Requests at back ends as text: request line, headers, body. */
  readonly received: readonly string[];
}

const SELF_PORT = "8480";
/** Closed on purpose, whatever the case's back end says. */
const CLOSED_PORTS = /^(?:9009|9010|9070|869\d)$/;

export async function runCase(item: Case, folder: string): Promise<Outcome> {
  const lines: string[] = [];
  const received: string[] = [];
  const self = new Map<"engine", Engine>();
  const callEndpoint: EndpointCaller = async (request) => {
    const text = await textOf(request.body);
    const { port } = new URL(request.url);
    const engine = self.get("engine");
    if (port === SELF_PORT && engine) return selfCall(engine, request, text);
    received.push(wireText(request, text));
    return backendResponse(item, request, port, text);
  };
  const log = createLog({ node: "test", sinks: [{ write: (line) => lines.push(line) }] });
  const files = [item.config, ...item.dependsOn].map((file, index) => ({
    path: `synapse-configs/default/proxy-services/${index}-${basename(file)}`,
    content: readFileSync(join(folder, file)),
  }));
  const result = compileEngine(files, { log, callEndpoint, systemProperties: {} });
  if (result.kind === "faulty") assert.fail(result.problems.map(formatProblem).join("\n"));
  const { engine } = result;
  self.set("engine", engine);
  const { method, path, headers = {}, body } = item.request;
  const text = typeof body === "string" && body !== "" ? body : undefined;
  const response = await engine.handle(
    serviceRequest({ method, target: path, headers: Object.entries(headers), text }),
  );
  const bytes = await textOf(response.body);
  return { response, body: bytes, log: lines.join(""), received };
}

function serviceRequest(parts: {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly text: string | undefined;
}): Parameters<Engine["handle"]>[0] {
  return {
    method: parts.method,
    target: parts.target,
    headers: parts.headers,
    body: parts.text === undefined ? undefined : Readable.from([Buffer.from(parts.text)]),
    transport: "http",
    remoteAddress: "127.0.0.1",
    addressPrefixes: { http: `http://localhost:${SELF_PORT}` },
  };
}

async function selfCall(
  engine: Engine,
  request: EndpointRequest,
  text: string,
): Promise<EndpointResponse> {
  const { pathname, search } = new URL(request.url);
  const response = await engine.handle(
    serviceRequest({
      method: request.method,
      target: `${pathname}${search}`,
      headers: request.headers,
      text: text === "" ? undefined : text,
    }),
  );
  const body = Buffer.from(await textOf(response.body));
  return {
    status: response.status,
    reason: "",
    headers: [...response.headers, ["Content-Length", String(body.length)]],
    body: Readable.from([body]),
  };
}

function backendResponse(
  item: Case,
  request: EndpointRequest,
  port: string,
  text: string,
): EndpointResponse {
  const backend = item.backend.find((line) => line.includes(`:${port}`));
  if (backend === undefined || CLOSED_PORTS.test(port))
    throw new EndpointFailure("refused", `connect ECONNREFUSED 127.0.0.1:${port}`);
  if (backend.startsWith("http ")) return responseOf(200, "text/plain", "OK");
  return stockQuoteResponse(request, text);
}

function wireText(request: EndpointRequest, text: string): string {
  const { pathname, search } = new URL(request.url);
  const lines = request.headers.map(([name, value]) => `${name}: ${value}`);
  if (Buffer.isBuffer(request.body)) lines.push(`Content-Length: ${request.body.length}`);
  return [`${request.method} ${pathname}${search} HTTP/1.1`, ...lines, "", text].join("\r\n");
}

async function textOf(body: Readable | Buffer | undefined): Promise<string> {
  if (body === undefined) return "";
  return (Buffer.isBuffer(body) ? body : await buffer(body)).toString("utf8");
}

/** Fails when the outcome is not what the case expects. */
export function checkExpectation(item: Case, outcome: Outcome): void {
  const { expect } = item;
  const { response, body } = outcome;
  const shown = `${response.status} ${body}\n${outcome.log}`;
  if (typeof expect.status === "number") assert.equal(response.status, expect.status, shown);
  for (const text of expect.contains ?? [])
    assert.ok(body.includes(text), `no ${text} in ${shown}`);
  for (const text of expect.notContains ?? [])
    assert.ok(!body.includes(text), `${text} in ${shown}`);
  if (expect.bodyEmpty === true) assert.equal(body, "");
  if (expect.bodyEquals !== undefined) assert.equal(body, expect.bodyEquals);
  if (expect.jsonEquals !== undefined) assert.deepEqual(JSON.parse(body), expect.jsonEquals);
  for (const text of expect.logContains ?? []) assert.ok(outcome.log.includes(text), shown);
  checkHeaders(expect, response, shown);
  checkCounts(expect, body, shown);
  checkFault(expect, body, shown);
  checkBackend(expect, outcome);
}

function headerValues(response: ServiceResponse, name: string): readonly string[] {
  return response.headers
    .filter(([present]) => present.toLowerCase() === name.toLowerCase())
    .map(([, value]) => value);
}

function checkHeaders(expect: Expectation, response: ServiceResponse, shown: string): void {
  for (const [name, value] of Object.entries(expect.headers ?? {}))
    assert.ok(
      headerValues(response, name).join().includes(value),
      `${name} is not ${value}: ${shown}`,
    );
  if (expect.headerOnce === undefined) return;
  const all = headerValues(response, "Content-Type").join();
  assert.equal(all.split(expect.headerOnce).length, 2, `${expect.headerOnce} once in ${all}`);
}

function checkCounts(expect: Expectation, body: string, shown: string): void {
  for (const [name, count] of Object.entries(expect.countElements ?? {})) {
    const found = body.match(new RegExp(`<(?:[\\w.-]+:)?${name}[\\s/>]`, "g")) ?? [];
    assert.equal(found.length, count, `${name} in ${shown}`);
  }
}

/** Element names of the two SOAP versions for each part of a fault. */
const FAULT_PARTS = {
  code: /<(?:faultcode|[\w.-]+:Value)[^>]*>\s*(?:[\w.-]+:)?([^<]*?)\s*</,
  reason: /<(?:faultstring|[\w.-]+:Text)[^>]*>([^<]*)</,
  role: /<(?:faultactor|[\w.-]+:Role)[^>]*>([^<]*)</,
  detail: /<(?:detail|[\w.-]+:Detail)[^>]*>([^<]*)</,
} as const;

function checkFault(expect: Expectation, body: string, shown: string): void {
  for (const part of ["code", "reason", "role", "detail"] as const) {
    const wanted = expect.soapFault?.[part];
    if (wanted === undefined) continue;
    const found = FAULT_PARTS[part]
      .exec(body)?.[1]
      ?.replaceAll("&apos;", "'")
      .replaceAll("&quot;", '"');
    assert.equal(found, wanted, `fault ${part} in ${shown}`);
  }
}

function checkBackend(expect: Expectation, outcome: Outcome): void {
  const all = outcome.received.join("\n");
  if (expect.backendReceives !== undefined)
    assert.equal(outcome.received.length, expect.backendReceives);
  for (const text of expect.backendRequestContains ?? [])
    assert.ok(all.includes(text), `no ${text} in ${all}`);
}
