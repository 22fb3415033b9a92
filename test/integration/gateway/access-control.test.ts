/** Who gets in: passwords, another location's word, and how many at a time. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { hashSync } from "bcryptjs";
import { freePort, GatewayFixture, startBackend, until } from "../../helpers/gateway-fixture.ts";
import { request } from "../../helpers/http-request.ts";

async function serve(fixture: GatewayFixture, inside: string, http = ""): Promise<string> {
  const port = await freePort();
  await fixture.start(`${http}\nserver { listen 127.0.0.1:${port}; ${inside} }`);
  return `http://127.0.0.1:${port}`;
}

function credentials(user: string, password: string) {
  const text = Buffer.from(`${user}:${password}`).toString("base64");
  return { headers: { Authorization: `Basic ${text}` } };
}

test("lets users with bcrypt passwords in, others not, and says why a hash is refused", async () => {
  await using fixture = new GatewayFixture();
  const hash = hashSync("schlüssel", 4);
  fixture.write(
    "users",
    [
      `anna:${hash.replace(/^\$2.\$/, "$2y$")}`,
      `berta:${hash.replace(/^\$2.\$04/, "$2b$15")}`,
      "clara:$6$salt$whatever",
    ].join("\n"),
  );
  fixture.write("page", "in");
  const url = await serve(
    fixture,
    `root ${fixture.folder}; auth_basic "a place"; auth_basic_user_file users;`,
  );
  const statusOf = async (user: string, password: string) =>
    (await request(`${url}/page`, credentials(user, password))).status;
  assert.equal(await statusOf("anna", "schlüssel"), 200);
  assert.equal(await statusOf("anna", "schlüssel"), 200);
  assert.equal(await statusOf("anna", "schlussel"), 401);
  assert.equal(await statusOf("berta", "schlüssel"), 401);
  assert.equal(await statusOf("clara", "schlüssel"), 401);
  const log = fixture.read("error.log");
  assert.match(log, /user "anna": password mismatch/);
  assert.match(log, /user "berta": the bcrypt hash has cost 15, at most 14 is supported/);
  assert.match(log, /user "clara": the form of the stored password is not supported/);
  assert.doesNotMatch(log, /schl/);
});

test("holds an answer 401 back for auth_delay, and lets others pass at once", async () => {
  await using fixture = new GatewayFixture();
  fixture.write("users", "anna:{PLAIN}right");
  fixture.write("page", "in");
  const url = await serve(
    fixture,
    `root ${fixture.folder}; auth_delay 300ms; auth_basic a; auth_basic_user_file users;`,
  );
  const startMs = performance.now();
  assert.equal((await request(`${url}/page`, credentials("anna", "right"))).status, 200);
  assert.ok(performance.now() - startMs < 250);
  const refused = await request(`${url}/page`, credentials("anna", "wrong"));
  assert.equal(refused.status, 401);
  assert.equal(refused.headers["www-authenticate"], 'Basic realm="a"');
  assert.ok(performance.now() - startMs >= 300);
});

test("asks another location for leave, takes variables from its answer, and passes its challenge on", async () => {
  await using judge = await startBackend("judge", {
    handler(incoming, response) {
      const word = String(incoming.headers["x-word"] ?? "none");
      const status = word === "open" ? 204 : word === "no" ? 403 : word === "odd" ? 418 : 401;
      const headers = { "X-User": "anna", "WWW-Authenticate": ["Basic realm=a", "Bearer"] };
      response.writeHead(status, headers).end();
    },
  });
  await using fixture = new GatewayFixture();
  fixture.write("page", "in");
  const url = await serve(
    fixture,
    `root ${fixture.folder};
     location / { auth_request /leave; auth_request_set $user $upstream_http_x_user;
       add_header X-User $user always; }
     location /leave { internal; auth_request /leave; proxy_pass http://127.0.0.1:${judge.port}; }`,
  );
  const ask = (word: string, body?: string) =>
    request(`${url}/page`, {
      headers: { "X-Word": word },
      ...(body === undefined ? {} : { body, method: "GET" }),
    });
  const open = await ask("open", "a body that is not the judge's business");
  assert.deepEqual([open.status, open.body, open.headers["x-user"]], [200, "in", "anna"]);
  assert.equal((await ask("no")).status, 403);
  assert.equal((await ask("odd")).status, 500);
  const unknown = await ask("none");
  assert.equal(unknown.status, 401);
  assert.equal(unknown.headers["www-authenticate"], "Basic realm=a, Bearer");
  assert.equal(judge.seen.length, 4);
  assert.match(fixture.read("error.log"), /auth request unexpected status: 418/);
});

test("lets as many requests of a key in as limit_conn says, and the next when one is over", async () => {
  const waiting: (() => void)[] = [];
  await using slow = await startBackend("slow", {
    handler: (_, response) => void waiting.push(() => response.end("done")),
  });
  await using fixture = new GatewayFixture();
  const zone = "limit_conn_zone $arg_key zone=one:1m;";
  const inside = (port: string) => `${zone} server { listen 127.0.0.1:${port};
    limit_conn one 1; add_header X-Limit $limit_conn_status always;
    location / { proxy_pass http://127.0.0.1:${slow.port}; }
    location /dry { limit_conn_dry_run on; proxy_pass http://127.0.0.1:${slow.port}; } }`;
  const port = String(await freePort());
  await fixture.start(inside(port));
  const url = `http://127.0.0.1:${port}`;
  const first = request(`${url}/?key=a`);
  await until(() => waiting.length === 1, "the first request");
  const second = await request(`${url}/?key=a`);
  assert.deepEqual([second.status, second.headers["x-limit"]], [503, "REJECTED"]);
  await fixture.reload(inside(port));
  assert.equal((await request(`${url}/?key=a`)).status, 503);
  const others = [request(`${url}/?key=b`), request(`${url}/`), request(`${url}/dry?key=a`)];
  await until(() => waiting.length === 4, "the requests that are not limited");
  for (const answer of waiting.splice(0)) answer();
  assert.equal((await first).headers["x-limit"], "PASSED");
  const limits = (await Promise.all(others)).map(({ headers }) => headers["x-limit"]);
  assert.deepEqual(limits, ["PASSED", undefined, "REJECTED_DRY_RUN"]);
  const next = request(`${url}/?key=a`);
  await until(() => waiting.length === 1, "the next request");
  for (const answer of waiting.splice(0)) answer();
  assert.equal((await next).status, 200);
  const log = fixture.read("error.log");
  assert.match(log, /limiting connections by zone "one"/);
  assert.match(log, /limiting connections, dry run, by zone "one"/);
});
