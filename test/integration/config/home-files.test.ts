/** Homes written from the shipped templates load without a word; what exists is never touched. */
import assert from "node:assert/strict";
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { writeHomeFiles } from "../../../src/config/home-files.ts";
import { loadNodeConfig } from "../../../src/config/load-node-config.ts";
import { type ServerHome, writeServerHome } from "../../../src/config/server-home.ts";
import { AppError } from "../../../src/errors/app-error.ts";
import { PACKAGE_ROOT } from "../../../src/runtime/product.ts";

const TEMPLATES = join(PACKAGE_ROOT, "conf");

const WORKER: ServerHome = {
  role: "worker",
  hostName: "esb.example.com",
  mgtHostName: "mgt.esb.example.com",
  bindAddress: "127.0.0.1",
  portOffset: 1,
  managementPorts: { http: 9763, https: 9443 },
  gatewayPorts: { http: 8080, https: 8443 },
  domain: "esb.domain",
  clusterHost: "127.0.0.1",
  clusterPort: 4200,
  members: [
    { host: "127.0.0.1", port: 4100 },
    { host: "127.0.0.1", port: 4300 },
  ],
  groupPasswordFile: "../cluster.secret",
};

let folder = "";
let home = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bascule-home-"));
  home = join(folder, "node-1");
  writeFileSync(join(folder, "cluster.secret"), "s3cret\n", { mode: 0o600 });
});

afterEach(() => rmSync(folder, { recursive: true }));

const load = (properties: Readonly<Record<string, string>>) =>
  loadNodeConfig({ home, properties, environment: {} });

describe("writeServerHome", () => {
  it("writes the home of a worker that loads without warnings and notices", () => {
    const written = writeServerHome(TEMPLATES, home, WORKER);
    assert.deepEqual(
      written.map((file) => file.slice(home.length)),
      [
        "/conf/axis2/axis2.xml",
        "/conf/tomcat/catalina-server.xml",
        "/conf/datasources/master-datasources.xml",
        "/conf/carbon.xml",
        "/conf/registry.xml",
      ],
    );
    const { config, warnings, notices } = load({ workerNode: "true" });
    assert.deepEqual([...warnings, ...notices], []);
    assert.equal(config.role, "worker");
    assert.deepEqual(config.clustering, {
      provider: "embedded",
      domain: "esb.domain",
      localMemberHost: "127.0.0.1",
      localMemberPort: 4200,
      members: WORKER.members,
      groupPassword: "s3cret",
      subDomain: "worker",
      properties: {
        backendServerURL: "https://127.0.0.1:9444/services/",
        mgtConsoleURL: "https://127.0.0.1:9444/",
      },
    });
    assert.deepEqual(
      config.serviceListeners.map(({ bindAddress, port, wsdlEprPrefix }) => [
        bindAddress,
        port,
        wsdlEprPrefix,
      ]),
      [
        ["127.0.0.1", 8281, "http://esb.example.com:8080"],
        ["127.0.0.1", 8244, "https://esb.example.com:8443"],
      ],
    );
    assert.equal(config.depsync.enabled, true);
    assert.equal(config.depsync.autoCommit, false);
    assert.deepEqual(config.depsync.repository, { kind: "own" });
  });

  it("writes the home of a manager that loads without warnings and notices", () => {
    writeServerHome(TEMPLATES, home, { ...WORKER, role: "manager", portOffset: 0 });
    const { config, warnings, notices } = load({ setup: "true" });
    assert.deepEqual([...warnings, ...notices], []);
    assert.equal(config.role, "manager");
    assert.equal(config.clustering?.subDomain, "mgt");
    assert.equal(config.depsync.autoCommit, true);
    assert.equal(config.mgtHostName, "mgt.esb.example.com");
    assert.deepEqual(
      config.connectors.map(({ scheme, bindAddress, port, proxyPort }) => [
        scheme,
        bindAddress,
        port,
        proxyPort,
      ]),
      [
        ["http", "127.0.0.1", 9763, 8080],
        ["https", "127.0.0.1", 9443, 8443],
      ],
    );
    assert.deepEqual(config.registry, {
      readOnly: false,
      datasource: "jdbc/WSO2CarbonDB",
      mounts: [],
    });
    assert.deepEqual(config.datasources[0]?.database, {
      kind: "sqlite",
      file: join(home, "repository/database/WSO2CARBON_DB.sqlite"),
    });
  });

  it("writes a stand-alone home without a gateway, secret or members", () => {
    writeServerHome(TEMPLATES, home, {
      ...WORKER,
      role: "standalone",
      gatewayPorts: undefined,
      members: [],
      groupPasswordFile: "conf/missing.secret",
    });
    const { config, warnings, notices } = load({});
    assert.deepEqual([...warnings, ...notices], []);
    assert.equal(config.role, "standalone");
    assert.equal(config.serviceListeners[0]?.wsdlEprPrefix, undefined);
    assert.equal(config.connectors[0]?.proxyPort, undefined);
  });

  it("keeps what the operator wrote when it is called again", () => {
    writeServerHome(TEMPLATES, home, WORKER);
    const carbon = join(home, "conf/carbon.xml");
    writeFileSync(carbon, "<Server/>");
    rmSync(join(home, "conf/registry.xml"));
    assert.deepEqual(writeServerHome(TEMPLATES, home, WORKER), [join(home, "conf/registry.xml")]);
    assert.equal(readFileSync(carbon, "utf8"), "<Server/>");
  });
});

describe("writeHomeFiles", () => {
  const template = (name: string, text: string) => {
    mkdirSync(join(folder, "templates", "sub"), { recursive: true });
    writeFileSync(join(folder, "templates", name), text);
  };
  const write = (tokens: Readonly<Record<string, string>>) =>
    writeHomeFiles(join(folder, "templates"), home, tokens);

  it("escapes values in XML files, except where the template asks for markup", () => {
    template("a.xml", '<a b="@value@">@xml:value@</a>');
    template("sub/b.conf", "server @value@; location @named { }");
    assert.deepEqual(write({ value: '<x>&"</x>' }), [
      join(home, "a.xml"),
      join(home, "sub/b.conf"),
    ]);
    assert.equal(
      readFileSync(join(home, "a.xml"), "utf8"),
      '<a b="&lt;x&gt;&amp;&quot;&lt;/x&gt;"><x>&"</x></a>',
    );
    assert.equal(
      readFileSync(join(home, "sub/b.conf"), "utf8"),
      'server <x>&"</x>; location @named { }',
    );
  });

  it("lets the owner write, the group read and nobody else in", () => {
    template("a.conf", "x");
    write({});
    assert.equal(statSync(join(home, "a.conf")).mode & 0o777 & ~0o640, 0);
    assert.equal(statSync(home).mode & 0o007, 0);
  });

  it("writes nothing at all when a token has no value, and names the line", () => {
    template("a.conf", "fine");
    template("b.conf", "one\ntwo @toString@\n");
    assert.throws(
      () => write({}),
      (error) =>
        error instanceof AppError &&
        /the token @toString@ has no value in the template .*b\.conf:2/.test(error.message),
    );
    assert.equal(statSync(home, { throwIfNoEntry: false }), undefined);
  });

  it("follows no links of a template folder and writes through none of the home", () => {
    template("a.conf", "x");
    symlinkSync("/etc/hostname", join(folder, "templates", "link.conf"));
    mkdirSync(home);
    symlinkSync(join(folder, "elsewhere"), join(home, "a.conf"));
    assert.throws(() => write({}), { code: "HOME_INVALID" });
    assert.equal(statSync(join(folder, "elsewhere"), { throwIfNoEntry: false }), undefined);
    assert.equal(statSync(join(home, "link.conf"), { throwIfNoEntry: false }), undefined);
  });

  it("says so when a file cannot be written", () => {
    template("a.conf", "x");
    writeFileSync(home, "a file where the home should be");
    assert.throws(() => write({}), /the file .*a\.conf cannot be written \(E/);
  });
});
