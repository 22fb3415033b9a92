/** Asks the manager's API over one kept connection, with an access token as pipelines do. */
import { Agent, type RequestOptions, request } from "node:https";
import { text } from "node:stream/consumers";
import type { IncomingMessage } from "node:http";

export interface ManagerReply {
  readonly status: number;
  readonly body: unknown;
}

const ANSWER_MS_MAX = 120_000;

export class ManagerClient {
  readonly #agent: Agent;
  readonly #port: number;
  #authorization: string;

  constructor({ port, ca, password }: { port: number; ca: string; password: string }) {
    this.#port = port;
    this.#agent = new Agent({ keepAlive: true, maxSockets: 1, ca });
    this.#authorization = `Basic ${Buffer.from(`admin:${password}`).toString("base64")}`;
  }

  /** @throws Error when the manager does not let the admin in. */
  async login(): Promise<void> {
    const { status, body } = await this.#ask("GET", "/management/login");
    const token = fieldOf(body, "AccessToken");
    if (status !== 200 || token === undefined) throw new Error(`login: ${JSON.stringify(body)}`);
    this.#authorization = `Bearer ${token}`;
  }

  deploy(xml: string): Promise<ManagerReply> {
    return this.#ask("POST", "/management/deployments", xml);
  }

  deployment(id: string): Promise<ManagerReply> {
    return this.#ask("GET", `/management/deployments/${id}`);
  }

  close(): void {
    this.#agent.destroy();
  }

  async #ask(method: string, path: string, xml?: string): Promise<ManagerReply> {
    const headers = {
      authorization: this.#authorization,
      ...(xml !== undefined && {
        "content-type": "application/xml",
        "content-length": Buffer.byteLength(xml),
      }),
    };
    const signal = AbortSignal.timeout(ANSWER_MS_MAX);
    const place = { host: "127.0.0.1", port: this.#port, servername: "localhost" };
    const answer = await send({ ...place, agent: this.#agent, method, path, headers, signal }, xml);
    const body: unknown = JSON.parse(await text(answer));
    return { status: answer.statusCode ?? 0, body };
  }
}

/** A text or a number of an answer, as text. */
export function fieldOf(body: unknown, name: string): string | undefined {
  if (typeof body !== "object" || body === null) return undefined;
  const value: unknown = Object.entries(body).find(([key]) => key === name)?.[1];
  return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
}

function send(options: RequestOptions, body: string | undefined): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const outgoing = request(options, resolve);
  outgoing.once("error", reject);
  outgoing.end(body);
  return promise;
}
