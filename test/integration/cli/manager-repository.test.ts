/** How a worker's git is held to its manager: a real git towards a real TLS server, with other certificates than it should have. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, it } from "node:test";
import type { Member } from "../../../src/cluster/cluster.ts";
import { ManagerRepository, repositoryUrl } from "../../../src/cli/manager-repository.ts";
import type { RepositoryAccess } from "../../../src/depsync/git-location.ts";
import { runGit } from "../../../src/depsync/git-process.ts";
import { identityFingerprint } from "../../../src/net/tls/certificate-fingerprint.ts";
import { certifyNode } from "../../../src/net/tls/certify-node.ts";
import { LiveIdentity } from "../../../src/net/tls/live-identity.ts";
import {
  type CertificateAndKey,
  makeAuthority,
  makeLeaf,
} from "../../../src/net/tls/local-certificates.ts";
import {
  makeNodeKeyPair,
  type NodeCertificateRole,
} from "../../../src/net/tls/node-certificate.ts";
import { TrustHome } from "../../../src/net/trust/trust-home.ts";
import { TrustView } from "../../../src/net/trust/trust-view.ts";
import { systemClock } from "../../../src/runtime/clock.ts";

const authority = await makeAuthority("Test authority");
const identities = await Promise.all(
  ["mgt.esb.test", "other.esb.test", "worker.esb.test"].map(async (name) => {
    const { certificate, key } = await makeLeaf([name], authority);
    return { cert: certificate, key };
  }),
);
const [managers, others, workers] = identities;
assert.ok(managers && others && workers);

interface World {
  readonly repository: ManagerRepository;
  readonly url: string;
  /** Proofs that came with requests; undefined for requests without. */
  readonly proofs: (string | undefined)[];
}

/** A manager that shows one certificate and tells another, or the same. */
async function world(
  test: TestContext,
  shown: { cert: string; key: string },
  told: { cert: string; key: string },
): Promise<World> {
  const proofs: World["proofs"] = [];
  const server: Server = createServer(shown, (request, response) => {
    proofs.push(request.headers["x-bascule-member"]?.toString());
    response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const home = mkdtempSync(join(tmpdir(), "bascule-access-"));
  test.after(() => {
    server.close();
    rmSync(home, { recursive: true });
  });
  const member = {
    name: "manager",
    role: "manager",
    host: "127.0.0.1",
    ports: { management: (server.address() as AddressInfo).port },
    properties: { managementCertificate: identityFingerprint(told) },
  } as unknown as Member;
  const repository = new ManagerRepository({
    managers: () => [member],
    identity: new LiveIdentity(workers ?? told),
    view: undefined,
    trustHome: new TrustHome(home),
    certificateFile: join(home, "repository", "manager.pem"),
    clock: systemClock,
  });
  return { repository, url: repositoryUrl(member) ?? "", proofs };
}

function lsRemote({ url, config, secrets }: RepositoryAccess): Promise<string> {
  return runGit({ args: ["ls-remote", "--", url], protocol: "https", config, secrets });
}

it("leads git to the manager under a name of its certificate, with the proof", async (test) => {
  const { repository, url, proofs } = await world(test, managers, managers);
  const access = await repository.access(url);
  assert.ok(access);
  assert.match(access.url, /^https:\/\/mgt\.esb\.test:\d+\/repository\.git$/);
  await assert.rejects(lsRemote(access), (error: Error) => {
    assert.match(error.message, /not found/);
    assert.ok(!error.message.includes(access.secrets[0] ?? "?"));
    return true;
  });
  assert.equal(proofs.length, 1);
  assert.equal(proofs[0], access.secrets[0]);
});

it("sends nothing to a server that shows another certificate than the manager tells", async (test) => {
  const { repository, url, proofs } = await world(test, others, managers);
  await assert.rejects(repository.access(url), /shows another certificate than manager tells/);
  assert.deepEqual(proofs, []);
});

it("has git itself refuse a server whose key is another one by then, before it sends anything", async (test) => {
  const right = await world(test, managers, managers);
  const access = await right.repository.access(right.url);
  assert.ok(access);
  const otherPin = `sha256//${Buffer.alloc(32).toString("base64")}`;
  const config = access.config.map(([key, value]) =>
    key === "http.pinnedPubkey" ? ([key, otherPin] as const) : ([key, value] as const),
  );
  await assert.rejects(lsRemote({ ...access, config }), /public key/i);
  assert.deepEqual(right.proofs, []);
});

/** A registered worker, and a server that is the manager of its cluster as membership has it. */
async function registeredWorld(
  test: TestContext,
  shown: { cert: string; key: string },
  internal: CertificateAndKey,
): Promise<{ access: () => Promise<RepositoryAccess | undefined>; tokens: unknown[] }> {
  const tokens: unknown[] = [];
  const server: Server = createServer(shown, (request, response) => {
    tokens.push(request.headers["x-bascule-node"]);
    response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const trustHome = new TrustHome(mkdtempSync(join(tmpdir(), "bascule-access-")));
  test.after(() => {
    server.close();
    rmSync(trustHome.home, { recursive: true });
  });
  const { port } = server.address() as AddressInfo;
  const material = {
    generation: 1,
    authority: internal.certificate,
    secrets: ["secret"],
    allowedSigners: "",
    members: [{ name: "manager", role: "manager" }],
    revoked: [],
  };
  trustHome.writeMaterial(material);
  const manager = { host: "127.0.0.1", port };
  trustHome.writeRegistration({ name: "wrk-1", role: "worker", id: "1", token: "t0k3n", manager });
  const view = new TrustView(systemClock);
  view.take(material);
  // Whoever has the secret can tell the very certificate that it shows.
  const member = {
    name: "manager",
    role: "manager",
    host: "127.0.0.1",
    ports: { management: port },
    properties: { managementCertificate: identityFingerprint(shown) },
  } as unknown as Member;
  const repository = new ManagerRepository({
    managers: () => [member],
    identity: undefined,
    view,
    trustHome,
    certificateFile: join(trustHome.home, "repository", "manager.pem"),
    clock: systemClock,
  });
  return { access: () => repository.access(repositoryUrl(member) ?? ""), tokens };
}

async function nodeIdentity(role: NodeCertificateRole, name: string, internal: CertificateAndKey) {
  const { publicKey, privateKey: key } = makeNodeKeyPair();
  return { cert: await certifyNode({ name, role }, publicKey, internal), key };
}

it("shows a registered worker's token to a manager that the authority has certified, and to nobody who joined as one", async (test) => {
  const internal = await makeAuthority("The cluster's authority");
  const foreign = await makeAuthority("The cluster's authority");
  const impostors = [
    managers,
    await nodeIdentity("manager", "manager", foreign),
    // Of the home of another worker: git alone would take it, for the authority has signed it.
    await nodeIdentity("worker", "wrk-2", internal),
    // A manager that was removed, and whose certificate nobody remembers.
    await nodeIdentity("manager", "manager-2", internal),
  ];
  for (const impostor of impostors) {
    const { access, tokens } = await registeredWorld(test, impostor, internal);
    await assert.rejects(access(), /authority has made for no manager/);
    assert.deepEqual(tokens, []);
  }
  const right = await nodeIdentity("manager", "manager", internal);
  const { access, tokens } = await registeredWorld(test, right, internal);
  const way = await access();
  assert.ok(way);
  await assert.rejects(lsRemote(way), /not found/);
  assert.deepEqual(tokens, ["wrk-1:t0k3n"]);
});

it("leaves locations alone that are no manager's", async (test) => {
  const { repository } = await world(test, managers, managers);
  assert.equal(await repository.access("https://git.example.com/esb.git"), undefined);
});
