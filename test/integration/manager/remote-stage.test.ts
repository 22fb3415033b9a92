/** The way to a worker's management port in a deploy: pinned certificates, kept connections, bounded answers. */
import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { test, type TestContext } from "node:test";
import { RemoteStage } from "../../../src/manager/barrier/remote-stage.ts";
import { identityFingerprint } from "../../../src/net/tls/certificate-fingerprint.ts";
import { certifyNode } from "../../../src/net/tls/certify-node.ts";
import { LiveIdentity } from "../../../src/net/tls/live-identity.ts";
import { makeAuthority, makeLeaf } from "../../../src/net/tls/local-certificates.ts";
import { makeNodeKeyPair } from "../../../src/net/tls/node-certificate.ts";
import { TrustView } from "../../../src/net/trust/trust-view.ts";
import { systemClock } from "../../../src/runtime/clock.ts";
import { makeMember } from "../../helpers/recording-cluster.ts";
import { ToldCluster } from "../../helpers/told-cluster.ts";

const authority = await makeAuthority("Test authority");
const [manager, worker, other] = await Promise.all(
  ["manager", "worker", "other"].map((name) => makeLeaf([name], authority)),
);
const COMMIT = "a".repeat(40);
const REQUEST = { deployment: 7, commit: COMMIT, live: undefined };

function identity(leaf: typeof manager) {
  return { cert: leaf?.certificate ?? "", key: leaf?.key ?? "" };
}

async function start(
  context: TestContext,
  listener: RequestListener,
  shown = worker,
  trust?: TrustView,
) {
  const server: Server = createServer(
    { ...identity(shown), requestCert: true, rejectUnauthorized: false },
    listener,
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const cluster = new ToldCluster(makeMember());
  cluster.tell({
    id: "w",
    name: "worker-1",
    role: "worker",
    host: "127.0.0.1",
    ports: { management: port },
    properties: {
      managementCertificate: identityFingerprint(identity(trust ? shown : worker)) ?? "",
    },
  });
  const own = new LiveIdentity(identity(manager));
  const stage = new RemoteStage("w", "worker-1", {
    cluster,
    identity: own,
    trust,
    clock: systemClock,
  });
  context.after(() => {
    stage.close();
    server.closeAllConnections();
    server.close();
  });
  return { stage, server, cluster };
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return chunks.length === 0 ? undefined : JSON.parse(Buffer.concat(chunks).toString("utf8"));
}

test("asks a worker in JSON over one kept connection, and shows the manager's certificate", async (context) => {
  const seen: unknown[] = [];
  const sockets = new Set<unknown>();
  const answers: Record<string, object> = {
    "/node/deployment/stage": { kind: "ready" },
    "/node/deployment/activate": { revision: COMMIT },
    "/node/deployment/abandon": {},
    "/node/deployment/outcomes": { revision: null, services: [] },
  };
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    seen.push([request.method, request.url, await bodyOf(request)]);
    response.end(JSON.stringify(answers[request.url ?? ""]));
  };
  const { stage, server } = await start(context, (request, response) => {
    void answer(request, response);
  });
  server.on("secureConnection", (socket) => sockets.add(socket));
  assert.deepEqual(await stage.stage(REQUEST), { kind: "ready" });
  assert.deepEqual(await stage.activate(COMMIT), { revision: COMMIT });
  await stage.abandon(COMMIT);
  assert.deepEqual(await stage.outcomes(), { revision: undefined, services: [] });
  assert.deepEqual(seen[0], ["POST", "/node/deployment/stage", { deployment: 7, commit: COMMIT }]);
  assert.equal(sockets.size, 1);
});

test("asks again over a new connection when the worker has closed the kept one", async (context) => {
  let asked = 0;
  const { stage, server } = await start(context, (_request, response) => {
    asked += 1;
    response.end(JSON.stringify({ kind: "ready" }));
  });
  await stage.stage(REQUEST);
  server.closeAllConnections();
  assert.deepEqual(await stage.stage(REQUEST), { kind: "ready" });
  assert.equal(asked, 2);
});

test("says nothing to a node with another certificate than the worker tells", async (context) => {
  let asked = 0;
  const count: RequestListener = (_request, response) => {
    asked += 1;
    response.end("{}");
  };
  const { stage } = await start(context, count, other);
  await assert.rejects(stage.stage(REQUEST), { code: "NODE_UNREACHABLE", retryable: true });
  assert.equal(asked, 0);
});

test("takes a refusal, an answer that is too long and one that is no JSON for a worker that cannot", async (context) => {
  const answers: [number, string][] = [
    [403, '{"Error":"changes nothing","code":"READ_ONLY_NODE"}'],
    [403, "no json"],
    [200, "x".repeat(3 * 1024 * 1024)],
    [200, "no json"],
    [404, ""],
    [500, "disk full"],
  ];
  const { stage } = await start(context, (_request, response) => {
    const [status, text] = answers.shift() ?? [500, ""];
    response.writeHead(status).end(text);
  });
  const sentences = [
    /runs a version that knows no such deploys/,
    /runs a version that knows no such deploys/,
    /too long/,
    /no JSON/,
    /bring it to the manager's/,
    /500 disk full/,
  ];
  for (const words of sentences)
    await assert.rejects(stage.stage(REQUEST), { retryable: false, message: words });
});

test("may ask a worker again that has not heard of the manager's certificate yet", async (context) => {
  const { stage } = await start(context, (_request, response) => {
    response.writeHead(403).end('{"Error":"by a manager only","code":"ACCESS_DENIED"}');
  });
  await assert.rejects(stage.stage(REQUEST), { retryable: true, message: /for none \(403\)/ });
});

test("says nothing to whoever joined under the name of a registered worker, whatever it tells of itself", async (context) => {
  const internal = await makeAuthority("The cluster's authority");
  const pair = makeNodeKeyPair();
  const certify = (name: string): Promise<string> =>
    certifyNode({ name, role: "worker" }, pair.publicKey, internal);
  const trust = new TrustView(systemClock);
  const members = [{ name: "worker-1", role: "worker" }];
  const lists = { secrets: ["secret"], allowedSigners: "", members, revoked: [] };
  trust.take({ generation: 1, authority: internal.certificate, ...lists });
  let asked = 0;
  const count: RequestListener = (_request, response) => {
    asked += 1;
    response.end('{"kind":"ready"}');
  };
  // With a certificate of its own, as it tells it; then with that of another registered node.
  const own = await start(context, count, worker, trust);
  await assert.rejects(own.stage.stage(REQUEST), { code: "NODE_UNREACHABLE" });
  const another = { certificate: await certify("worker-2"), key: pair.privateKey };
  const posing = await start(context, count, another, trust);
  await assert.rejects(posing.stage.stage(REQUEST), { code: "NODE_UNREACHABLE" });
  assert.equal(asked, 0);
  const right = { certificate: await certify("worker-1"), key: pair.privateKey };
  const { stage } = await start(context, count, right, trust);
  assert.deepEqual(await stage.stage(REQUEST), { kind: "ready" });
});

test("ends with its signal, and rejects as unreachable where nobody listens", async (context) => {
  const { stage, server } = await start(context, () => {});
  const signal = AbortSignal.timeout(200);
  await assert.rejects(stage.stage(REQUEST, signal), { code: "NODE_UNREACHABLE" });
  server.closeAllConnections();
  server.close();
  await assert.rejects(stage.outcomes(), { code: "NODE_UNREACHABLE", retryable: true });
});
