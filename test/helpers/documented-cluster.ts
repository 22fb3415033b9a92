/**
 * The cluster of WSO2's clustering document (one manager, two workers, NGINX Plus in front) in the very files that
 * it shows: its snippets as written, with addresses, ports and paths filled in. Nodes are started one by one.
 */
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { makeAuthority, makeLeaf } from "../../src/net/tls/local-certificates.ts";
import { freeOffset } from "./free-offset.ts";
import { NodeProcess, runBascule } from "./node-process.ts";

const SERVICES_HOST = "esb.wso2.com";
const CONSOLE_HOST = "mgt.esb.wso2.com";

export class DocumentedCluster implements AsyncDisposable {
  readonly folder: string;
  readonly offset: number;
  readonly #processes: NodeProcess[] = [];

  private constructor(folder: string, offset: number) {
    this.folder = folder;
    this.offset = offset;
  }

  /** Writes all files; starts nothing. */
  static async write(): Promise<DocumentedCluster> {
    const folder = mkdtempSync(join(tmpdir(), "bascule-documented-"));
    const cluster = new DocumentedCluster(folder, await freeOffset(3));
    const authority = await makeAuthority("test authority");
    for (const [file, host] of [
      ["wrk", SERVICES_HOST],
      ["mgt", CONSOLE_HOST],
    ] as const) {
      const leaf = await makeLeaf([host], authority);
      cluster.#write(`ssl/${file}.crt`, leaf.certificate + authority.certificate);
      cluster.#write(`ssl/${file}.key`, leaf.key);
    }
    cluster.#writeGateway();
    cluster.#writeServer("manager", {
      clusterPort: 4100,
      subDomain: "mgt",
      member: 4200,
      offset: 0,
    });
    const worker = { clusterPort: 4200, subDomain: "worker", member: 4100, offset: 0 };
    cluster.#writeServer("worker1", worker);
    cluster.#writeServer("worker2", { ...worker, clusterPort: 4300, offset: 1 });
    const node = await makeLeaf(["localhost", "127.0.0.1"], authority);
    for (const home of ["manager", "worker1", "worker2"]) {
      cluster.#write(`${home}/conf/tls/node.crt`, node.certificate);
      cluster.#write(`${home}/conf/tls/node.key`, node.key);
    }
    return cluster;
  }

  services(scheme: "http" | "https"): string {
    const port = (scheme === "http" ? 8080 : 8443) + this.offset;
    return `${scheme}://127.0.0.1:${port}/services/`;
  }

  get servicesHost(): string {
    return SERVICES_HOST;
  }

  get consoleHost(): string {
    return CONSOLE_HOST;
  }

  home(name: string): string {
    return join(this.folder, name);
  }

  gatewayArguments(): readonly string[] {
    return ["-p", this.home("gateway"), "-c", "gateway.conf"];
  }

  /** Starts a node with the arguments of `bascule`. */
  start(...args: readonly string[]): NodeProcess {
    const node = new NodeProcess(args);
    this.#processes.push(node);
    return node;
  }

  /** `bascule-gateway -t`. */
  testGateway(): Promise<{ readonly status: number | string; readonly text: string }> {
    return runBascule(["gateway", "-t", ...this.gatewayArguments()]);
  }

  /** A copy of worker 1 with another port offset, nothing else changed. */
  copyWorker(name: string, offset: number): void {
    cpSync(this.home("worker1"), this.home(name), { recursive: true });
    this.#write(`${name}/repository/conf/carbon.xml`, this.#carbonXml("worker", offset));
  }

  /** The virtual host files with the HTTP ports of these workers in their upstreams. */
  writeVirtualHosts(workerOffsets: readonly number[]): void {
    const servers = (base: number): string =>
      workerOffsets
        .map((own) => `        server 127.0.0.1:${base + this.offset + own};`)
        .join("\n");
    const headers = `               proxy_set_header X-Forwarded-Host $host;
               proxy_set_header X-Forwarded-Server $host;
               proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
               proxy_set_header Host $http_host;
               proxy_read_timeout 5m;
               proxy_send_timeout 5m;`;
    this.#write(
      "gateway/conf.d/esb.http.conf",
      `upstream wso2.esb.com {
${servers(8280)}
}
 
server {
        listen 127.0.0.1:${8080 + this.offset};
        server_name esb.wso2.com;
        location / {
${headers}
               proxy_pass http://wso2.esb.com;
        }
}
`,
    );
    this.#write(
      "gateway/conf.d/esb.https.conf",
      `upstream ssl.wso2.esb.com {
${servers(8243)}
  
            sticky learn create=$upstream_cookie_jsessionid
            lookup=$cookie_jsessionid
            zone=client_sessions:1m;
}
 
server {
listen 127.0.0.1:${8443 + this.offset};
    server_name esb.wso2.com;
    ssl on;
    ssl_certificate ${this.folder}/ssl/wrk.crt;
    ssl_certificate_key ${this.folder}/ssl/wrk.key;
    location / {
${headers}
        proxy_pass https://ssl.wso2.esb.com;
        }
}
`,
    );
    this.#write(
      "gateway/conf.d/mgt.esb.https.conf",
      `server {
    listen 127.0.0.1:${8443 + this.offset};
    server_name mgt.esb.wso2.com;
    ssl on;
    ssl_certificate ${this.folder}/ssl/mgt.crt;
    ssl_certificate_key ${this.folder}/ssl/mgt.key;
 
    location / {
${headers}
        proxy_pass https://127.0.0.1:${9443 + this.offset}/;
        }
    error_log  ${this.folder}/gateway/logs/mgt-error.log ;
           access_log  ${this.folder}/gateway/logs/mgt-access.log;
}
`,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#processes.map((node) => node.stop()));
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }

  #writeGateway(): void {
    mkdirSync(join(this.folder, "gateway/logs"), { recursive: true });
    this.#write(
      "gateway/gateway.conf",
      `pid logs/gateway.pid;
error_log logs/error.log;
events {}
cluster {
    domain wso2.esb.domain;
    local_member_host 127.0.0.1;
    local_member_port ${4000 + this.offset};
    member 127.0.0.1:${4100 + this.offset};
}
http {
    include conf.d/*.conf;
}
`,
    );
    this.writeVirtualHosts([0, 1]);
  }

  #writeServer(
    name: string,
    node: {
      readonly clusterPort: number;
      readonly subDomain: string;
      readonly member: number;
      readonly offset: number;
    },
  ): void {
    const role = node.subDomain === "mgt" ? "manager" : "worker";
    this.#write(`${name}/repository/conf/carbon.xml`, this.#carbonXml(role, node.offset));
    this.#write(
      `${name}/repository/conf/axis2/axis2.xml`,
      `<axisconfig name="AxisJava2.0">
${role === "worker" ? this.#receivers() : ""}
<clustering class="org.wso2.carbon.core.clustering.hazelcast.HazelcastClusteringAgent" enable="true">
<parameter name="membershipScheme">wka</parameter>
<parameter name="domain">wso2.esb.domain</parameter>
<parameter name="localMemberHost">127.0.0.1</parameter>
<parameter name="localMemberPort">${node.clusterPort + this.offset}</parameter>
<members>
    <member>
        <hostName>127.0.0.1</hostName>
        <port>${node.member + this.offset}</port>
    </member>
</members>
<parameter name="properties">
      <property name="backendServerURL" value="https://\${hostName}:\${httpsPort}/services/"/>
      <property name="mgtConsoleURL" value="https://\${hostName}:\${httpsPort}/"/>
      <property name="subDomain" value="${node.subDomain}"/>
</parameter>
</clustering>
</axisconfig>
`,
    );
    if (role === "manager") this.#writeManagerFiles(name);
    else this.#writeWorkerConnectors(name);
  }

  #carbonXml(role: "manager" | "worker", ownOffset: number): string {
    const isManager = role === "manager";
    return `<?xml version="1.0" encoding="ISO-8859-1"?>
<Server xmlns="http://wso2.org/projects/carbon/carbon.xml">
<HostName>esb.wso2.com</HostName>
${isManager ? "<MgtHostName>mgt.esb.wso2.com</MgtHostName>" : ""}
<Ports>
    <Offset>${this.offset + ownOffset}</Offset>
</Ports>
<DeploymentSynchronizer>
    <Enabled>true</Enabled>
    <AutoCommit>${isManager}</AutoCommit>
    <AutoCheckout>true</AutoCheckout>
    <RepositoryType>svn</RepositoryType>
    <SvnUrl>https://svn.wso2.org/repos/esb</SvnUrl>
    <SvnUser>svnuser</SvnUser>
    <SvnPassword>xxxxxx</SvnPassword>
    <SvnUrlAppendTenantId>true</SvnUrlAppendTenantId>
</DeploymentSynchronizer>
</Server>
`;
  }

  #receivers(): string {
    const receiver = (name: string, listener: string, port: number, prefix: string): string =>
      `<transportReceiver name="${name}" class="org.apache.synapse.transport.passthru.${listener}">
    <parameter name="port" locked="false">${port}</parameter>
    <parameter name="non-blocking" locked="false">true</parameter>
    <parameter name="WSDLEPRPrefix" locked="false">${prefix}</parameter>
</transportReceiver>`;
    return [
      receiver("http", "PassThroughHttpListener", 8280, "http://esb.wso2.com:80"),
      receiver("https", "PassThroughHttpSSLListener", 8243, "https://esb.wso2.com:443"),
    ].join("\n");
  }

  #writeManagerFiles(name: string): void {
    this.#write(
      `${name}/repository/conf/tomcat/catalina-server.xml`,
      `<Server><Service name="Catalina">
<Connector protocol="org.apache.coyote.http11.Http11NioProtocol"
    port="9763"
    proxyPort="80"
    redirectPort="9443"
    maxHttpHeaderSize="8192"
    />
<Connector protocol="org.apache.coyote.http11.Http11NioProtocol"
    port="9443"
    proxyPort="${8443 + this.offset}"
    scheme="https" secure="true" SSLEnabled="true"
    />
</Service></Server>
`,
    );
    this.#write(
      `${name}/repository/conf/datasources/master-datasources.xml`,
      `<datasources-configuration xmlns:svns="http://org.wso2.securevault/configuration">
  <providers><provider>org.wso2.carbon.ndatasource.rdbms.RDBMSDataSourceReader</provider></providers>
  <datasources>
    <datasource>
      <name>WSO2_CARBON_DB</name>
      <jndiConfig><name>jdbc/WSO2CarbonDB</name></jndiConfig>
      <definition type="RDBMS">
        <configuration>
          <url>jdbc:h2:repository/database/WSO2CARBON_DB;DB_CLOSE_ON_EXIT=FALSE;LOCK_TIMEOUT=60000</url>
          <username>wso2carbon</username>
          <password>wso2carbon</password>
          <driverClassName>org.h2.Driver</driverClassName>
          <maxActive>50</maxActive>
        </configuration>
      </definition>
    </datasource>
  </datasources>
</datasources-configuration>
`,
    );
  }

  /** A worker on the manager's machine: WSO2 shifts 9443 by the offset, which would meet the manager's. */
  #writeWorkerConnectors(name: string): void {
    this.#write(
      `${name}/repository/conf/tomcat/catalina-server.xml`,
      `<Server><Service name="Catalina"><Connector port="9444" SSLEnabled="true" scheme="https"/></Service></Server>\n`,
    );
  }

  #write(path: string, text: string): void {
    const file = join(this.folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}
