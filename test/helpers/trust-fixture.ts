/** A cluster's authority on a temporary home, with a database in memory and a clock that the test owns. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ClusterSecrets } from "../../src/cluster/secrets.ts";
import { setUpStore, type Store } from "../../src/manager/store/store.ts";
import { makeAuthorityFiles } from "../../src/manager/trust/authority-files.ts";
import { TrustAuthority } from "../../src/manager/trust/trust-authority.ts";
import { makeNodeKeyPair } from "../../src/net/tls/node-certificate.ts";
import { type JoinToken, parseJoinToken } from "../../src/net/trust/join-token.ts";
import { proveKey } from "../../src/net/trust/key-proof.ts";
import { TrustHome } from "../../src/net/trust/trust-home.ts";
import type { TrustMaterial } from "../../src/net/trust/trust-material.ts";
import { FakeClock } from "./fake-clock.ts";
import { MemoryLog } from "./memory-log.ts";

export class TrustFixture implements AsyncDisposable {
  readonly clock: FakeClock;
  readonly log = new MemoryLog();
  readonly home: TrustHome;
  readonly secrets = new ClusterSecrets(["the first secret"]);
  readonly published: TrustMaterial[] = [];
  readonly store: Store;
  readonly authority: TrustAuthority;

  private constructor(
    home: TrustHome,
    parts: {
      clock: FakeClock;
      store: Store;
      files: Awaited<ReturnType<typeof makeAuthorityFiles>>;
    },
  ) {
    this.home = home;
    this.clock = parts.clock;
    this.store = parts.store;
    this.authority = new TrustAuthority({
      files: parts.files,
      records: parts.store.trust,
      home,
      secrets: this.secrets,
      principal: "manager@trust.test",
      onPublished: (material) => void this.published.push(material),
      log: this.log,
      clock: parts.clock,
    });
  }

  static async make(): Promise<TrustFixture> {
    const home = new TrustHome(mkdtempSync(join(tmpdir(), "bascule-authority-")));
    const clock = new FakeClock();
    const store = await setUpStore({ file: ":memory:", home: home.home, clock });
    const files = await makeAuthorityFiles(home.home, "trust.test");
    const fixture = new TrustFixture(home, { clock, store, files });
    await fixture.authority.registerItself("manager", { host: "127.0.0.1", port: 9443 });
    return fixture;
  }

  async token(ttlS = 60): Promise<JoinToken> {
    return parseJoinToken(await this.authority.issueJoinToken(ttlS, "admin"));
  }

  /** Registers a worker; `pair` has its keys. */
  async register(name: string, token?: JoinToken) {
    const pair = makeNodeKeyPair();
    const { publicKey, privateKey } = pair;
    const used = token ?? (await this.token());
    const proof = proveKey({ name, occasion: used.id, publicKey }, privateKey);
    const request = { token: used, name, role: "worker", publicKey, proof } as const;
    return { pair, ...(await this.authority.register(request)) };
  }

  get material(): TrustMaterial {
    const last = this.published.at(-1);
    if (!last) throw new Error("nothing was published");
    return last;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.store.close();
    rmSync(this.home.home, { recursive: true, force: true });
  }
}
