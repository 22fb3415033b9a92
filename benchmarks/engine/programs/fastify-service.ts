/**
 * The baseline: what a team would write by hand with fastify and undici for the same job. A process of its own:
 * `fastify-service.ts PORT BACKEND direct|body|header|xslt CERTIFICATE|- KEY|- AUTHORITY|-`. Bodies that nobody
 * looks into stream through; for routing by the body it parses with xmldom and asks with xpath.
 */
import { readFileSync } from "node:fs";
import type { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { DOMParser } from "@xmldom/xmldom";
import { fastify } from "fastify";
import { Agent, request } from "undici";
import xpath from "xpath";

const [port = "", backend = "", kind = "", certificate = "-", key = "-", authority = "-"] =
  process.argv.slice(2);
if (kind === "xslt") throw new Error("there is no XSLT in the hand-written service");
const dispatcher = new Agent(
  authority === "-" ? {} : { connect: { ca: readFileSync(authority, "utf8") } },
);
const https =
  certificate === "-" ? null : { cert: readFileSync(certificate), key: readFileSync(key) };
const server = fastify({ logger: false, bodyLimit: 10 * 1024 * 1024, https });
const OWN_FIELDS = new Set(["host", "connection", "content-length", "transfer-encoding"]);

server.removeAllContentTypeParsers();
server.addContentTypeParser("*", (_request, payload, done) => done(null, payload));

server.post("/*", async (incoming, reply) => {
  const stream = incoming.body as Readable;
  const body = kind === "body" ? await buffer(stream) : stream;
  if (!isRouted(incoming.headers, body)) return reply.code(202).send();
  const headers = Object.fromEntries(
    Object.entries(incoming.headers).filter(([name]) => !OWN_FIELDS.has(name)),
  );
  const length = incoming.headers["content-length"];
  if (length !== undefined) headers["content-length"] = length;
  const response = await request(backend, { dispatcher, method: "POST", headers, body });
  reply.code(response.statusCode);
  for (const [name, value] of Object.entries(response.headers)) {
    if (value !== undefined && !OWN_FIELDS.has(name)) reply.header(name, value);
  }
  const answerLength = response.headers["content-length"];
  if (answerLength !== undefined) reply.header("content-length", answerLength);
  return reply.send(response.body);
});

await server.listen({ port: Number(port), host: "127.0.0.1" });

function isRouted(headers: Readonly<Record<string, unknown>>, body: Readable | Buffer): boolean {
  if (kind === "header") return headers["x-route"] === "gold";
  if (kind !== "body" || !Buffer.isBuffer(body)) return true;
  const document = new DOMParser().parseFromString(body.toString("utf8"), "text/xml");
  const found = xpath.select("string(//order/symbol)", document as unknown as Node);
  return found === "IBM";
}
