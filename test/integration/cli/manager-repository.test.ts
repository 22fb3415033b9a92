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
import { LiveIdentity } from "../../../src/net/tls/live-identity.ts";
import { makeAuthority, makeLeaf } from "../../../src/net/tls/local-certificates.ts";
import { TrustHome } from "../../../src/net/trust/trust-home.ts";
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

it("leaves locations alone that are no manager's", async (test) => {
  const { repository } = await world(test, managers, managers);
  assert.equal(await repository.access("https://git.example.com/esb.git"), undefined);
});
