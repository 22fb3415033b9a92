/** Texts of configurations → what the gateway makes of them, and every sentence about what is wrong. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigError, formatProblem } from "../../../../src/errors/config-error.ts";
import type { GatewayConfig, LocationConfig } from "../../../../src/gateway/gateway-config.ts";
import { loadGatewayConfig } from "../../../../src/gateway/nginx/load-config.ts";
import { makeAuthority, makeLeaf } from "../../../../src/net/tls/local-certificates.ts";

const FILE = "/etc/g/main.conf";
const authority = await makeAuthority("unit tests");
const leaf = await makeLeaf(["esb.wso2.com"], authority);

type Files = Readonly<Record<string, string>>;

function load(text: string, others: Files = {}, extraDirectives = ""): Promise<GatewayConfig> {
  const texts: Files = { [FILE]: text, ...others };
  return loadGatewayConfig({
    file: FILE,
    prefix: "/var/g",
    extraDirectives,
    lookupHost: (host) =>
      host === "known.test"
        ? Promise.resolve(["10.0.0.8", "10.0.0.9"])
        : Promise.reject(new Error("none")),
    files: {
      readText(path) {
        const content = texts[path];
        if (content === undefined) throw Object.assign(new Error("no file"), { code: "ENOENT" });
        return content;
      },
      glob: (pattern) =>
        Object.keys(texts)
          .filter((path) => path.startsWith(pattern.split("*")[0] ?? ""))
          .sort(),
    },
  });
}

async function problemsOf(text: string, others: Files = {}): Promise<readonly string[]> {
  try {
    await load(text, others);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.problems.filter(({ severity }) => severity === "error").map(formatProblem);
  }
  return [];
}

/** The location for "/" of the first server of the first listener. */
function firstLocation(config: GatewayConfig): LocationConfig {
  const match = config.listeners[0]?.addresses[0]?.defaultServer.locations.find("/");
  assert.ok(match?.kind === "location");
  return match.location;
}

const HTTP_VHOST = `upstream wso2.esb.com {
        server 192.168.100.3:8280;
        server 192.168.100.4:8280;
}
 
server {
        listen 80;
        server_name esb.wso2.com;
        location / {
               proxy_set_header X-Forwarded-Host $host;
               proxy_set_header X-Forwarded-Server $host;
               proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
               proxy_set_header Host $http_host;
               proxy_read_timeout 5m;
               proxy_send_timeout 5m;
               proxy_pass http://wso2.esb.com;
        }
}
`;

const HTTPS_VHOST = `upstream ssl.wso2.esb.com {
    server 192.168.100.3:8243;
    server 192.168.100.4:8243;
  
            sticky learn create=$upstream_cookie_jsessionid
            lookup=$cookie_jsessionid
            zone=client_sessions:1m;
}
 
server {
listen 443;
    server_name esb.wso2.com;
    ssl on;
    ssl_certificate /etc/nginx/ssl/wrk.crt;
    ssl_certificate_key /etc/nginx/ssl/wrk.key;
    location / {
               proxy_set_header X-Forwarded-Host $host;
               proxy_set_header X-Forwarded-Server $host;
               proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
               proxy_set_header Host $http_host;
               proxy_read_timeout 5m;
               proxy_send_timeout 5m;
        proxy_pass https://ssl.wso2.esb.com;
        }
}
`;

const MANAGEMENT_VHOST = `server {
    listen 443;
    server_name mgt.esb.wso2.com;
    ssl on;
    ssl_certificate /etc/nginx/ssl/mgt.crt;
    ssl_certificate_key /etc/nginx/ssl/mgt.key;
 
    location / {
               proxy_set_header X-Forwarded-Host $host;
               proxy_set_header X-Forwarded-Server $host;
               proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
               proxy_set_header Host $http_host;
               proxy_read_timeout 5m;
               proxy_send_timeout 5m;
        proxy_pass https://192.168.100.2:9443/;
        }
    error_log  /var/log/nginx/mgt-error.log ;
           access_log  /var/log/nginx/mgt-access.log;
}
`;

test("loads the three vhost files of a WSO2 cluster as they are written", async () => {
  const config = await load("http { include conf.d/*.conf; }", {
    "/etc/g/conf.d/esb.http.conf": HTTP_VHOST,
    "/etc/g/conf.d/esb.https.conf": HTTPS_VHOST,
    "/etc/g/conf.d/mgt.esb.https.conf": MANAGEMENT_VHOST,
    "/etc/nginx/ssl/wrk.crt": leaf.certificate,
    "/etc/nginx/ssl/wrk.key": leaf.key,
    "/etc/nginx/ssl/mgt.crt": leaf.certificate,
    "/etc/nginx/ssl/mgt.key": leaf.key,
  });
  assert.deepEqual(
    config.listeners.map(({ bind, addresses }) => [bind.port, addresses[0]?.tls]),
    [
      [80, false],
      [443, true],
    ],
  );
  const secure = config.listeners[1]?.addresses[0];
  assert.equal(secure?.defaultServer.primaryName, "esb.wso2.com");
  assert.equal(secure?.names.find("mgt.esb.wso2.com")?.server.primaryName, "mgt.esb.wso2.com");
  const sticky = config.upstreams.get("ssl.wso2.esb.com")?.sticky;
  assert.ok(sticky?.kind === "learn");
  assert.equal(sticky.zoneName, "client_sessions");
  assert.equal(sticky.zoneBytes, 1024 * 1024);
  assert.equal(sticky.timeoutMs, 600_000);
  const { proxy } = firstLocation(config).settings;
  assert.equal(proxy.readTimeoutMs, 300_000);
  assert.deepEqual(
    proxy.setHeaders.map(({ name }) => name),
    ["X-Forwarded-Host", "X-Forwarded-Server", "X-Forwarded-For", "Host"],
  );
  assert.deepEqual(
    config.upstreams.get("192.168.100.2:9443")?.peers.map(({ host, port }) => `${host}:${port}`),
    ["192.168.100.2:9443"],
  );
  assert.ok(config.logFiles.includes("/var/log/nginx/mgt-error.log"));
  assert.deepEqual(
    config.warnings.map(formatProblem),
    ["esb.https.conf:13", "mgt.esb.https.conf:4"].map(
      (place) =>
        `the "ssl" directive is deprecated, use the "listen ... ssl" directive instead in /etc/g/conf.d/${place}`,
    ),
  );
});

test("inherits from http to server to location, and a list of a level replaces the outer one", async () => {
  const config = await load(`http {
    proxy_read_timeout 5s; proxy_set_header A 1; proxy_set_header B 2;
    server { proxy_connect_timeout 2s; location / { proxy_set_header C 3; proxy_pass http://10.0.0.1; } } }`);
  const { proxy, core } = firstLocation(config).settings;
  assert.deepEqual(
    [proxy.readTimeoutMs, proxy.connectTimeoutMs, proxy.sendTimeoutMs],
    [5_000, 2_000, 60_000],
  );
  assert.deepEqual(
    proxy.setHeaders.map(({ name }) => name),
    ["C"],
  );
  assert.equal(core.bodyBytesMax, 1024 * 1024);
});

test("makes every address of a host name a peer", async () => {
  const config = await load(
    "http { upstream u { server known.test:81 weight=3 max_fails=2 fail_timeout=5s; } server { location / { proxy_pass http://u; } } }",
  );
  assert.deepEqual(
    config.upstreams.get("u")?.peers.map(({ host, port, weight, maxFails, failTimeoutMs }) => ({
      host,
      port,
      weight,
      maxFails,
      failTimeoutMs,
    })),
    ["10.0.0.8", "10.0.0.9"].map((host) => ({
      host,
      port: 81,
      weight: 3,
      maxFails: 2,
      failTimeoutMs: 5_000,
    })),
  );
});

test("reads the block cluster, and has none without it", async () => {
  const config = await load(
    `cluster { domain d; local_member_host 10.0.0.1; local_member_port 4001; member 10.0.0.2:4100; member 10.0.0.3:4200;
       group_password_file secret; node_name g1; }
     http { upstream u { cluster_servers worker https weight=2; } server { location / { proxy_pass http://u; } } }`,
  );
  assert.ok(config.cluster);
  const { hostNames, stability, healthListen, ...cluster } = config.cluster;
  assert.deepEqual(cluster, {
    domain: "d",
    localMemberHost: "10.0.0.1",
    localMemberPort: 4001,
    members: [
      { host: "10.0.0.2", port: 4100 },
      { host: "10.0.0.3", port: 4200 },
    ],
    hazelcastMembers: [],
    groupPasswordFile: "/etc/g/secret",
    nodeName: "g1",
  });
  assert.deepEqual(
    [hostNames.hostname, stability.minimumPeers, healthListen],
    [undefined, 0, undefined],
  );
  assert.equal(config.upstreams.get("u")?.clusterServers[0]?.weight, 2);
  assert.equal((await load("http { }")).cluster, undefined);
});

test("puts a wildcard and the addresses of its port on one socket", async () => {
  const config = await load(
    "http { server { listen 127.0.0.1:81; } server { listen 81; } server { listen [::1]:81; } }",
  );
  assert.deepEqual(
    config.listeners.map(({ bind, addresses }) => [bind.host, addresses.length]),
    [
      ["0.0.0.0", 2],
      ["::1", 1],
    ],
  );
});

test("takes directives of the command line beside the file", async () => {
  const config = await load("http { }", {}, "pid /run/x.pid; error_log e.log warn;");
  assert.equal(config.pidFile, "/run/x.pid");
  assert.deepEqual(config.errorLogs, [{ path: "/var/g/e.log", level: "warn" }]);
});

test("warns of directives without effect and of conflicting names", async () => {
  const config = await load(
    "worker_processes 4; http { sendfile on; server { server_name a; } server { server_name a; } }",
  );
  assert.deepEqual(
    config.warnings.map(({ message }) => message),
    [
      '"worker_processes 4" has no effect, one process serves all',
      '"sendfile" directive is accepted and has no effect',
      'conflicting server name "a" on 0.0.0.0:80, ignored',
    ],
  );
});

const server = (text: string): string => `http { server { ${text} } }`;

/** Each text with nginx's sentences about it, all in line 1. */
const FAULTS: readonly (readonly [text: string, ...sentences: string[]])[] = [
  ["foo 1; http { bar; }", 'unknown directive "foo"', 'unknown directive "bar"'],
  ["listen 80;", '"listen" directive is not allowed here'],
  ["http { location / { } }", '"location" directive is not allowed here'],
  ["http;", 'directive "http" has no opening "{"'],
  ["pid x { }", 'directive "pid" is not terminated by ";"'],
  ["pid;", 'invalid number of arguments in "pid" directive'],
  ["pid a; pid b;", '"pid" directive is duplicate'],
  ["http { } }", 'unexpected "}"'],
  ["http { ", 'unexpected end of file, expecting "}"'],
  ["daemon maybe;", 'invalid value "maybe" in "daemon" directive, it must be "on" or "off"'],
  ["error_log e loud;", 'invalid log level "loud"'],
  ["include nowhere.conf;", 'open() "/etc/g/nowhere.conf" failed (2: No such file or directory)'],
  [`include ${FILE};`, `cannot include "${FILE}": it includes itself`],
  [server("return 200 $nope;"), 'unknown "nope" variable'],
  [server("return 200 a$;"), "invalid variable name"],
  [server("listen 80; listen 80;"), "a duplicate listen 0.0.0.0:80"],
  [server("listen 70000;"), 'invalid port in "70000" of the "listen" directive'],
  [server("listen 80 fast;"), 'invalid parameter "fast"'],
  [
    "http { server { listen 80 default_server; } server { listen 80 default_server; } }",
    "a duplicate default server for 0.0.0.0:80",
  ],
  [server("listen 443 ssl;"), 'no "ssl_certificate" is defined for the "listen ... ssl" directive'],
  [server("location / { } location / { }"), 'duplicate location "/"'],
  [server("location !~ / { }"), 'invalid location modifier "!~"'],
  [server("location /a/ { location /b/ { } }"), 'location "/b/" is outside location "/a/"'],
  [server("location / { proxy_pass ftp://x; }"), "invalid URL prefix"],
  [
    server("location / { proxy_pass http://nowhere.test; }"),
    'host not found in upstream "nowhere.test"',
  ],
  [
    "http { upstream u { server nowhere.test:8280; } }",
    'host not found in upstream "nowhere.test:8280"',
  ],
  ["http { upstream u { server 10.0.0.1 backup; } }", 'no servers in upstream "u"'],
  [server("location / { proxy_pass http:///a; }"), 'no host in upstream "/a"'],
  [
    server("location / { proxy_pass http://10.0.0.1:x/a; }"),
    'invalid port in upstream "10.0.0.1:x/a"',
  ],
  [
    server("location / { proxy_pass http://$host; proxy_redirect default; }"),
    '"proxy_redirect default" cannot be used with "proxy_pass" directive with variables',
  ],
  [server("ssl on;"), 'no "ssl_certificate" is defined for the "ssl" directive'],
  [
    server("ssl_certificate c; ssl_certificate_key /etc/g/main.conf;"),
    'cannot load certificate "/etc/g/c": open() failed (2: No such file or directory)',
  ],
  [
    server("location ~ [[:alpha:]]x { }"),
    'regular expression failed: "[[:" is not supported in "[[:alpha:]]x"',
  ],
  [server("location ~ \\Ax { }"), 'regular expression failed: "\\A" is not supported in "\\Ax"'],
  [
    server("location ~ a { proxy_pass http://10.0.0.1/x; }"),
    '"proxy_pass" cannot have URI part in location given by regular expression, or inside named location',
  ],
  [
    server("location / { proxy_read_timeout soon; }"),
    '"proxy_read_timeout" directive invalid value',
  ],
  [server("access_log a.log fancy;"), 'unknown log format "fancy"'],
  ["http { upstream u { } }", 'no servers are inside upstream "u"'],
  ["http { upstream u { server 10.0.0.1 heavy; } }", 'invalid parameter "heavy"'],
  ["http { upstream u { server 10.0.0.1:0; } }", 'invalid port in upstream "10.0.0.1:0"'],
  [
    "http { upstream u { server 10.0.0.1; } upstream u { server 10.0.0.1; } }",
    'duplicate upstream "u"',
  ],
  [
    "http { upstream u { server 10.0.0.1; sticky learn create=$cookie_a lookup=$cookie_a zone=z:1k; } }",
    'zone "z" is too small',
  ],
  [
    "http { upstream u { server 10.0.0.1; sticky learn create=$cookie_a zone=z:1m; } }",
    '"lookup" is required for "sticky learn"',
  ],
  [
    "http { upstream a { server 10.0.0.1; sticky learn create=$cookie_a lookup=$cookie_a zone=z:1m; } upstream b { server 10.0.0.1; sticky learn create=$cookie_a lookup=$cookie_a zone=z:1m; } }",
    'sticky zone "z" is already used in upstream "a"',
  ],
  ["cluster { member nowhere; }", 'invalid member "nowhere", it must be HOST:PORT'],
];

for (const [text, ...sentences] of FAULTS) {
  test(`refuses ${text.slice(0, 60)} with: ${sentences.join("; ")}`, async () => {
    assert.deepEqual(
      await problemsOf(text),
      sentences.map((sentence) => `${sentence} in ${FILE}:1`),
    );
  });
}

test("collects the problems of all files, with the file and line of each", async () => {
  const text = "http {\n include a.conf;\n foo;\n include b.conf;\n}\n";
  const others = { "/etc/g/a.conf": "\nbar;\n}\n", "/etc/g/b.conf": "server {\n listen 80" };
  assert.deepEqual(await problemsOf(text, others), [
    'unexpected "}" in /etc/g/a.conf:3',
    'unexpected end of file, expecting ";" or "}" in /etc/g/b.conf:2',
    'unknown directive "bar" in /etc/g/a.conf:2',
    `unknown directive "foo" in ${FILE}:3`,
  ]);
});

test("names the directive of a duplicate listen, and calls a faulty certificate no missing one", async () => {
  assert.deepEqual(await problemsOf("http { server {\nlisten 80;\nlisten 0.0.0.0:80;\n} }"), [
    `a duplicate listen 0.0.0.0:80 in ${FILE}:3`,
  ]);
  const text = server("listen 443 ssl; ssl_certificate c; ssl_certificate_key k;");
  const problems = await problemsOf(text, { "/etc/g/c": leaf.certificate, "/etc/g/k": "no key" });
  assert.equal(problems.length, 1);
});

test("refuses a key that does not belong to the certificate", async () => {
  const other = await makeLeaf(["other"], authority);
  const text = server("listen 443 ssl; ssl_certificate c; ssl_certificate_key k;");
  const [problem] = await problemsOf(text, { "/etc/g/c": leaf.certificate, "/etc/g/k": other.key });
  assert.match(
    problem ?? "",
    /^cannot use certificate and key "\/etc\/g\/c", "\/etc\/g\/k": .*mismatch/,
  );
});
