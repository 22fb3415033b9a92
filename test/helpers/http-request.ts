/** One request over a fresh or kept connection, the way a consumer of services sends it. */
import http from "node:http";
import https from "node:https";

export interface TestResponse {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

export interface TestRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** PEM of the authority to trust; undefined: certificates are not checked. */
  readonly ca?: string;
  readonly agent?: http.Agent;
  readonly timeoutMs?: number;
}

/** Connects to 127.0.0.1 whatever the URL's host is: names under .localhost are loopback by definition (RFC 6761). */
export function request(url: string, options: TestRequest = {}): Promise<TestResponse> {
  const { promise, resolve, reject } = Promise.withResolvers<TestResponse>();
  const target = new URL(url);
  const isTls = target.protocol === "https:";
  const body = options.body === undefined ? undefined : Buffer.from(options.body);
  const outgoing = (isTls ? https : http).request(url, {
    method: options.method ?? (body ? "POST" : "GET"),
    headers: { ...options.headers, ...(body ? { "Content-Length": String(body.length) } : {}) },
    timeout: options.timeoutMs ?? 10_000,
    lookup: (_name, lookupOptions, done) => {
      const all = typeof lookupOptions === "object" && lookupOptions.all;
      if (all) done(null, [{ address: "127.0.0.1", family: 4 }]);
      else done(null, "127.0.0.1", 4);
    },
    ...(options.agent ? { agent: options.agent } : { agent: false }),
    ...(isTls ? { rejectUnauthorized: options.ca !== undefined } : {}),
    ...(isTls && options.ca !== undefined ? { ca: options.ca } : {}),
  });
  outgoing.once("timeout", () => outgoing.destroy(new Error(`no answer from ${url} in time`)));
  outgoing.once("error", reject);
  outgoing.once("response", (response) => {
    const { statusCode: status = 0, headers } = response;
    response
      .setEncoding("utf8")
      .toArray()
      .then((chunks) => resolve({ status, headers, body: chunks.join("") }), reject);
  });
  outgoing.end(body);
  return promise;
}

/** A getQuote request as consumers of the sample send it. */
export const GET_QUOTE = {
  headers: { "Content-Type": "text/xml; charset=UTF-8", SOAPAction: '"urn:getQuote"' },
  body:
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>' +
    '<m:getQuote xmlns:m="http://services.samples"><m:request><m:symbol>IBM</m:symbol></m:request></m:getQuote>' +
    "</soapenv:Body></soapenv:Envelope>",
} as const;

/** Tries until `attempt` returns something other than undefined, at most `msMax`. */
export async function eventually<Value>(
  what: string,
  attempt: () => Promise<Value | undefined>,
  msMax = 15_000,
): Promise<Value> {
  const endMs = Date.now() + msMax;
  let last: unknown;
  while (Date.now() < endMs) {
    try {
      const value = await attempt();
      if (value !== undefined) return value;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${what}: not within ${msMax} ms`, { cause: last });
}
