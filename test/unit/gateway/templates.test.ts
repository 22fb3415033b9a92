/** The shipped configuration, with its tokens filled in as `bascule up` fills them. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { GatewayConfig } from "../../../src/gateway/gateway-config.ts";
import { loadGatewayConfig } from "../../../src/gateway/nginx/load-config.ts";
import { makeAuthority, makeLeaf } from "../../../src/net/tls/local-certificates.ts";
import { PACKAGE_ROOT } from "../../../src/runtime/product.ts";

const FOLDER = join(PACKAGE_ROOT, "conf", "gateway");

const TOKENS: Readonly<Record<string, string>> = {
  hostName: "esb.localhost",
  mgtHostName: "mgt.esb.localhost",
  httpPort: "127.0.0.1:8080",
  httpsPort: "127.0.0.1:8443",
  proxyAddress: "127.0.0.1",
  managementPort: "9443",
  tlsFolder: "/home/g/conf/tls",
  logFolder: "/home/g/logs",
  clusterDomain: "bascule.domain",
  memberHost: "127.0.0.1",
  memberPort: "4000",
  members: "member 127.0.0.1:4100;\n    member 127.0.0.1:4200;",
  groupPasswordFile: "/home/g/conf/cluster-password",
  nodeName: "gateway",
};

function fill(text: string): string {
  return text.replace(/@(\w+)@/g, (token, name: string) => TOKENS[name] ?? token);
}

async function loadTemplates(): Promise<GatewayConfig> {
  const authority = await makeAuthority("unit tests");
  const leaf = await makeLeaf(["esb.localhost"], authority);
  const texts: Record<string, string> = {
    "/home/g/conf/tls/node.crt": leaf.certificate,
    "/home/g/conf/tls/node.key": leaf.key,
    "/home/g/conf/gateway.conf": fill(readFileSync(join(FOLDER, "gateway.conf"), "utf8")),
  };
  for (const name of readdirSync(join(FOLDER, "conf.d"))) {
    texts[`/home/g/conf/conf.d/${name}`] = fill(readFileSync(join(FOLDER, "conf.d", name), "utf8"));
  }
  return loadGatewayConfig({
    file: "/home/g/conf/gateway.conf",
    prefix: "/home/g",
    files: {
      readText: (path) => texts[path] ?? assert.fail(`no ${path}`),
      glob: () => Object.keys(texts).filter((path) => path.includes("/conf.d/")),
    },
  });
}

test("the shipped configuration loads without a warning", async () => {
  const config = await loadTemplates();
  assert.deepEqual(config.warnings, []);
  for (const { text } of config.sources) assert.doesNotMatch(text, /@\w+@/);
});

test("the shipped configuration sends services to the workers and the console to the manager", async () => {
  const config = await loadTemplates();
  assert.deepEqual(
    config.listeners.map(({ bind, addresses }) => [bind.port, addresses[0]?.tls]),
    [
      [8080, false],
      [8443, true],
    ],
  );
  const plain = config.upstreams.get("esb.localhost");
  const secure = config.upstreams.get("ssl.esb.localhost");
  assert.deepEqual(
    [plain, secure].map((upstream) => [
      upstream?.clusterServers[0]?.subDomain,
      upstream?.clusterServers[0]?.scheme,
      upstream?.sticky?.kind === "learn" ? upstream.sticky.zoneName : undefined,
    ]),
    [
      ["worker", "http", undefined],
      ["worker", "https", "client_sessions"],
    ],
  );
  const { names } = config.listeners[1]?.addresses[0] ?? assert.fail("no TLS listener");
  assert.equal(names.find("mgt.esb.localhost")?.server.primaryName, "mgt.esb.localhost");
  assert.equal(config.cluster?.members.length, 2);
});
