/** A whole worker on free ports, whose revisions a test owns, and the certificates of a manager and of a stranger. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { Agent } from "node:https";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { Member, MemberUpdate } from "../../../src/cluster/cluster.ts";
import { MEMBER_PROPERTIES } from "../../../src/cluster/member-properties.ts";
import { loadNodeConfig } from "../../../src/config/load-node-config.ts";
import { identityFingerprint } from "../../../src/net/tls/certificate-fingerprint.ts";
import { makeAuthority, makeLeaf } from "../../../src/net/tls/local-certificates.ts";
import type { TrustView } from "../../../src/net/trust/trust-view.ts";
import { systemClock } from "../../../src/runtime/clock.ts";
import { Worker } from "../../../src/worker/worker.ts";
import { FakeRevisionSource } from "../../helpers/fake-revision-source.ts";
import { request, type TestResponse } from "../../helpers/http-request.ts";
import { makeLogs } from "../../helpers/made-logs.ts";
import { MemoryLog } from "../../helpers/memory-log.ts";
import { makeMember, RecordingCluster } from "../../helpers/recording-cluster.ts";

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  server.close();
  return typeof address === "object" && address ? address.port : 0;
}

/** Revisions are numbered texts; `files` says what a worker finds in one. Without `trust` it is not registered. */
export async function workerFixture(
  context: TestContext,
  files: (id: string) => string,
  first: string,
  trust?: TrustView,
) {
  const home = mkdtempSync(join(tmpdir(), "bascule-worker-"));
  context.after(() => rmSync(home, { recursive: true, force: true }));
  mkdirSync(join(home, "conf"));
  const authority = await makeAuthority("The tests' authority");
  const [own, manager, stranger] = await Promise.all(
    ["worker", "manager", "stranger"].map((name) => makeLeaf([name], authority)),
  );
  if (!own || !manager || !stranger) throw new Error("no certificates");
  writeFileSync(join(home, "node.crt"), own.certificate);
  writeFileSync(join(home, "node.key"), own.key);
  const { config } = loadNodeConfig({ home, properties: { workerNode: "true" }, environment: {} });
  const [servicePort, managementPort] = [await freePort(), await freePort()];
  const tls = {
    place: undefined,
    kind: "pem",
    certificateFile: join(home, "node.crt"),
    keyFile: join(home, "node.key"),
  } as const;
  const place = { bindAddress: "127.0.0.1" };
  const fingerprint = identityFingerprint({ cert: manager.certificate, key: manager.key }) ?? "";
  const managerMember: Member = makeMember({
    id: "manager",
    role: "manager",
    properties: { [MEMBER_PROPERTIES.managementCertificate]: fingerprint },
  });
  const updates: MemberUpdate[] = [];
  const cluster = new RecordingCluster(makeMember({ role: "worker" }), [managerMember]);
  const update = cluster.update.bind(cluster);
  cluster.update = (change) => {
    updates.push(change);
    update(change);
  };
  const source = new FakeRevisionSource((id) => [
    {
      path: "synapse-configs/default/synapse.xml",
      content: Buffer.from(
        `<definitions xmlns="http://ws.apache.org/ns/synapse">${files(id)}</definitions>`,
      ),
    },
  ]);
  source.wanted = first;
  const ends: string[] = [];
  const log = new MemoryLog();
  const worker = await Worker.start({
    config: {
      ...config,
      serviceListeners: [
        { ...place, scheme: "http", port: servicePort, wsdlEprPrefix: undefined, tls: undefined },
      ],
      connectors: [
        {
          ...place,
          scheme: "https",
          port: managementPort,
          proxyPort: undefined,
          proxyName: undefined,
          tls,
        },
      ],
    },
    source,
    joining: Promise.resolve({ cluster }),
    log,
    logs: makeLogs().logs,
    clock: systemClock,
    onChange: () => {},
    ...(trust && { trust }),
    ending: { refusal: () => undefined, end: (how) => ends.push(how) },
  });
  context.after(() => worker.close());
  const agentOf = (who: typeof manager): Agent => {
    const agent = new Agent({ cert: who.certificate, key: who.key, keepAlive: true });
    context.after(() => agent.destroy());
    return agent;
  };
  const asManager = agentOf(manager);
  const asStranger = agentOf(stranger);
  const ask = (
    method: string,
    path: string,
    body?: unknown,
    agent: Agent | undefined = asManager,
  ): Promise<TestResponse> =>
    request(`https://127.0.0.1:${managementPort}${path}`, {
      method,
      ...(body === undefined
        ? {}
        : { body: typeof body === "string" ? body : JSON.stringify(body) }),
      ...(agent && { agent }),
    });
  const call = (path: string, headers: Readonly<Record<string, string>> = {}) =>
    request(`http://127.0.0.1:${servicePort}${path}`, { headers });
  return { worker, source, cluster, updates, ends, log, ask, call, asManager, asStranger, agentOf };
}
