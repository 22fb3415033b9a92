/**
 * The snippets of WSO2's page "Clustering WSO2 EI 6.1.1" in whole files, addresses filled in: the manager
 * and the workers of that page load as written, and mean what the page says.
 */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, describe, it } from "node:test";
import { loadNodeConfig } from "../../../src/config/load-node-config.ts";

interface DocumentedNode {
  readonly localMemberHost: string;
  readonly localMemberPort: number;
  readonly wellKnown: { readonly host: string; readonly port: number };
  readonly properties: string;
  readonly autoCommit: boolean;
  /** Elements of carbon.xml beside the deployment synchronizer. */
  readonly names: string;
  readonly wsdlPrefixes: boolean;
}

const HOST_NAME = "<HostName>esb.wso2.com</HostName>";

const MANAGER: DocumentedNode = {
  localMemberHost: "192.168.1.2",
  localMemberPort: 4100,
  wellKnown: { host: "192.168.1.3", port: 4200 },
  properties: `<property name="backendServerURL" value="https://\${hostName}:\${httpsPort}/services/"/>
      <property name="mgtConsoleURL" value="https://\${hostName}:\${httpsPort}/"/>
      <property name="subDomain" value="mgt"/>`,
  autoCommit: true,
  names: `${HOST_NAME}<MgtHostName>mgt.esb.wso2.com</MgtHostName>`,
  wsdlPrefixes: false,
};

const WORKER: DocumentedNode = {
  localMemberHost: "192.168.1.3",
  localMemberPort: 4200,
  wellKnown: { host: "192.168.1.2", port: 4100 },
  properties: '<property name="subDomain" value="worker"/>',
  autoCommit: false,
  names: `${HOST_NAME}<Ports><Offset>0</Offset></Ports>`,
  wsdlPrefixes: true,
};

function axis2(node: DocumentedNode): string {
  const prefix = (url: string) =>
    node.wsdlPrefixes ? `<parameter name="WSDLEPRPrefix" locked="false">${url}</parameter>` : "";
  return `<axisconfig name="AxisJava2.0">
  <parameter name="hotdeployment" locked="false">true</parameter>
  <transportReceiver name="http" class="org.apache.synapse.transport.passthru.PassThroughHttpListener">
    <parameter name="port" locked="false">8280</parameter>
    <parameter name="non-blocking" locked="false">true</parameter>
    ${prefix("http://esb.wso2.com:80")}
  </transportReceiver>
  <transportReceiver name="https" class="org.apache.synapse.transport.passthru.PassThroughHttpSSLListener">
    <parameter name="port" locked="false">8243</parameter>
    ${prefix("https://esb.wso2.com:443")}
  </transportReceiver>
  <clustering class="org.wso2.carbon.core.clustering.hazelcast.HazelcastClusteringAgent" enable="true">
    <parameter name="membershipScheme">wka</parameter>
    <parameter name="domain">wso2.esb.domain</parameter>
    <parameter name="localMemberHost">${node.localMemberHost}</parameter>
    <parameter name="localMemberPort">${node.localMemberPort}</parameter>
    <members>
      <member>
        <hostName>${node.wellKnown.host}</hostName>
        <port>${node.wellKnown.port}</port>
      </member>
    </members>
    <parameter name="properties">${node.properties}</parameter>
  </clustering>
</axisconfig>`;
}

function carbon(node: DocumentedNode): string {
  return `<Server xmlns="http://wso2.org/projects/carbon/carbon.xml">
  ${node.names}
  <DeploymentSynchronizer>
    <Enabled>true</Enabled>
    <AutoCommit>${node.autoCommit}</AutoCommit>
    <AutoCheckout>true</AutoCheckout>
    <RepositoryType>svn</RepositoryType>
    <SvnUrl>https://svn.wso2.org/repos/esb</SvnUrl>
    <SvnUser>svnuser</SvnUser>
    <SvnPassword>xxxxxx</SvnPassword>
    <SvnUrlAppendTenantId>true</SvnUrlAppendTenantId>
  </DeploymentSynchronizer>
</Server>`;
}

const CATALINA = `<Server port="8005" shutdown="SHUTDOWN"><Service name="Catalina">
  <Connector protocol="org.apache.coyote.http11.Http11NioProtocol"
    port="9763"
    proxyPort="80"
    redirectPort="9443"
    />
  <Connector protocol="org.apache.coyote.http11.Http11NioProtocol"
    port="9443"
    proxyPort="443"
    scheme="https" secure="true" SSLEnabled="true"
    />
</Service></Server>`;

const folders: string[] = [];
after(() => folders.forEach((folder) => rmSync(folder, { recursive: true })));

function homeOf(node: DocumentedNode, confFolder = "conf"): string {
  const home = mkdtempSync(join(tmpdir(), "bascule-documented-"));
  folders.push(home);
  for (const [path, text] of [
    ["axis2/axis2.xml", axis2(node)],
    ["carbon.xml", carbon(node)],
    ["tomcat/catalina-server.xml", CATALINA],
  ] as const) {
    const file = join(home, confFolder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  return home;
}

const load = (home: string, properties: Readonly<Record<string, string>>) =>
  loadNodeConfig({ home, properties, environment: {} });

describe("the documented cluster", () => {
  it("has a manager", () => {
    const { config, warnings, notices } = load(homeOf(MANAGER), { setup: "true" });
    assert.equal(config.role, "manager");
    assert.equal(config.setup, true);
    assert.equal(config.mgtHostName, "mgt.esb.wso2.com");
    assert.equal(config.depsync.autoCommit, true);
    assert.deepEqual(config.clustering, {
      provider: "embedded",
      domain: "wso2.esb.domain",
      localMemberHost: "192.168.1.2",
      localMemberPort: 4100,
      members: [{ host: "192.168.1.3", port: 4200 }],
      groupPassword: undefined,
      subDomain: "mgt",
      properties: {
        backendServerURL: "https://192.168.1.2:9443/services/",
        mgtConsoleURL: "https://192.168.1.2:9443/",
      },
    });
    assert.deepEqual(
      config.connectors.map(({ scheme, port, proxyPort }) => [scheme, port, proxyPort]),
      [
        ["http", 9763, 80],
        ["https", 9443, 443],
      ],
    );
    assert.deepEqual(
      warnings.map(({ message, line }) => [line, message]),
      [
        [
          7,
          'RepositoryType "svn" is not supported: the manager\'s own git repository is used instead of SvnUrl; write "git" to confirm',
        ],
      ],
    );
    assert.equal(notices.length, 1);
  });

  it("has workers, told by -DworkerNode=true, whose WSDLs name the load balancer", () => {
    const { config } = load(homeOf(WORKER), { workerNode: "true" });
    assert.equal(config.role, "worker");
    assert.equal(config.setup, false);
    assert.equal(config.clustering?.subDomain, "worker");
    assert.equal(config.depsync.autoCommit, false);
    assert.deepEqual(
      config.serviceListeners.map(({ port, wsdlEprPrefix }) => [port, wsdlEprPrefix]),
      [
        [8280, "http://esb.wso2.com:80"],
        [8243, "https://esb.wso2.com:443"],
      ],
    );
  });

  it("grows by a copy of a worker with another port offset", () => {
    const { config } = load(homeOf(WORKER), { workerNode: "true", portOffset: "1" });
    assert.deepEqual(
      config.serviceListeners.map(({ port }) => port),
      [8281, 8244],
    );
    assert.equal(config.clustering?.localMemberPort, 4200);
  });

  it("has other roles for carbon applications with -DserverRoles", () => {
    const { config } = load(homeOf(WORKER), { workerNode: "true", serverRoles: "A, Data.*," });
    assert.deepEqual(config.serverRoles, ["A", "Data.*"]);
  });

  it("is found in repository/conf as well, where the page has axis2.xml", () => {
    const { config } = load(homeOf(MANAGER, "repository/conf"), {});
    assert.equal(config.clustering?.domain, "wso2.esb.domain");
    assert.equal(config.hostName, "esb.wso2.com");
  });
});
