import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  ADMIN,
  basic,
  type ManagementFixture,
  READER,
  startFixture,
} from "../../../helpers/management-fixture.ts";
import { makeMember, RecordingCluster } from "../../../helpers/recording-cluster.ts";
import { proxyXml } from "../../../helpers/toy-compile.ts";

const CONSOLE = { "x-requested-with": "bascule-console" } as const;

/** Logs in as the console does and gives the cookie. */
async function logIn({ ask }: ManagementFixture): Promise<string> {
  const json = ADMIN;
  const answer = await ask("POST", "/management/session", {
    json,
    headers: CONSOLE,
    isAnonymous: true,
  });
  assert.equal(answer.status, 200);
  return String(answer.headers["set-cookie"]);
}

describe("access to the management API", () => {
  it("lets nobody in without credentials, on every route that is not public", async () => {
    const { ask, routes } = await startFixture();
    const closed = routes.filter(({ access }) => access !== "public");
    assert.ok(closed.length > 10);
    for (const { method, path } of closed) {
      const url = path.replaceAll(/:\w+/g, "1");
      const answer = await ask(method as "GET", url, { isAnonymous: true });
      assert.equal(answer.status, 401, `${method} ${path}`);
      assert.equal(answer.json().code, "AUTH_FAILED");
    }
  });

  it("lets users who are no admins read, but not change", async () => {
    const { ask, routes, publisher } = await startFixture();
    const headers = { authorization: basic(READER) };
    assert.equal((await ask("GET", "/management/artifacts", { headers })).status, 200);
    for (const { method, path } of routes.filter(({ access }) => access === "admin")) {
      const answer = await ask(method as "GET", path.replaceAll(/:\w+/g, "1"), { headers });
      assert.equal(answer.status, 403, `${method} ${path}`);
    }
    const xml = proxyXml("P");
    const deploy = await ask("POST", "/management/deployments", { headers, xml });
    assert.equal(deploy.status, 403);
    assert.equal(deploy.json().code, "ACCESS_DENIED");
    assert.deepEqual(publisher.commits, []);
  });

  it("asks browsers for Basic credentials, but not from within the console's page", async () => {
    const { ask } = await startFixture();
    const curl = await ask("GET", "/management/nodes", { isAnonymous: true });
    assert.match(String(curl.headers["www-authenticate"]), /Basic realm/);
    const page = await ask("GET", "/management/nodes", { isAnonymous: true, headers: CONSOLE });
    assert.doesNotMatch(String(page.headers["www-authenticate"]), /Basic/);
  });

  it("gives out access tokens that live for an hour and end at logout", async () => {
    const { ask, clock } = await startFixture();
    const login = async () => (await ask("GET", "/management/login")).json().AccessToken;
    const first = { authorization: `Bearer ${await login()}` };
    assert.equal((await ask("GET", "/management/nodes", { headers: first })).status, 200);
    assert.equal((await ask("GET", "/management/login", { headers: first })).status, 401);
    assert.equal((await ask("GET", "/management/logout", { headers: first })).status, 200);
    assert.equal((await ask("GET", "/management/nodes", { headers: first })).status, 401);
    const second = { authorization: `Bearer ${await login()}` };
    clock.advance(3_599_000);
    assert.equal((await ask("GET", "/management/nodes", { headers: second })).status, 200);
    clock.advance(1_000);
    assert.equal((await ask("GET", "/management/nodes", { headers: second })).status, 401);
  });

  it("keeps 200 tokens, the oldest goes", async () => {
    const { ask } = await startFixture();
    const tokens: string[] = [];
    for (let count = 0; count < 201; count += 1)
      tokens.push((await ask("GET", "/management/login")).json().AccessToken);
    const statusOf = async (token = "") =>
      (await ask("GET", "/management/nodes", { headers: { authorization: `Bearer ${token}` } }))
        .status;
    assert.equal(await statusOf(tokens[0]), 401);
    assert.equal(await statusOf(tokens[1]), 200);
    assert.equal(await statusOf(tokens[200]), 200);
  });

  it("refuses malformed credentials", async () => {
    const { ask } = await startFixture();
    for (const authorization of ["Basic", "Basic !!!", "Digest abc", "Bearer a b", "Basic YQ=="]) {
      const answer = await ask("GET", "/management/nodes", { headers: { authorization } });
      assert.equal(answer.status, 401, authorization);
    }
  });
});

describe("guessing passwords", () => {
  it("is refused after five failures of a user at an address, until five minutes have passed", async () => {
    const { ask, clock } = await startFixture();
    const wrong = { authorization: basic({ ...ADMIN, password: "wrong" }) };
    for (let count = 0; count < 5; count += 1)
      assert.equal((await ask("GET", "/management/nodes", { headers: wrong })).status, 401);
    const limited = await ask("GET", "/management/nodes");
    assert.equal(limited.status, 429);
    assert.equal(limited.headers["retry-after"], "300");
    const elsewhere = { remoteAddress: "10.1.1.1" };
    assert.equal((await ask("GET", "/management/nodes", elsewhere)).status, 200);
    clock.advance(5 * 60_000);
    assert.equal((await ask("GET", "/management/nodes")).status, 200);
  });

  it("is not what many requests at once with the right password are", async () => {
    const { ask } = await startFixture();
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => ask("GET", "/management/nodes")),
    );
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
  });

  it("does not pass by guessing many at once", async () => {
    const { ask } = await startFixture();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => {
        const authorization = basic({ ...ADMIN, password: `guess ${index}` });
        return ask("GET", "/management/nodes", { headers: { authorization } });
      }),
    );
    assert.equal(answers.filter(({ status }) => status === 401).length, 5);
    assert.equal(answers.filter(({ status }) => status === 429).length, 15);
  });

  it("is told apart by client behind a gateway, and by nobody else's word", async () => {
    const { ask } = await startFixture();
    const guess = (remoteAddress: string, client: string) =>
      ask("GET", "/management/nodes", {
        remoteAddress,
        headers: {
          authorization: basic({ ...ADMIN, password: "wrong" }),
          "x-forwarded-for": client,
        },
      });
    for (let count = 0; count < 5; count += 1) await guess("10.0.0.9", "192.0.2.1");
    assert.equal((await guess("10.0.0.9", "192.0.2.1")).status, 429);
    assert.equal((await guess("10.0.0.9", "192.0.2.2")).status, 401);
    for (let count = 0; count < 5; count += 1) await guess("10.0.0.8", `192.0.2.${count}`);
    assert.equal((await guess("10.0.0.8", "192.0.2.77")).status, 429);
  });

  it("tells neither the password to the log nor whether the user exists", async () => {
    const { ask, log } = await startFixture();
    const password = "my secret guess";
    const tries = await Promise.all(
      ["admin", "nobody"].map((user) =>
        ask("GET", "/management/nodes", { headers: { authorization: basic({ user, password }) } }),
      ),
    );
    assert.equal(tries[0]?.text, tries[1]?.text);
    assert.ok(log.messages("warn").some((line) => line.includes('Failed login of "nobody"')));
    assert.ok(!JSON.stringify(log.lines).includes(password));
  });
});

describe("the console's session", () => {
  it("comes as a cookie that scripts cannot read and other sites cannot send", async () => {
    const cookie = await logIn(await startFixture());
    for (const part of ["bascule_session=", "HttpOnly", "Secure", "SameSite=Strict", "Path=/"])
      assert.ok(cookie.includes(part), part);
  });

  it("idles out after 15 minutes, and regular refreshes do not keep it alive", async () => {
    const fixture = await startFixture();
    const cookie = await logIn(fixture);
    const get = (headers: Record<string, string>) =>
      fixture.ask("GET", "/management/session", {
        isAnonymous: true,
        headers: { cookie, ...headers },
      });
    fixture.clock.advance(14 * 60_000);
    assert.deepEqual((await get({})).json(), { userId: "admin", isAdmin: true });
    fixture.clock.advance(14 * 60_000);
    assert.equal((await get({ "x-bascule-refresh": "1" })).status, 200);
    fixture.clock.advance(60_000);
    assert.equal((await get({})).status, 401);
  });

  it("writes only with a header that another site's page cannot send", async () => {
    const fixture = await startFixture();
    const cookie = await logIn(fixture);
    const deploy = (headers: Record<string, string>) =>
      fixture.ask("POST", "/management/deployments", {
        xml: proxyXml("P"),
        isAnonymous: true,
        headers: { cookie, ...headers },
      });
    assert.equal((await deploy({})).status, 403);
    assert.equal((await deploy({ "sec-fetch-site": "cross-site" })).status, 403);
    assert.deepEqual(fixture.publisher.commits, []);
    assert.equal((await deploy({ "sec-fetch-site": "same-origin" })).status, 201);
    assert.equal((await deploy(CONSOLE)).status, 200);
    assert.equal((await fixture.store.journal.find(1))?.via, "console");
  });

  it("cannot be begun by another site's page", async () => {
    const { ask } = await startFixture();
    const answer = await ask("POST", "/management/session", { json: ADMIN, isAnonymous: true });
    assert.equal(answer.status, 403);
    assert.equal(answer.headers["set-cookie"], undefined);
  });

  it("ends at logout", async () => {
    const fixture = await startFixture();
    const headers = { cookie: await logIn(fixture), ...CONSOLE };
    const options = { headers, isAnonymous: true };
    assert.equal((await fixture.ask("DELETE", "/management/session", options)).status, 200);
    assert.equal((await fixture.ask("GET", "/management/session", options)).status, 401);
  });
});

describe("users", () => {
  it("are added, listed and removed by admins", async () => {
    const { ask } = await startFixture();
    const json = { userId: "ana", password: "long enough 1" };
    assert.equal((await ask("POST", "/management/users", { json })).status, 201);
    assert.equal((await ask("POST", "/management/users", { json })).status, 400);
    const { list } = (await ask("GET", "/management/users")).json();
    assert.deepEqual(list, [
      { userId: "admin", isAdmin: true },
      { userId: "ana", isAdmin: false },
      { userId: "reader", isAdmin: false },
    ]);
    assert.equal((await ask("DELETE", "/management/users/ana")).status, 200);
    assert.equal((await ask("DELETE", "/management/users/ana")).status, 404);
    assert.equal((await ask("DELETE", "/management/users/admin")).status, 400);
    const short = { userId: "bob", password: "short" };
    assert.equal((await ask("POST", "/management/users", { json: short })).status, 400);
  });

  it("change their own password, which ends all their logins", async () => {
    const { ask } = await startFixture();
    const { AccessToken } = (await ask("GET", "/management/login")).json();
    const bearer = { authorization: `Bearer ${AccessToken}` };
    const path = "/management/users/admin/password";
    const json = { password: "wrong", newPassword: "something new" };
    assert.equal((await ask("POST", path, { json, headers: bearer })).status, 401);
    const right = { password: ADMIN.password, newPassword: "something new" };
    assert.equal((await ask("POST", path, { json: right, headers: bearer })).status, 200);
    assert.equal((await ask("GET", "/management/nodes", { headers: bearer })).status, 401);
    const old = await ask("GET", "/management/nodes");
    assert.equal(old.status, 401);
    assert.equal(old.json().Error, "the user name or the password is wrong");
    const authorization = basic({ user: "admin", password: "something new" });
    assert.equal(
      (await ask("GET", "/management/nodes", { headers: { authorization } })).status,
      200,
    );
  });

  it("cannot change each other's password", async () => {
    const { ask } = await startFixture();
    const json = { password: READER.password, newPassword: "something new" };
    assert.equal((await ask("POST", "/management/users/reader/password", { json })).status, 403);
  });

  it("lose their tokens when they are removed, even when the name comes back", async () => {
    const { ask } = await startFixture();
    const authorization = basic(READER);
    const login = await ask("GET", "/management/login", { headers: { authorization } });
    const bearer = { authorization: `Bearer ${login.json().AccessToken}` };
    await ask("DELETE", "/management/users/reader");
    const json = { userId: "reader", password: READER.password };
    await ask("POST", "/management/users", { json });
    assert.equal((await ask("GET", "/management/nodes", { headers: bearer })).status, 401);
  });
});

describe("GET /management/nodes", () => {
  it("shows the members of the cluster with the revision that each runs", async () => {
    const worker = makeMember({
      id: "w",
      name: "10.0.0.3:4200",
      host: "10.0.0.3",
      port: 4200,
      role: "worker",
      subDomain: "worker",
      ports: { http: 8280, https: 8243 },
      revision: "abc",
    });
    const { ask } = await startFixture(new RecordingCluster(makeMember(), [worker]));
    const { count, list } = (await ask("GET", "/management/nodes")).json();
    assert.equal(count, 2);
    assert.deepEqual(list[1], {
      name: "10.0.0.3:4200",
      role: "worker",
      subDomain: "worker",
      address: "10.0.0.3:4200",
      ports: { http: 8280, https: 8243 },
      state: "active",
      revision: "abc",
    });
  });

  it("shows the node itself where it stands alone", async () => {
    const { ask } = await startFixture();
    const { list } = (await ask("GET", "/management/nodes")).json();
    assert.equal(list.length, 1);
    assert.equal(list[0].role, "standalone");
  });
});
