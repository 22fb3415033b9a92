/** What single modules refuse when the configuration is read, in nginx's words. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigError } from "../../../../src/errors/config-error.ts";
import type { GatewayConfig } from "../../../../src/gateway/gateway-config.ts";
import { loadGatewayConfig } from "../../../../src/gateway/nginx/load-config.ts";
import { makeAuthority, makeLeaf } from "../../../../src/net/tls/local-certificates.ts";

const authority = await makeAuthority("clients");
const leaf = await makeLeaf(["esb.test"], authority);
const FILES: Readonly<Record<string, string>> = {
  "/etc/g/s.crt": leaf.certificate,
  "/etc/g/s.key": leaf.key,
  "/etc/g/ca.crt": authority.certificate,
  "/etc/g/words": "first\r\nsecond\n",
};

function load(http: string, main = ""): Promise<GatewayConfig> {
  const text = `${main} http { ${http} }`;
  return loadGatewayConfig({
    file: "/etc/g/main.conf",
    prefix: "/var/g",
    lookupHost: (host) =>
      host === "known.test"
        ? Promise.resolve(["10.0.0.8", "2001:db8::8"])
        : Promise.reject(new Error("none")),
    files: { readText: (path) => FILES[path] ?? text, glob: () => [] },
  });
}

const SERVER_TLS = "listen 443 ssl; ssl_certificate s.crt; ssl_certificate_key s.key;";

const REFUSED: readonly (readonly [http: string, sentence: string, main?: string])[] = [
  ["resolver;", 'invalid number of arguments in "resolver" directive'],
  ["resolver valid=1s;", "no name servers defined"],
  ["resolver 10.0.0.1 valid=soon;", "invalid parameter: valid=soon"],
  ["resolver 10.0.0.1 ipv4=maybe;", "invalid parameter: ipv4=maybe"],
  ["resolver 10.0.0.1 ipv4=off ipv6=off;", '"ipv4" and "ipv6" cannot both be "off"'],
  ["resolver 10.0.0.1:99999;", 'invalid port in resolver "10.0.0.1:99999"'],
  ["resolver unknown.test;", 'host not found in resolver "unknown.test"'],
  [
    "resolver 10.0.0.1; upstream u { server a.test resolve; }",
    'resolving names at run time requires upstream "u" to be in shared memory: it needs a "zone"',
  ],
  [
    "upstream u { zone z 1m; server a.test resolve; }",
    'no resolver defined to resolve names at run time in upstream "u"',
  ],
  [
    "upstream u { server a.test service=http; }",
    'service upstream "a.test" requires "resolve" parameter',
  ],
  [
    "upstream u { server a.test:81 service=http resolve; }",
    'service upstream "a.test:81" may not have port',
  ],
  [
    "upstream u { server 10.0.0.1 service=http resolve; }",
    'service upstream "10.0.0.1" requires domain name',
  ],
  ["upstream u { server a.test service= resolve; }", "service is invalid"],
  ["limit_conn_zone $a zone=one:1k;", 'zone "one" is too small'],
  ["limit_conn_zone a zone=one;", 'invalid zone size "one"'],
  ["limit_conn_zone a size=1m;", 'invalid parameter "size=1m"'],
  ["limit_conn one 1;", 'zero size shared memory zone "one"'],
  ["limit_conn one 0;", 'invalid number of connections "0"'],
  ["limit_conn one 65536;", "connection limit must be less 65536"],
  [
    "limit_conn_zone a zone=one:1m; limit_conn one 1; limit_conn one 2;",
    '"limit_conn" directive is duplicate',
  ],
  [
    "limit_conn_zone a zone=one:1m; limit_req_zone a zone=one:1m rate=1r/s;",
    'zone "one" is already bound to a key',
  ],
  ["limit_conn_status 200;", "value must be between 400 and 599"],
  ["keepalive_disable opera;", 'invalid value "opera"'],
  ["keepalive_timeout 1 soon;", '"keepalive_timeout" directive invalid value'],
  ["auth_request_set x 1;", 'invalid variable name "x"'],
  ["auth_request_set $host 1;", 'the duplicate "host" variable'],
  ["upstream u { server unix:; }", 'no path in the unix domain socket in upstream "unix:"'],
  [
    "server { location / { proxy_pass http://unix:; } }",
    'no path in the unix domain socket in upstream "unix:"',
  ],
  ["upstream u { server 10.0.0.1; keepalive 4 global; }", 'invalid parameter "global"'],
  ["upstream u { server 10.0.0.1 slow_start=1s; }", 'invalid parameter "slow_start=1s"'],
  ["proxy_temp_path t 4;", 'invalid value "4"'],
  ["server { limit_rate fast; }", '"limit_rate" directive invalid value'],
  ["set_real_ip_from nowhere.test;", 'host not found in set_real_ip_from "nowhere.test"'],
  [
    "server { listen unix:; }",
    'no path in the unix domain socket in "unix:" of the "listen" directive',
  ],
  [
    `server { listen unix:/${"a".repeat(107)}; }`,
    `too long path in the unix domain socket in "unix:/${"a".repeat(107)}" of the "listen" directive`,
  ],
  ["server { listen 80 http2; }", 'invalid parameter "http2"'],
  ["server { location / { limit_except GOT { deny all; } } }", 'invalid method "GOT"'],
  ["map $a $b { default 1; default 2; }", "duplicate default map parameter"],
  ["expires modified @1h;", 'daily time cannot be used with "modified" parameter'],
  [
    "error_log syslog:server=localhost;",
    'error_log "syslog:server=localhost" is not supported, give it a file or stderr',
  ],
  [
    `server { ${SERVER_TLS} ssl_verify_client on; }`,
    "no ssl_client_certificate or ssl_trusted_certificate for ssl_verify_client",
  ],
  ["ssl_verify_client maybe;", 'invalid value "maybe"'],
  ["ssl_session_cache shared:s:1k;", 'session cache "s" is too small'],
  ["ssl_session_cache large;", 'invalid session cache "large"'],
  [
    "ssl_certificate $ssl_server_name.crt;",
    '"$ssl_server_name.crt" is not supported in "ssl_certificate", give it a file',
  ],
];

for (const [http, sentence, main] of REFUSED) {
  test(`refuses ${http.slice(0, 60)}`, async () => {
    await assert.rejects(
      () => load(http, main),
      (error: unknown) => {
        assert.ok(error instanceof ConfigError, String(error));
        assert.ok(
          error.problems.some(({ message }) => message === sentence),
          error.message,
        );
        return true;
      },
    );
  });
}

test("warns of what is accepted without an effect", async () => {
  const config = await load(
    "proxy_temp_path t 1 2; upstream u { server 10.0.0.1; keepalive 4 local; } server { }",
  );
  const sentences = config.warnings.map(({ message }) => message);
  assert.ok(sentences.includes('the levels of "proxy_temp_path" have no effect'));
  assert.ok(sentences.includes('"local" of "keepalive" has no effect'));
  assert.equal(config.upstreams.get("u")?.keepalive.idleCount, 4);
});

test("a Unix socket is the only peer of the upstream that proxy_pass with it stands for", async () => {
  const config = await load("server { location / { proxy_pass http://unix:/run/a.sock:/b; } }");
  const { peers, keepalive } = config.upstreams.get("unix:/run/a.sock") ?? {};
  assert.deepEqual(
    peers?.map(({ host, port }) => [host, port]),
    [["unix:/run/a.sock", 0]],
  );
  assert.equal(keepalive?.idleCount, 0);
});

test("listens on Unix sockets, relative to the prefix, and with the PROXY protocol", async () => {
  const config = await load("server { listen unix:run/g.sock proxy_protocol; listen 81; }");
  assert.deepEqual(
    config.listeners.map(({ bind, addresses }) => [bind.host, addresses[0]?.proxyProtocol]),
    [
      ["unix:/var/g/run/g.sock", true],
      ["0.0.0.0", false],
    ],
  );
});

test("trusts every address of a host in set_real_ip_from", async () => {
  const config = await load("set_real_ip_from known.test; server { }");
  const { trusted } =
    config.listeners[0]?.addresses[0]?.defaultServer.location.settings.realIp ?? {};
  const [range] = trusted ?? [];
  assert.equal(range?.("10.0.0.8"), true);
  assert.equal(range?.("2001:DB8::8"), true);
  assert.equal(range?.("10.0.0.9"), false);
});

test("servers that ask the same of clients share a key, others do not", async () => {
  const verify = "ssl_verify_client on; ssl_client_certificate ca.crt;";
  const config = await load(
    `server { ${SERVER_TLS} server_name a; ${verify} }
     server { ${SERVER_TLS} server_name b; ${verify} }
     server { ${SERVER_TLS} server_name c; ${verify} ssl_verify_depth 2; }
     server { ${SERVER_TLS} server_name d; }`,
  );
  const names = config.listeners[0]?.addresses[0]?.names;
  const [a, b, c, d] = ["a", "b", "c", "d"].map((name) => names?.find(name)?.server.tls?.verifyKey);
  assert.equal(a, b);
  assert.notEqual(a, c);
  assert.equal(d, "");
  assert.equal(names?.servers.length, 4);
});

test("answers as nginx does unless server_signature says otherwise", async () => {
  const of = async (http: string) =>
    (await load(`${http} server { }`)).listeners[0]?.addresses[0]?.defaultServer.location.settings
      .core.signature;
  assert.equal(await of(""), "nginx");
  assert.equal(await of("server_signature bascule;"), "bascule");
});

test("a resolver is inherited, and servers that resolve take the one of their upstream first", async () => {
  const config =
    await load(`resolver known.test [2001:db8::53]:54 valid=30s ipv6=off; resolver_timeout 5s;
    upstream u { zone z 64k; server a.test:81 resolve weight=2; }
    upstream v { zone z; resolver 10.0.0.1; resolver_timeout 1s; server a.test resolve; server 10.0.0.9 resolve; }
    server { listen 80; location / { proxy_pass http://$host; } }`);
  const [first] = config.upstreams.get("u")?.resolvedServers ?? [];
  assert.deepEqual(first?.resolver, {
    servers: [
      { host: "2001:db8::53", port: 54 },
      { host: "10.0.0.8", port: 53 },
      { host: "2001:db8::8", port: 53 },
    ],
    validMs: 30_000,
    ipv4: true,
    ipv6: false,
  });
  assert.deepEqual([first?.port, first?.options.weight, first?.timeoutMs], [81, 2, 5_000]);
  const second = config.upstreams.get("v");
  assert.equal(second?.resolvedServers[0]?.resolver.servers[0]?.host, "10.0.0.1");
  assert.equal(second?.resolvedServers[0]?.timeoutMs, 1_000);
  assert.deepEqual(
    second?.peers.map(({ host }) => host),
    ["10.0.0.9"],
  );
});
