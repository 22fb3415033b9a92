/** Homes on disk: which files are found, how all errors come together, secrets in files. */
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { loadNodeConfig } from "../../../src/config/load-node-config.ts";
import { AppError } from "../../../src/errors/app-error.ts";
import { ConfigError, formatProblem } from "../../../src/errors/config-error.ts";

const AGENT =
  'class="org.wso2.carbon.core.clustering.hazelcast.HazelcastClusteringAgent" enable="true"';
const clustered = (content: string) =>
  `<axisconfig><clustering ${AGENT}><parameter name="provider">embedded</parameter>${content}</clustering></axisconfig>`;

let home = "";

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "bascule-config-"));
});

afterEach(() => rmSync(home, { recursive: true }));

function write(path: string, content: string | Buffer): string {
  const file = join(home, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
  return file;
}

function load(
  properties: Readonly<Record<string, string>> = {},
  environment: Readonly<Record<string, string>> = {},
) {
  return loadNodeConfig({ home, properties, environment, localAddress: () => "10.1.2.3" });
}

function errorsOf(action: () => unknown): readonly string[] {
  try {
    action();
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.problems.map(formatProblem);
  }
  return [];
}

describe("loadNodeConfig", () => {
  it("loads a home without files as a stand-alone node with all defaults", () => {
    mkdirSync(join(home, "conf"));
    const { config, warnings, notices } = load();
    assert.deepEqual([...warnings, ...notices], []);
    assert.equal(config.role, "standalone");
    assert.equal(config.home, home);
    assert.equal(config.name, basename(home));
    assert.deepEqual(
      [...config.serviceListeners, ...config.connectors].map(({ port }) => port),
      [8280, 8243, 9763, 9443],
    );
    assert.equal(config.datasources[0]?.jndiName, "jdbc/WSO2CarbonDB");
    assert.equal(config.registry.datasource, undefined);
  });

  it("says how to make a home when there is none", () => {
    for (const path of [join(home, "missing"), home])
      assert.throws(
        () => loadNodeConfig({ home: path, properties: {}, environment: {} }),
        (error) =>
          error instanceof AppError &&
          error.code === "HOME_INVALID" &&
          error.message.includes(path) &&
          error.message.includes("`bascule up`"),
      );
  });

  it("prefers conf to repository/conf and warns of the file that is ignored", () => {
    write("conf/carbon.xml", "<Server><HostName>new.example.com</HostName></Server>");
    const old = write("repository/conf/carbon.xml", "<Server><HostName>old</HostName></Server>");
    write("repository/conf/axis2/axis2.xml", clustered(""));
    const { config, warnings } = load();
    assert.equal(config.hostName, "new.example.com");
    assert.equal(config.role, "manager");
    assert.deepEqual(
      warnings.map(({ file, message }) => [file, message]),
      [[old, `this file is ignored because ${join(home, "conf/carbon.xml")} exists`]],
    );
  });

  it("reports the errors of all files at once, each with file and line", () => {
    const carbon = write("conf/carbon.xml", "<Server>\n<Ports><Offset>x</Offset></Ports></Server>");
    const axis2 = write(
      "conf/axis2/axis2.xml",
      '<axisconfig><transportReceiver name="http"><parameter name="port">abc</parameter></transportReceiver></axisconfig>',
    );
    const catalina = write("conf/tomcat/catalina-server.xml", "<Server>\n<Service></Server>");
    const registry = write("conf/registry.xml", "<registry/>");
    const errors = errorsOf(() => load({ workerNode: "maybe" }));
    assert.equal(errors.length, 5);
    assert.equal(
      errors[0],
      '"maybe" is neither "true" nor "false" in the command line (-DworkerNode)',
    );
    assert.equal(errors[1], `"x" is not a port offset: expected 0 to 50000 in ${carbon}:2`);
    assert.match(errors[2] ?? "", /^XML is not well-formed/);
    assert.ok(errors[2]?.endsWith(`in ${catalina}:2`));
    assert.equal(errors[3], `"abc" is not a port number: expected 0 to 65535 in ${axis2}:1`);
    assert.equal(
      errors[4],
      `the root element is <registry>: expected <wso2registry> in ${registry}:1`,
    );
  });

  it("lets -DportOffset and -DnodeName win, and keeps all properties", () => {
    write("conf/carbon.xml", "<Server><Ports><Offset>5</Offset></Ports></Server>");
    const properties = { portOffset: "2", nodeName: "worker-7", "my.own": "x" };
    const { config } = load(properties);
    assert.equal(config.portOffset, 2);
    assert.equal(config.connectors[1]?.port, 9445);
    assert.equal(config.name, "worker-7");
    assert.deepEqual(config.properties, properties);
    assert.equal(load().config.portOffset, 5);
  });

  it("takes -Dsetup and -DworkerNode without a value as true", () => {
    mkdirSync(join(home, "conf"));
    const { config } = load({ setup: "", workerNode: "" });
    assert.equal(config.setup, true);
    assert.equal(config.role, "worker");
    assert.equal(load({ workerNode: "false", setup: "false" }).config.setup, false);
  });

  it("lets a worker run without a cluster, and says that it hears of no deploy", () => {
    mkdirSync(join(home, "conf"));
    const { config, notices } = load({ workerNode: "true" });
    assert.equal(config.role, "worker");
    assert.equal(config.clustering, undefined);
    assert.match(notices[0] ?? "", /clustering is off: this worker deploys what lies in/);
  });

  it("replaces ${name} by built-ins, properties and environment", () => {
    write(
      "conf/carbon.xml",
      "<Server><HostName>${ESB_HOST}</HostName><Axis2Config><RepositoryLocation>${carbon.home}/${dir}</RepositoryLocation></Axis2Config></Server>",
    );
    const { config } = load({ dir: "artifacts" }, { ESB_HOST: "esb.example.com", dir: "wrong" });
    assert.equal(config.hostName, "esb.example.com");
    assert.equal(config.repositoryLocation, join(home, "artifacts"));
    assert.match(
      errorsOf(() => load({ dir: "x" }))[0] ?? "",
      /\$\{ESB_HOST\} is not known.*carbon.xml:1$/,
    );
  });

  it("reads secrets from files relative to the home", () => {
    write("conf/cluster.secret", "s3cret\n");
    write(
      "conf/axis2/axis2.xml",
      clustered('<parameter name="groupPassword">file:conf/cluster.secret</parameter>'),
    );
    assert.equal(load().config.clustering?.groupPassword, "s3cret");
  });

  it("warns of secret files that others may read", () => {
    const file = write("conf/git.secret", "s3cret\n");
    write(
      "conf/carbon.xml",
      "<Server><DeploymentSynchronizer><GitPassword>file:conf/git.secret</GitPassword></DeploymentSynchronizer></Server>",
    );
    chmodSync(file, 0o640);
    const open = load();
    assert.equal(open.config.depsync.gitPassword, "s3cret");
    assert.match(open.warnings.map(formatProblem).join(), /git.secret: `chmod 600 .*git.secret`/);
    chmodSync(file, 0o600);
    assert.deepEqual(load().warnings, []);
  });

  it("refuses secret files that are missing, empty or no secrets", () => {
    const secret = (path: string) => {
      write(
        "conf/axis2/axis2.xml",
        clustered(`<parameter name="groupPassword">file:${path}</parameter>`),
      );
      return errorsOf(() => load())[0] ?? "";
    };
    write("conf/empty", " \n");
    write("conf/large", "x".repeat(5000));
    assert.match(secret("conf/missing"), /secret file .*missing cannot be read \(ENOENT\)/);
    assert.match(secret("conf/empty"), /secret file .*empty is empty/);
    assert.match(secret("conf/large"), /is larger than 4096 bytes/);
    assert.match(secret("conf"), /cannot be read \(EISDIR\)/);
  });

  it("takes this machine's address when localMemberHost is not given", () => {
    write("conf/axis2/axis2.xml", clustered(""));
    assert.equal(load().config.clustering?.localMemberHost, "10.1.2.3");
    const { config } = loadNodeConfig({ home, properties: {}, environment: {} });
    assert.match(config.clustering?.localMemberHost ?? "", /^\d+\.\d+\.\d+\.\d+$/);
  });

  it("reads files in ISO-8859-1, as some of WSO2's are, and with a byte order mark", () => {
    const text =
      '<?xml version="1.0" encoding="ISO-8859-1"?><Server><Name>G\u00fcte</Name><HostName>a</HostName></Server>';
    write("conf/carbon.xml", Buffer.from(text, "latin1"));
    assert.equal(load().config.hostName, "a");
    write("conf/carbon.xml", "\ufeff<Server><HostName>b</HostName></Server>");
    assert.equal(load().config.hostName, "b");
  });

  it("refuses document types, so that no file is ever included", () => {
    write("conf/carbon.xml", '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><Server/>');
    assert.match(
      errorsOf(() => load())[0] ?? "",
      /document type .* is not allowed in .*carbon.xml:1/,
    );
  });
});
