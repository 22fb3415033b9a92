/** One request to a manager's API over https; failures become sentences that say what to do. */
import type { IncomingMessage } from "node:http";
import { type RequestOptions, request as httpsRequest } from "node:https";
import { text } from "node:stream/consumers";
import { AppError, messageOf, systemCodeOf } from "../errors/app-error.ts";
import { PRODUCT_VERSION } from "../runtime/product.ts";

/** Until the answer is there: validating a large repository takes a while. */
const ANSWER_MS_MAX = 120_000;

export interface ManagerAccess {
  /** https; its path is ignored. */
  readonly url: URL;
  readonly user: string;
  /** Never logged or printed. */
  readonly password: string;
  /** PEM; undefined: the system's authorities. */
  readonly ca: string | undefined;
}

export interface ManagerRequest {
  readonly method: "GET" | "POST" | "DELETE";
  /** With the query, "/management/...". */
  readonly path: string;
  readonly contentType?: string;
  readonly body?: Buffer;
}

export interface ManagerAnswer {
  readonly status: number;
  /** Parsed JSON, or the text when it is none. */
  readonly body: unknown;
}

/** Any status is an answer, but 401 and 429. @throws AppError MANAGER_UNREACHABLE, AUTH_FAILED, LOGIN_LIMITED. */
export async function askManager(
  access: ManagerAccess,
  request: ManagerRequest,
): Promise<ManagerAnswer> {
  const response = await send(access, request).catch((error: unknown) => {
    throw unreachable(access, error);
  });
  const answer = { status: response.statusCode ?? 0, body: parseBody(await text(response)) };
  if (answer.status === 401)
    throw new AppError(
      "AUTH_FAILED",
      `the manager does not accept the password of ${access.user}; set BASCULE_PASSWORD, or make a new one with \`bascule reset-admin\``,
    );
  if (answer.status === 429)
    throw new AppError("LOGIN_LIMITED", errorOf(answer.body) ?? "too many failed logins");
  return answer;
}

/** The `Error` of an answer, if it has one. */
export function errorOf(body: unknown): string | undefined {
  if (typeof body !== "object" || body === null || !("Error" in body)) return undefined;
  return typeof body.Error === "string" ? body.Error : undefined;
}

function send(
  { url, user, password, ca }: ManagerAccess,
  { method, path, contentType, body }: ManagerRequest,
): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const options: RequestOptions = {
    method,
    auth: `${user}:${password}`,
    agent: false,
    headers: {
      accept: "application/json",
      "user-agent": `bascule-cli/${PRODUCT_VERSION}`,
      "content-length": body?.length ?? 0,
      ...(contentType !== undefined && { "content-type": contentType }),
    },
    signal: AbortSignal.timeout(ANSWER_MS_MAX),
    ...(ca !== undefined && { ca }),
  };
  httpsRequest(new URL(path, url), options, resolve).on("error", reject).end(body);
  return promise;
}

function parseBody(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}

const CERTIFICATE_CODES: readonly string[] = [
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "CERT_HAS_EXPIRED",
  "ERR_TLS_CERT_ALTNAME_INVALID",
  "CERT_SIGNATURE_FAILURE",
];

function unreachable({ url }: ManagerAccess, cause: unknown): AppError {
  const code = systemCodeOf(cause) ?? "";
  const reason = cause instanceof AggregateError ? code : messageOf(cause);
  const advice = CERTIFICATE_CODES.includes(code)
    ? "name the certificate authority of the cluster with --ca FILE, or its folder with --dir DIR"
    : "start the manager (`bascule up`, or `bascule server`), or name another address with --manager URL";
  const message = `cannot reach the manager at ${url.origin}: ${reason}; ${advice}`;
  return new AppError("MANAGER_UNREACHABLE", message, { side: "upstream", retryable: true, cause });
}
