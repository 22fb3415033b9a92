/** What the phases do with a request: rewriting, access, error pages, files, limits, logs. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { freePort, GatewayFixture, startBackend, until } from "../../helpers/gateway-fixture.ts";
import { request } from "../../helpers/http-request.ts";

async function serve(fixture: GatewayFixture, inside: string, http = ""): Promise<string> {
  const port = await freePort();
  const server = `server { listen 127.0.0.1:${port}; root ${fixture.folder}; ${inside} }`;
  await fixture.start(`${http}\n${server}`);
  return `http://127.0.0.1:${port}`;
}

test("rewrites with captures, adds arguments, and stops after ten rounds", async () => {
  await using fixture = new GatewayFixture();
  const url = await serve(
    fixture,
    `location /a { rewrite ^/a/(.*)$ /b/$1?x=1 last; }
     location /b { set $seen "$uri|$args"; return 200 $seen; }
     location /keep { rewrite ^ /b? break; add_header X-Uri $uri always; }
     location /old { rewrite ^/old/(.*)$ /new/$1 permanent; }
     location /loop { rewrite ^ /loop last; }`,
  );
  assert.equal((await request(`${url}/a/c?y=2`)).body, "/b/c|x=1&y=2");
  assert.equal((await request(`${url}/keep`)).headers["x-uri"], "/b");
  const moved = await request(`${url}/old/p?q`);
  assert.deepEqual([moved.status, moved.headers.location], [301, `${url}/new/p?q`]);
  assert.equal((await request(`${url}/loop`)).status, 500);
  assert.match(fixture.read("error.log"), /rewrite or internal redirection cycle/);
});

test("evaluates every form of if", async () => {
  await using fixture = new GatewayFixture();
  fixture.write("there.txt", "x");
  const url = await serve(
    fixture,
    `location / {
       if ($arg_v) { return 200 variable; }
       if ($arg_e = yes) { return 200 equal; }
       if ($arg_r ~* ^AB(.)$) { return 200 regex-$1; }
       if ($arg_n !~ ^$) { add_header X-If inside; return 200 negated; }
       if (-f $document_root$uri) { return 200 file; }
       return 200 none; }`,
  );
  const bodyOf = async (path: string) => (await request(url + path)).body;
  assert.equal(await bodyOf("/?v=0&e=yes"), "equal");
  assert.equal(await bodyOf("/?v=1"), "variable");
  assert.equal(await bodyOf("/?r=abC"), "regex-C");
  assert.equal((await request(`${url}/?n=1`)).headers["x-if"], "inside");
  assert.equal(await bodyOf("/there.txt"), "file");
  assert.equal(await bodyOf("/missing.txt"), "none");
});

test("answers errors with pages, named locations and other statuses, and keeps internal locations closed", async () => {
  await using backend = await startBackend("b", {
    handler: (_, response) => response.writeHead(503).end("from the peer"),
  });
  await using fixture = new GatewayFixture();
  const url = await serve(
    fixture,
    `location /page { error_page 404 /inside; return 404; }
     location /other { error_page 404 = /inside; return 404; }
     location /named { error_page 403 =200 @named; deny all; }
     location /peer { proxy_intercept_errors on; error_page 503 /inside;
       proxy_pass http://127.0.0.1:${backend.port}; }
     location @named { return 201 named; }
     location /inside { internal; return 200 inside; }`,
  );
  const answer = async (path: string) => {
    const { status, body } = await request(url + path);
    return [status, body];
  };
  assert.deepEqual(await answer("/page"), [404, "inside"]);
  assert.deepEqual(await answer("/other"), [200, "inside"]);
  assert.deepEqual(await answer("/named"), [200, "named"]);
  assert.deepEqual(await answer("/peer"), [503, "inside"]);
  assert.equal((await request(`${url}/inside`)).status, 404);
});

test("asks for a password unless the address is enough", async () => {
  await using fixture = new GatewayFixture();
  fixture.write("users", "ada:{PLAIN}secret\nbob:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\n");
  const url = await serve(
    fixture,
    `auth_basic closed; auth_basic_user_file users;
     location / { return 200 rewritten; }
     location /file { try_files /users =404; }
     location /any { satisfy any; allow 127.0.0.1; deny all; try_files /users =404; }
     location /get { limit_except GET { deny all; } auth_basic off; try_files /users =404; }`,
  );
  const login = (pair: string) => ({
    headers: { Authorization: `Basic ${Buffer.from(pair).toString("base64")}` },
  });
  const refused = await request(`${url}/file`);
  assert.deepEqual(
    [refused.status, refused.headers["www-authenticate"]],
    [401, 'Basic realm="closed"'],
  );
  assert.equal((await request(`${url}/file`, login("ada:secret"))).status, 200);
  assert.equal((await request(`${url}/file`, login("bob:password"))).status, 200);
  assert.equal((await request(`${url}/file`, login("ada:wrong"))).status, 401);
  assert.equal((await request(`${url}/any`)).status, 200);
  assert.equal((await request(`${url}/get`)).status, 200);
  assert.equal((await request(`${url}/get`, { method: "DELETE" })).status, 403);
});

test("serves files with types, conditions and ranges, and nothing outside of the folder", async () => {
  await using fixture = new GatewayFixture();
  fixture.write("page.html", "0123456789");
  const url = await serve(
    fixture,
    `types { text/html html; } expires 1h;
     location /alias { alias ${fixture.folder}/; }
     location /open { rewrite ^ $arg_p break; }`,
  );
  const whole = await request(`${url}/page.html`);
  assert.deepEqual([whole.body, whole.headers["content-type"]], ["0123456789", "text/html"]);
  assert.equal(whole.headers["cache-control"], "max-age=3600");
  const tag = { "If-None-Match": whole.headers.etag ?? "" };
  assert.equal((await request(`${url}/page.html`, { headers: tag })).status, 304);
  const part = await request(`${url}/page.html`, { headers: { Range: "bytes=2-4" } });
  assert.deepEqual(
    [part.status, part.body, part.headers["content-range"]],
    [206, "234", "bytes 2-4/10"],
  );
  const parts = await request(`${url}/page.html`, { headers: { Range: "bytes=0-1,-2" } });
  assert.match(parts.body, /bytes 0-1\/10\r\n\r\n01\r\n[^]*bytes 8-9\/10\r\n\r\n89\r\n/);
  const beyond = await request(`${url}/page.html`, { headers: { Range: "bytes=20-" } });
  assert.deepEqual([beyond.status, beyond.headers["content-range"]], [416, "bytes */10"]);
  assert.equal((await request(`${url}/open?p=/../../etc/passwd`)).status, 403);
  assert.equal((await request(`${url}/alias../page.html`)).status, 403);
  assert.equal((await request(`${url}/missing`)).status, 404);
});

test("limits requests, takes the client's address from a trusted proxy, and logs what it is told to", async () => {
  await using fixture = new GatewayFixture();
  fixture.write("index.html", "home");
  const url = await serve(
    fixture,
    `set_real_ip_from 127.0.0.1; real_ip_header X-Forwarded-For;
     access_log ${fixture.folder}/buffered.log who buffer=4k flush=20ms;
     access_log ${fixture.folder}/by-$arg_name.log who if=$arg_name;
     location / { limit_req zone=one burst=1 nodelay; limit_req_status 429; }`,
    "limit_req_zone $remote_addr zone=one:32k rate=1r/m; log_format who '$remote_addr $status';",
  );
  const from = { headers: { "X-Forwarded-For": "192.0.2.7" } };
  const statuses = [];
  for (let at = 0; at < 3; at++) statuses.push((await request(`${url}/?name=a`, from)).status);
  assert.deepEqual(statuses, [200, 200, 429]);
  assert.equal((await request(`${url}/`)).status, 200);
  await until(() => fixture.read("buffered.log").includes("127.0.0.1 200"), "the flushed buffer");
  const named = readFileSync(`${fixture.folder}/by-a.log`, "utf8");
  assert.equal(named, "192.0.2.7 200\n192.0.2.7 200\n192.0.2.7 429\n");
});
