/**
 * The baseline: http-proxy-3 with a keep-alive agent, as one would write it with the package's documentation.
 * A process of its own: `node-proxy.ts PORT ECHO_PORT CERTIFICATE|- KEY|- BACKEND_PORT...`.
 */
import { readFileSync } from "node:fs";
import { Agent, createServer, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { createProxyServer } from "http-proxy-3";

const [port = "", echoPort = "", certificate = "-", key = "-", ...backendPorts] =
  process.argv.slice(2);
const agent = new Agent({ keepAlive: true, maxFreeSockets: 64 });
const proxy = createProxyServer({ agent, xfwd: true });
const targets = backendPorts.map((number) => `http://127.0.0.1:${number}`);
let next = 0;

proxy.on("error", (_error, _request, outlet) => {
  if ("writeHead" in outlet && !outlet.headersSent) outlet.writeHead(502);
  outlet.end();
});

const onRequest: RequestListener = (request, response) => {
  const target = targets[next++ % targets.length];
  request.headers["x-real-ip"] = request.socket.remoteAddress ?? "";
  proxy.web(request, response, target === undefined ? {} : { target });
};
const server =
  certificate === "-"
    ? createServer(onRequest)
    : createTlsServer({ cert: readFileSync(certificate), key: readFileSync(key) }, onRequest);
server.keepAliveTimeout = 600_000;
server.on("upgrade", (request, socket, head) => {
  proxy.ws(request, socket, head, { target: `http://127.0.0.1:${echoPort}` });
});
server.listen(Number(port), "127.0.0.1");
