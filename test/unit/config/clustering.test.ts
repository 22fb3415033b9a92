/** axis2.xml `<clustering>`. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readClustering } from "../../../src/config/clustering.ts";
import { MEMBER_PROPERTIES_MAX } from "../../../src/config/member-record.ts";
import { WELL_KNOWN_MEMBERS_MAX } from "../../../src/config/well-known-members.ts";
import { reading, xml } from "./reading.ts";

const AGENT = 'class="org.wso2.carbon.core.clustering.hazelcast.HazelcastClusteringAgent"';

function read(
  content: string,
  { attributes = `${AGENT} enable="true"`, isWorker = false, environment = {} } = {},
) {
  const notices: string[] = [];
  const { reader, errors, warnings } = reading({ region: "south" }, environment);
  const config = readClustering(
    xml(`<clustering ${attributes}>${content}</clustering>`),
    {
      isWorker,
      localAddress: () => "10.1.2.3",
      managementPorts: { httpPort: 9763, httpsPort: 9443 },
      notices,
    },
    reader,
  );
  return { config, errors: errors(), warnings: warnings(), notices };
}

const parameter = (name: string, value: string) => `<parameter name="${name}">${value}</parameter>`;
const member = (host: string, port: number | string = 4000) =>
  `<members><member><hostName>${host}</hostName><port>${port}</port></member></members>`;

describe("clustering", () => {
  it("has WSO2's defaults, and this machine's address", () => {
    const { config, errors, warnings } = read("");
    assert.deepEqual([...errors, ...warnings], []);
    assert.deepEqual(config, {
      provider: "embedded",
      domain: "wso2.carbon.domain",
      localMemberHost: "10.1.2.3",
      localMemberPort: 4000,
      members: [],
      groupPassword: undefined,
      subDomain: "mgt",
      properties: {},
    });
  });

  it("reads the settings of the embedded membership under happn's names", () => {
    const { config, errors, warnings } = read(
      parameter("clusterName", "esb") +
        parameter("hosts", "['10.0.0.1:56000', '10.0.0.2-3:56000']") +
        parameter("pingInterval", "1000") +
        parameter("pingReqGroupSize", "0") +
        parameter("udp.maxDgramSize", "512") +
        parameter("seedWait", "500") +
        parameter("localMemberPortStrict", "true"),
    );
    assert.deepEqual([...errors, ...warnings], []);
    assert.equal(config?.domain, "esb");
    assert.deepEqual(
      config?.members.map(({ host, port }) => `${host}:${port}`),
      ["10.0.0.1:56000", "10.0.0.2:56000", "10.0.0.3:56000"],
    );
    assert.deepEqual(config?.swim, {
      timing: { pingIntervalMs: 1000, pingReqGroupSize: 0, maxDgramBytes: 512 },
      isPortStrict: true,
      seedWaitMs: 500,
    });
  });

  it("refuses times, addresses and names of the embedded membership that make no sense", () => {
    for (const [name, value] of [
      ["pingInterval", "5"],
      ["pingTimeout", "soon"],
      ["udp.maxDgramSize", "9000"],
      ["hosts", "10.0.0.1"],
      ["hosts", "10.0.0.1:99999"],
      ["seed", "maybe"],
    ] as const)
      assert.equal(read(parameter(name, value)).errors.length, 1, `${name} ${value}`);
    const both = read(parameter("domain", "a") + parameter("clusterName", "b"));
    assert.match(both.errors.join(), /two names for one thing and differ/);
  });

  it("is off when enable is false, and then nothing in it is looked at", () => {
    const { config, errors, warnings } = read(
      parameter("localMemberPort", "junk") + "<nonsense/>",
      {
        attributes: 'enable="false"',
      },
    );
    assert.equal(config, undefined);
    assert.deepEqual([...errors, ...warnings], []);
  });

  it("is on when enable is missing", () => {
    assert.ok(read("", { attributes: AGENT }).config);
  });

  it("needs the class, and knows one", () => {
    assert.match(
      read("", { attributes: 'enable="true"' }).errors[0] ?? "",
      /classAttributeNotFound/,
    );
    const other = 'class="org.apache.axis2.clustering.tribes.TribesClusteringAgent" enable="true"';
    assert.match(
      read("", { attributes: other }).errors[0] ?? "",
      /Tribes.* is not known, expected/,
    );
  });

  it("says at info level that the embedded membership runs, unless the provider is named", () => {
    assert.match(
      read("").notices[0] ?? "",
      /names WSO2's Hazelcast agent: the embedded membership/,
    );
    assert.deepEqual(read(parameter("provider", "embedded")).notices, []);
    const hazelcast = read(parameter("provider", "hazelcast"));
    assert.equal(hazelcast.config?.provider, "hazelcast");
    assert.deepEqual(hazelcast.notices, []);
    assert.match(
      read(parameter("provider", "redis")).errors[0] ?? "",
      /expected "embedded" or "hazel/,
    );
  });

  it("reads where Hazelcast members are, ranges allowed, and how to start one", () => {
    const hazelcast = parameter("provider", "hazelcast");
    const { config, errors } = read(
      hazelcast +
        parameter("hazelcastMembers", "hz.example.com, 10.0.0.2-3:5702") +
        parameter("hazelcastCommand", "java -Dhazelcast.config={config} Main"),
    );
    assert.deepEqual(errors, []);
    assert.deepEqual(config?.hazelcast, {
      members: [
        { host: "hz.example.com", port: 5701 },
        { host: "10.0.0.2", port: 5702 },
        { host: "10.0.0.3", port: 5702 },
      ],
      command: "java -Dhazelcast.config={config} Main",
    });
    assert.deepEqual(read(hazelcast).config?.hazelcast, { members: [], command: undefined });
    for (const wrong of ["10.0.0.1:0", "10.0.0.1:70000", "a:b", "10.0.0.9-2", ":5701"])
      assert.equal(read(hazelcast + parameter("hazelcastMembers", wrong)).errors.length, 1, wrong);
    assert.match(
      read(hazelcast + parameter("hazelcastCommand", "java Main")).errors[0] ?? "",
      /must contain \{config\}/,
    );
  });

  it("warns of Hazelcast settings without the provider", () => {
    const { config, warnings } = read(parameter("hazelcastMembers", "10.0.0.1"));
    assert.equal(config?.hazelcast, undefined);
    assert.match(warnings[0] ?? "", /are ignored: they need <parameter name="provider">hazelcast/);
  });

  it("supports the scheme wka only", () => {
    assert.deepEqual(read(parameter("membershipScheme", "wka")).errors, []);
    for (const scheme of ["multicast", "aws"])
      assert.match(
        read(parameter("membershipScheme", scheme)).errors[0] ?? "",
        /is not supported: write "wka" and list the well-known members/,
      );
    assert.match(
      read(parameter("membershipScheme", "tribes")).errors[0] ?? "",
      /Invalid membership scheme 'tribes'. Supported schemes are multicast, wka & aws/,
    );
  });

  it("accepts what else WSO2 has in it silently", () => {
    const { errors, warnings } = read(
      parameter("AvoidInitiation", "true") +
        parameter("clusteringPattern", "nonWorkerManager") +
        parameter("mcastPort", "45564") +
        '<groupManagement enable="false"><applicationDomain name="x"/></groupManagement>',
    );
    assert.deepEqual([...errors, ...warnings], []);
  });

  it("expands ranges in the last octet, and a star to all of it", () => {
    assert.deepEqual(
      read(member("192.168.1.2-4", 4200)).config?.members,
      ["192.168.1.2", "192.168.1.3", "192.168.1.4"].map((host) => ({ host, port: 4200 })),
    );
    const all = read(member("10.0.0.*")).config?.members ?? [];
    assert.equal(all.length, 256);
    assert.deepEqual([all.at(0)?.host, all.at(-1)?.host], ["10.0.0.0", "10.0.0.255"]);
  });

  it("refuses ranges that are none", () => {
    for (const host of [
      "192.168.1.10-2",
      "192.168.1.2-256",
      "300.1.1.1-2",
      "192.168.1-2.3",
      "1.2.3",
    ])
      assert.match(read(member(host)).errors[0] ?? "", /is not an address range/, host);
    assert.match(read(member("a b")).errors[0] ?? "", /is not a host name or IP address/);
  });

  it("bounds the number of well-known members", () => {
    const networks = Array.from({ length: 5 }, (_, index) => `10.0.${index}.*`);
    const members = networks.map(
      (host) => `<member><hostName>${host}</hostName><port>1</port></member>`,
    );
    const { config, errors } = read(`<members>${members.join("")}</members>`);
    assert.equal(config?.members.length, WELL_KNOWN_MEMBERS_MAX);
    assert.match(errors[0] ?? "", /more than 1024 well-known members/);
  });

  it("replaces placeholders in members by property, then environment variable", () => {
    const text = member("${WKA_HOST}", "${WKA_PORT}");
    const { config, errors } = read(text, {
      environment: { WKA_HOST: "10.9.9.9", WKA_PORT: "4100" },
    });
    assert.deepEqual(config?.members, [{ host: "10.9.9.9", port: 4100 }]);
    assert.deepEqual(errors, []);
    assert.match(read(text).errors.join(), /\$\{WKA_HOST\} is not known/);
  });

  it("needs host name and port of a member", () => {
    const { errors } = read("<members><member/></members>");
    assert.deepEqual(errors, ["1: <member> needs <hostName>", "1: <member> needs <port>"]);
  });

  it("warns of a loopback address only when a well-known member is elsewhere", () => {
    const local = parameter("localMemberHost", "127.0.0.1");
    assert.deepEqual(read(local + member("localhost")).warnings, []);
    assert.match(
      read(local + member("10.0.0.7")).warnings[0] ?? "",
      /localMemberHost is configured to use the loopback address/,
    );
    assert.deepEqual(
      read(parameter("localMemberHost", "10.0.0.8") + member("10.0.0.7")).warnings,
      [],
    );
  });

  it("refuses to advertise every interface", () => {
    assert.match(
      read(parameter("localMemberHost", "0.0.0.0")).errors[0] ?? "",
      /cannot be reached by other nodes/,
    );
  });

  it("takes the group password from the environment", () => {
    const { config } = read(parameter("groupPassword", "env:CLUSTER_SECRET"), {
      environment: { CLUSTER_SECRET: "s3cret" },
    });
    assert.equal(config?.groupPassword, "s3cret");
  });

  it("replaces member properties: hostName, ports, earlier properties, then the usual", () => {
    const { config, errors } = read(
      parameter("localMemberHost", "10.0.0.2") +
        `<parameter name="properties">
           <property name="backendServerURL" value="https://\${hostName}:\${httpsPort}/services/"/>
           <property name="plain" value="\${hostName}:\${httpPort}"/>
           <property name="again" value="\${plain}/\${region}"/>
           <property name="subDomain" value="mgt"/>
         </parameter>`,
    );
    assert.deepEqual(errors, []);
    assert.deepEqual(config?.properties, {
      backendServerURL: "https://10.0.0.2:9443/services/",
      plain: "10.0.0.2:9763",
      again: "10.0.0.2:9763/south",
    });
  });

  it("reports unknown placeholders and bounds the properties of a member", () => {
    const many = Array.from(
      { length: MEMBER_PROPERTIES_MAX + 1 },
      (_, index) => `<property name="p${index}" value="x"/>`,
    );
    const properties = (text: string) => `<parameter name="properties">${text}</parameter>`;
    assert.match(read(properties(many.join(""))).errors[0] ?? "", /at most 32 properties/);
    assert.match(
      read(properties('<property name="a" value="${later}"/>')).errors[0] ?? "",
      /\$\{later\} is not known/,
    );
    assert.match(
      read(properties(`<property name="a" value="${"x".repeat(600)}"/>`)).errors[0] ?? "",
      /longer than 512 characters/,
    );
  });

  it("takes the sub-domain from the role when there is none, and warns when they disagree", () => {
    const subDomain = (word: string) =>
      `<parameter name="properties"><property name="subDomain" value="${word}"/></parameter>`;
    assert.equal(read("", { isWorker: true }).config?.subDomain, "worker");
    assert.equal(read(subDomain("blue"), { isWorker: true }).config?.subDomain, "blue");
    assert.match(
      read(subDomain("mgt"), { isWorker: true }).warnings[0] ?? "",
      /a worker belongs to/,
    );
    assert.match(read(subDomain("worker")).warnings[0] ?? "", /start it with -DworkerNode=true/);
  });
});
