/**
 * Requests of one node to the manager's management port, before and after its registration: TLS to the manager's internal
 * certificate, which must be signed by the authority with the given fingerprint and be a manager's. Nothing is sent
 * before that was checked. Certificates of public authorities play no part here.
 */
import { X509Certificate } from "node:crypto";
import { type IncomingMessage, request as httpRequest } from "node:http";
import { connect, type TLSSocket } from "node:tls";
import { AppError, messageOf } from "../../errors/app-error.ts";
import type { Clock } from "../../runtime/clock.ts";
import { fingerprintOf } from "../tls/certificate-fingerprint.ts";
import { certifiedNode, INTERNAL_SERVER_NAME } from "../tls/node-certificate.ts";

export interface ManagerEndpoint {
  readonly host: string;
  readonly port: number;
  /** SHA-256 of the authority's certificate. */
  readonly authorityFingerprint: string;
  /** Whether a certificate was withdrawn, by its fingerprint. */
  readonly isRevoked: (fingerprint: string) => boolean;
}

export interface NodeRequest {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly body?: object;
  /** "NAME:TOKEN" of a registered node. Never logged. */
  readonly credentials?: string;
}

export interface NodeAnswer {
  readonly status: number;
  /** Parsed JSON; undefined when it is none. */
  readonly body: unknown;
}

/** Handshake and answer, each. */
const SILENT_MS_MAX = 10_000;
const ANSWER_BYTES_MAX = 4 * 1024 * 1024;

/** Any status is an answer. @throws AppError MANAGER_UNREACHABLE, or CLUSTER_TRUST when it is another manager. */
export async function askManagerNode(
  endpoint: ManagerEndpoint,
  request: NodeRequest,
  clock: Clock,
): Promise<NodeAnswer> {
  const { host, port } = endpoint;
  const socket = connect({
    host,
    port,
    servername: INTERNAL_SERVER_NAME,
    minVersion: "TLSv1.2",
    // Checked below, by the fingerprint of the authority in the place of a list of authorities.
    rejectUnauthorized: false,
  });
  const late = clock.after(2 * SILENT_MS_MAX, () => socket.destroy(new Error("no answer in time")));
  try {
    await handshake(socket, clock);
    checkManager(socket, endpoint, clock.wallMs());
    return await exchange(socket, request);
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    const message = `the manager at ${host}:${port} does not answer: ${messageOf(cause)}`;
    throw new AppError("MANAGER_UNREACHABLE", message, { side: "peer", retryable: true, cause });
  } finally {
    late.cancel();
    socket.destroy();
  }
}

function handshake(socket: TLSSocket, clock: Clock): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const late = clock.after(SILENT_MS_MAX, () => reject(new Error("no answer in time")));
  socket.once("secureConnect", resolve);
  socket.on("error", reject);
  socket.once("close", () => reject(new Error("the connection was closed")));
  return promise.finally(() => late.cancel());
}

function checkManager(socket: TLSSocket, endpoint: ManagerEndpoint, wallMs: number): void {
  const { host, port, authorityFingerprint, isRevoked } = endpoint;
  const shown = socket.getPeerCertificate(true);
  const own = socket.getPeerX509Certificate();
  const issuer = shown.issuerCertificate?.raw;
  const authority = issuer && new X509Certificate(issuer);
  if (own && authority && fingerprintOf(authority) === authorityFingerprint) {
    const node = certifiedNode(own, authority, wallMs);
    if (node?.role === "manager" && !isRevoked(fingerprintOf(own))) return;
  }
  const message = `what answers at ${host}:${port} is not a manager of this cluster: its certificate is signed by another authority than the one that is expected (wrong address, another cluster's token, or somebody in between)`;
  throw new AppError("CLUSTER_TRUST", message, { side: "peer" });
}

async function exchange(socket: TLSSocket, request: NodeRequest): Promise<NodeAnswer> {
  const body = request.body === undefined ? undefined : JSON.stringify(request.body);
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  httpRequest(
    {
      method: request.method,
      path: request.path,
      host: INTERNAL_SERVER_NAME,
      createConnection: () => socket,
      headers: {
        connection: "close",
        ...(body !== undefined && {
          "content-type": "application/json",
          "content-length": Buffer.byteLength(body),
        }),
        ...(request.credentials !== undefined && { "x-bascule-node": request.credentials }),
      },
    },
    resolve,
  )
    .on("error", reject)
    .end(body);
  const response = await promise;
  return { status: response.statusCode ?? 0, body: await readJson(response) };
}

async function readJson(response: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > ANSWER_BYTES_MAX) throw new Error("the answer is too large");
    chunks.push(bytes);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch {
    return undefined;
  }
}
