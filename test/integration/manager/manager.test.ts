import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { connect } from "node:tls";
import type { FileChange } from "../../../src/depsync/deployment-repository.ts";
import { resetAdmin } from "../../../src/manager/auth/admin-account.ts";
import type { DroppedFilesFolder } from "../../../src/manager/dropped-files.ts";
import { startManager } from "../../../src/manager/manager.ts";
import { systemClock } from "../../../src/runtime/clock.ts";
import { request } from "../../helpers/http-request.ts";
import { CHEAP_PASSWORDS } from "../../helpers/management-fixture.ts";
import { makeLogs } from "../../helpers/made-logs.ts";
import { MemoryLog } from "../../helpers/memory-log.ts";
import { MemoryPublisher } from "../../helpers/memory-publisher.ts";
import { proxyPath, proxyXml, toyCompile } from "../../helpers/toy-compile.ts";
import { AUTHORITY, makeConfig, makeHome, removeHome, start } from "./manager-fixture.ts";

const homes: string[] = [];
after(() => homes.forEach(removeHome));

function freshHome(): string {
  const home = makeHome();
  homes.push(home);
  return home;
}

function passwordFile(home: string): string {
  return join(home, "repository", "database", "initial-admin-password");
}

function firstPassword(home: string): string {
  return readFileSync(passwordFile(home), "utf8").trim();
}

const XML = { "content-type": "application/xml" } as const;

describe("a manager", () => {
  it("makes tables and the admin at -Dsetup, keeps them for later starts, and tells the password only in its file", async () => {
    const home = freshHome();
    const first = await start(makeConfig(home));
    const password = firstPassword(home);
    assert.match(password, /^\w{20}$/);
    assert.equal(statSync(passwordFile(home)).mode & 0o777, 0o600);
    const database = join(home, "repository", "database", "WSO2CARBON_DB.db");
    for (const suffix of ["", "-wal"])
      assert.equal(statSync(`${database}${suffix}`).mode & 0o777, 0o600, suffix);
    assert.ok(first.log.messages("info").some((line) => line.includes(passwordFile(home))));
    assert.ok(!JSON.stringify(first.log.lines).includes(password));
    await first.manager.close();

    const second = await start(makeConfig(home));
    assert.equal(firstPassword(home), password);
    await second.manager.close();
    const third = await start(makeConfig(home, { setup: false }));
    assert.equal((await third.ask("/management/server", password)).status, 200);
    await third.manager.close();
  });

  it("says what to run when it has not been set up", async () => {
    const home = freshHome();
    await assert.rejects(start(makeConfig(home, { setup: false })), (error: Error) => {
      assert.equal("code" in error && error.code, "STORE_NOT_SET_UP");
      assert.ok(error.message.includes(`bascule server --home ${home} -Dsetup`));
      return true;
    });
  });

  it("deploys over https, hands the commit to the worker in the same process, and remembers it across restarts", async () => {
    const home = freshHome();
    const deployed: string[] = [];
    const onDeployed = (commit: string) => void deployed.push(commit);
    const first = await start(makeConfig(home), { onDeployed });
    const password = firstPassword(home);
    const answer = await first.ask("/management/deployments", password, {
      body: proxyXml("P"),
      headers: XML,
    });
    assert.equal(answer.status, 201);
    const { commit } = JSON.parse(answer.body);
    assert.deepEqual(deployed, [commit]);
    const nodes = JSON.parse((await first.ask("/management/nodes", password)).body);
    assert.equal(nodes.list[0].revision, commit);
    await first.manager.close();

    const { publisher } = first;
    const second = await start(makeConfig(home, { setup: false }), { publisher });
    const journal = JSON.parse((await second.ask("/management/deployments", password)).body);
    assert.equal(journal.list[0].commit, commit);
    const again = JSON.parse((await second.ask("/management/nodes", password)).body);
    assert.equal(again.list[0].revision, commit);
    await second.manager.close();
  });

  it("ends all logins of admin when `bascule reset-admin` runs beside it", async () => {
    const home = freshHome();
    const config = makeConfig(home);
    const { manager, ask } = await start(config);
    const old = firstPassword(home);
    const { AccessToken } = JSON.parse((await ask("/management/login", old)).body);
    const bearer = { headers: { authorization: `Bearer ${AccessToken}` } };
    assert.equal((await ask("/management/nodes", undefined, bearer)).status, 200);
    const fresh = await resetAdmin(config, systemClock, CHEAP_PASSWORDS);
    assert.equal(firstPassword(home), fresh);
    assert.equal((await ask("/management/nodes", undefined, bearer)).status, 401);
    assert.equal((await ask("/management/nodes", old)).status, 401);
    assert.equal((await ask("/management/nodes", fresh)).status, 200);
    await manager.close();
  });

  it("removes the file with the first password when admin changes it", async () => {
    const home = freshHome();
    const { manager, ask } = await start(makeConfig(home));
    const password = firstPassword(home);
    const answer = await ask("/management/users/admin/password", password, {
      body: JSON.stringify({ password, newPassword: "my own password" }),
      headers: { "content-type": "application/json" },
    });
    assert.equal(answer.status, 200);
    assert.throws(() => firstPassword(home), { code: "ENOENT" });
    assert.equal((await ask("/management/nodes", "my own password")).status, 200);
    await manager.close();
  });

  it("takes over at its start what people have committed, and makes it live", async () => {
    const home = freshHome();
    const publisher = new MemoryPublisher();
    const content = Buffer.from(proxyXml("P"));
    const author = { user: "admin", via: "api" } as const;
    const commit = await publisher.commit([{ path: proxyPath("P"), content }], "m", author);
    const deployed: string[] = [];
    const onDeployed = (live: string) => void deployed.push(live);
    const { manager } = await start(makeConfig(home), { publisher, onDeployed });
    const live = await publisher.live();
    assert.deepEqual(publisher.commits.at(-1)?.parents, [commit]);
    assert.deepEqual(deployed, [live]);
    await manager.close();
  });

  it("takes in saved files, and brings the folder in line after a deploy by the API", async () => {
    const home = freshHome();
    const told: FileChange[] = [];
    const handlers: ((batch: readonly FileChange[]) => Promise<void>)[] = [];
    const folder: DroppedFilesFolder = {
      start: async (handler) => void handlers.push(handler),
      bringInLine: async (changes) => void told.push(...changes),
      close: async () => void handlers.pop(),
    };
    const { manager, ask, publisher } = await start(makeConfig(home), { folder });
    await handlers[0]?.([{ path: proxyPath("F"), content: Buffer.from(proxyXml("F")) }]);
    assert.equal(publisher.commits[0]?.author, "admin (file)");
    assert.deepEqual(told, []);
    const body = proxyXml("P");
    await ask("/management/deployments", firstPassword(home), { body, headers: XML });
    assert.deepEqual(told, [{ path: proxyPath("P"), content: Buffer.from(body) }]);
    await manager.close();
    assert.equal(handlers.length, 0);
  });

  it("sends http to https, with the gateway's port where there is one", async () => {
    const direct = await start(makeConfig(freshHome()));
    const [, http = ""] = direct.manager.addresses;
    const here = await request(`${http}/carbon/?a=b`);
    assert.equal(here.status, 302);
    assert.equal(here.headers.location, `${direct.url}/carbon/?a=b`);
    const post = await request(`${http}/management/deployments`, { body: "<proxy/>" });
    assert.equal(post.status, 308);
    assert.equal((await direct.ask("/", undefined)).headers.location, "/carbon/");
    await direct.manager.close();

    const connectors = makeConfig("/").connectors.map((connector) => ({
      ...connector,
      proxyPort: connector.scheme === "https" ? 8443 : 8080,
    }));
    const behind = await start(makeConfig(freshHome(), { connectors }));
    const [, plain = ""] = behind.manager.addresses;
    const console = "https://mgt.esb.localhost:8443/carbon/";
    assert.equal((await request(`${plain}/carbon/`)).headers.location, console);
    assert.equal((await behind.ask("/", undefined)).headers.location, console);
    assert.ok(behind.log.messages().includes(`Mgt Console URL  : ${console}`));
    await behind.manager.close();
  });

  it("says which port is taken, and leaves nothing open", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const port = typeof address === "object" && address ? address.port : 0;
    const connectors = makeConfig("/").connectors.map((connector) =>
      connector.scheme === "http" ? { ...connector, port } : connector,
    );
    const config = makeConfig(freshHome(), { connectors });
    await assert.rejects(start(config), { code: "PORT_BUSY", message: new RegExp(`${port}`) });
    server.close();
  });

  it("speaks no TLS older than 1.2, and closes while a client is connected", async () => {
    const { manager, url } = await start(makeConfig(freshHome()));
    const port = Number(new URL(url).port);
    const old = connect({
      host: "127.0.0.1",
      port,
      ca: AUTHORITY,
      maxVersion: "TLSv1.1",
      minVersion: "TLSv1",
    });
    const failed = await new Promise<Error | undefined>((resolve) => {
      old.once("error", resolve).once("secureConnect", () => resolve(undefined));
    });
    assert.ok(failed);
    const idle = connect({ host: "127.0.0.1", port, ca: AUTHORITY });
    await new Promise<void>((resolve) => void idle.once("secureConnect", resolve));
    idle.on("error", () => {});
    await manager.close();
    idle.destroy();
  });

  it("starts although the deployment repository cannot be reached, and says that it is not ready", async () => {
    const home = freshHome();
    const publisher = new MemoryPublisher();
    const down = () => Promise.reject(new Error("no route to host"));
    publisher.head = down;
    publisher.live = down;
    const folder: DroppedFilesFolder = {
      start: down,
      bringInLine: async () => {},
      close: async () => {},
    };
    const { manager, ask, log } = await start(makeConfig(home), { publisher, folder });
    assert.equal((await ask("/health/live", undefined)).status, 200);
    assert.equal((await ask("/health/ready", undefined)).status, 503);
    assert.ok(log.messages("error").some((line) => line.includes("no route to host")));
    await manager.close();
  });

  it("refuses to start with certificates that are none", async () => {
    const home = freshHome();
    await assert.rejects(
      startManager({
        config: makeConfig(home),
        log: new MemoryLog(),
        ...makeLogs(),
        clock: systemClock,
        publisher: new MemoryPublisher(),
        compile: toyCompile,
        cluster: undefined,
        tls: { cert: "nonsense", key: "nonsense" },
        passwords: CHEAP_PASSWORDS,
      }),
      { code: "TLS_MATERIAL" },
    );
  });
});
