/**
 * Outgoing HTTP: undici pools behind one call, for mediation endpoints, the commands of the CLI and
 * node-to-node requests. Bodies stream both ways; headers keep their order and repetition (RFC 9110,
 * section 5.3). The only room of undici.
 */
import { readFileSync } from "node:fs";
import type { Readable } from "node:stream";
import { Agent, errors, request } from "undici";
import { AppError, messageOf, systemCodeOf } from "../errors/app-error.ts";

export interface OutgoingRequest {
  readonly method: string;
  /** Absolute http or https URL. */
  readonly url: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Readable | Buffer | undefined;
  /** Until the head of the response is there, in milliseconds. Default: the client's. */
  readonly timeoutMs?: number | undefined;
}

export interface IncomingResponse {
  readonly status: number;
  readonly reason: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Must be read to its end or destroyed. */
  readonly body: Readable;
}

/** Why there was no response. */
export type HttpFailureKind = "refused" | "timeout" | "closed" | "protocol";

/** A request that got no response. */
export class HttpFailure extends AppError {
  readonly kind: HttpFailureKind;

  constructor(kind: HttpFailureKind, message: string, cause: unknown) {
    super("UPSTREAM_FAILED", message, { side: "upstream", retryable: kind === "refused", cause });
    this.name = "HttpFailure";
    this.kind = kind;
  }
}

export interface HttpClientOptions {
  /** Time for the connection to be made. Default: 10 s. */
  readonly connectTimeoutMs?: number;
  /** Time until the head of the response. Default: 120 s, the global time-out of WSO2 EI. */
  readonly headersTimeoutMs?: number;
  /** PEM file of authorities to trust instead of the public ones. */
  readonly authorityFile?: string | undefined;
}

const REFUSED_CODES = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
]);
const TIMEOUT_CODES = new Set(["UND_ERR_HEADERS_TIMEOUT", "UND_ERR_BODY_TIMEOUT", "ETIMEDOUT"]);

/** Keeps connections alive per origin. Redirects are not followed: they are an answer like any other. */
export class HttpClient {
  readonly #agent: Agent;

  constructor(options: HttpClientOptions = {}) {
    const { connectTimeoutMs = 10_000, headersTimeoutMs = 120_000, authorityFile } = options;
    this.#agent = new Agent({
      headersTimeout: headersTimeoutMs,
      connect: {
        timeout: connectTimeoutMs,
        ...(authorityFile === undefined ? {} : { ca: readFileSync(authorityFile, "utf8") }),
      },
    });
  }

  /** @throws HttpFailure when there is no response. */
  async send(outgoing: OutgoingRequest): Promise<IncomingResponse> {
    try {
      const response = await request(outgoing.url, {
        dispatcher: this.#agent,
        method: outgoing.method,
        headers: outgoing.headers.flat(),
        body: outgoing.body ?? null,
        responseHeaders: "raw",
        ...(outgoing.timeoutMs === undefined ? {} : { headersTimeout: outgoing.timeoutMs }),
      });
      return {
        status: response.statusCode,
        reason: response.statusText,
        headers: pairsOf(response.headers),
        body: response.body,
      };
    } catch (error) {
      throw new HttpFailure(failureKind(error), `${outgoing.url}: ${messageOf(error)}`, error);
    }
  }

  /** Ends all connections at once. */
  async close(): Promise<void> {
    await this.#agent.destroy();
  }
}

/** undici's "raw" headers arrive as one flat list of names and values, as Buffers or strings. */
function pairsOf(raw: unknown): readonly (readonly [string, string])[] {
  const pairs: (readonly [string, string])[] = [];
  if (!Array.isArray(raw)) return pairs;
  for (let index = 0; index + 1 < raw.length; index += 2) {
    pairs.push([latin1Of(raw[index]), latin1Of(raw[index + 1])]);
  }
  return pairs;
}

function latin1Of(value: unknown): string {
  return Buffer.isBuffer(value) ? value.toString("latin1") : String(value);
}

function failureKind(error: unknown): HttpFailureKind {
  const code = systemCodeOf(error) ?? "";
  if (REFUSED_CODES.has(code)) return "refused";
  if (TIMEOUT_CODES.has(code)) return "timeout";
  return error instanceof errors.HTTPParserError ? "protocol" : "closed";
}
