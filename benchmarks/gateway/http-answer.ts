/** One request of the benchmark's own, for probes and for making sessions: the whole answer as text. */
import { type Agent, request as plainRequest } from "node:http";
import { request as tlsRequest } from "node:https";

export interface Question {
  readonly port: number;
  readonly path: string;
  readonly tls?: boolean;
  readonly agent?: Agent;
  readonly headers?: Readonly<Record<string, string>>;
  /** Present: a POST with so many bytes. */
  readonly bodyBytes?: number;
  /** Present: a POST with this body. */
  readonly body?: string;
}

/** @returns the body. @throws Error when the status is not 200. */
export function answerOf(question: Question): Promise<string> {
  const { port, path, tls = false, agent, headers = {} } = question;
  const { bodyBytes, body = bodyBytes === undefined ? undefined : "x".repeat(bodyBytes) } =
    question;
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const call = (tls ? tlsRequest : plainRequest)({
    host: "127.0.0.1",
    port,
    path,
    method: body === undefined ? "GET" : "POST",
    headers: { Host: "localhost", ...headers },
    rejectUnauthorized: false,
    ...(agent ? { agent } : {}),
  });
  call.once("response", (response) => {
    let answer = "";
    response.setEncoding("latin1").on("data", (text: string) => {
      answer += text;
    });
    response.once("error", reject).once("end", () => {
      if (response.statusCode === 200) resolve(answer);
      else reject(new Error(`${path} was answered with ${response.statusCode}`));
    });
  });
  call.once("error", reject).end(body);
  return promise;
}
