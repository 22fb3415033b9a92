/** A request to another server and its response, as http-client.ts and those behind it speak of them. */
import { AppError, messageOf, systemCodeOf } from "../errors/app-error.ts";
import type { ByteStream } from "./byte-stream.ts";
import type { HeaderField } from "./http1/header-field.ts";

export interface OutgoingRequest {
  readonly method: string;
  /** Absolute http or https URL. */
  readonly url: string;
  /** Content-Length belongs to a stream of known length; without it a stream goes out in chunks. */
  readonly headers: readonly HeaderField[];
  readonly body: ByteStream | Buffer | undefined;
  /** Until the head of the response is there, in milliseconds. Default: the client's. */
  readonly timeoutMs?: number | undefined;
  /** The connection serves no other request after this one. Default: it may. */
  readonly closes?: boolean | undefined;
  /** The request line holds the whole URL. Default: path and query. */
  readonly absoluteTarget?: boolean | undefined;
  /** A request of HTTP/1.0: the length of its body must be known, the connection ends with the response. */
  readonly httpVersion?: "1.0" | undefined;
}

export interface IncomingResponse {
  readonly status: number;
  readonly reason: string;
  readonly headers: readonly HeaderField[];
  /** Must be read to its end or discarded. */
  readonly body: ByteStream;
}

/** Why there was no response. */
export type HttpFailureKind = "refused" | "connect-timeout" | "timeout" | "closed" | "protocol";

/** A request that got no response. */
export class HttpFailure extends AppError {
  readonly kind: HttpFailureKind;

  constructor(kind: HttpFailureKind, message: string, cause: unknown) {
    const retryable = kind === "refused" || kind === "connect-timeout";
    super("UPSTREAM_FAILED", message, { side: "upstream", retryable, cause });
    this.name = "HttpFailure";
    this.kind = kind;
  }

  /** The failure of a request to `url`; a password in it is no text for a log. */
  static of(kind: HttpFailureKind, url: string, cause: unknown): HttpFailure {
    const address = url.replace(/^(https?:\/\/)[^/?#]*@/i, "$1");
    return new HttpFailure(kind, `${address}: ${messageOf(cause)}`, cause);
  }
}

const REFUSED_CODES = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
]);

/** What an error of the system says about a request that has no response. */
export function kindOfSystemError(error: unknown): "refused" | "timeout" | "closed" {
  const code = systemCodeOf(error) ?? "";
  if (REFUSED_CODES.has(code)) return "refused";
  return code === "ETIMEDOUT" ? "timeout" : "closed";
}
