/** axis2.xml: transport receivers. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readAxis2 } from "../../../src/config/axis2.ts";
import { reading, xml } from "./reading.ts";

function read(
  content: string | undefined,
  portOffset = 0,
  properties: Readonly<Record<string, string>> = {},
) {
  const { reader, errors, warnings } = reading({}, { KEYSTORE_PASSWORD: "s3cret" });
  const config = readAxis2(
    content === undefined
      ? undefined
      : xml(`<axisconfig name="AxisJava2.0">${content}</axisconfig>`),
    {
      isWorker: false,
      localAddress: () => "10.1.2.3",
      managementPorts: { httpPort: 9763, httpsPort: 9443 },
      notices: [],
      portOffset,
      properties,
    },
    reader,
  );
  return { config, errors: errors(), warnings: warnings() };
}

const receiver = (name: string, content = "") =>
  `<transportReceiver name="${name}" class="x">${content}</transportReceiver>`;

const keystore = (location: string, more = "") =>
  `<parameter name="keystore" locked="false"><KeyStore><Location>${location}</Location>${more}</KeyStore></parameter>`;

describe("axis2.xml", () => {
  it("means http 8280 and https 8243 when it is absent, with the offset", () => {
    const { transport: _, ...config } = read(undefined, 1).config;
    assert.deepEqual(config, {
      clustering: undefined,
      serviceListeners: [
        {
          scheme: "http",
          bindAddress: "0.0.0.0",
          port: 8281,
          wsdlEprPrefix: undefined,
          tls: undefined,
        },
        {
          scheme: "https",
          bindAddress: "0.0.0.0",
          port: 8244,
          wsdlEprPrefix: undefined,
          tls: {
            place: undefined,
            kind: "pem",
            certificateFile: "/home/esb/conf/tls/node.crt",
            keyFile: "/home/esb/conf/tls/node.key",
          },
        },
      ],
    });
  });

  it("means no listener where the receiver is absent", () => {
    assert.deepEqual(read("").config.serviceListeners, []);
    assert.deepEqual(
      read(receiver("http")).config.serviceListeners.map(({ scheme, port }) => [scheme, port]),
      [["http", 8280]],
    );
  });

  it("reads port, address and WSDL prefix", () => {
    const { config, errors, warnings } = read(
      receiver(
        "http",
        `<parameter name="port" locked="false">8290</parameter>
         <parameter name="non-blocking" locked="false">true</parameter>
         <parameter name="bind-address" locked="false">10.0.0.1</parameter>
         <parameter name="WSDLEPRPrefix" locked="false">http://esb.wso2.com:80/</parameter>`,
      ),
      3,
    );
    assert.deepEqual([...errors, ...warnings], []);
    const [listener] = config.serviceListeners;
    assert.equal(listener?.port, 8293);
    assert.equal(listener.bindAddress, "10.0.0.1");
    assert.equal(listener.wsdlEprPrefix, "http://esb.wso2.com:80");
  });

  it("refuses WSDL prefixes that are no URLs", () => {
    for (const prefix of [
      "esb.wso2.com:80",
      "ftp://x",
      "http://",
      "http://a b",
      "http://u:p@x",
      "http://x/?q",
    ])
      assert.match(
        read(receiver("http", `<parameter name="WSDLEPRPrefix">${prefix}</parameter>`)).errors[0] ??
          "",
        /is not a WSDL EPR prefix/,
        prefix,
      );
  });

  it("reads a PKCS#12 keystore", () => {
    const password = "<Type>PKCS12</Type><Password>env:KEYSTORE_PASSWORD</Password>";
    const { config, errors } = read(receiver("https", keystore("conf/tls/node.p12", password)));
    assert.deepEqual(errors, []);
    assert.deepEqual(config.serviceListeners[0]?.tls, {
      place: { file: "test.xml", line: 1 },
      kind: "pkcs12",
      file: "/home/esb/conf/tls/node.p12",
      password: "s3cret",
    });
  });

  it("answers a Java keystore with the line that converts it", () => {
    const { errors } = read(
      receiver(
        "https",
        `\n${keystore("repository/resources/security/wso2carbon.jks", "<Type>JKS</Type>")}`,
      ),
    );
    const folder = "/home/esb/repository/resources/security";
    assert.deepEqual(errors, [
      `2: Java keystores cannot be read: convert it with \`keytool -importkeystore -srckeystore ${folder}/wso2carbon.jks -destkeystore ${folder}/wso2carbon.p12 -deststoretype PKCS12\` and name the new file here, with type PKCS12`,
    ]);
  });

  it("quotes paths with blanks in that line", () => {
    const { errors } = read(receiver("https", keystore("my keys/a.jks")));
    assert.match(errors[0] ?? "", /-srckeystore '\/home\/esb\/my keys\/a.jks' -destkeystore/);
  });

  it("refuses keystores of unknown type and keys with a password of their own", () => {
    assert.match(read(receiver("https", keystore("a.bks"))).errors[0] ?? "", /is of no known type/);
    const passwords = "<Password>a</Password><KeyPassword>b</KeyPassword>";
    assert.match(
      read(receiver("https", keystore("a.p12", passwords))).errors[0] ?? "",
      /key's password differs/,
    );
  });

  it("reads PEM files, both or none, and not beside a keystore", () => {
    const certificate = '<parameter name="certificateFile">a.crt</parameter>';
    const key = '<parameter name="keyFile">/etc/a.key</parameter>';
    assert.deepEqual(read(receiver("https", certificate + key)).config.serviceListeners[0]?.tls, {
      place: { file: "test.xml", line: 1 },
      kind: "pem",
      certificateFile: "/home/esb/a.crt",
      keyFile: "/etc/a.key",
    });
    assert.match(read(receiver("https", key)).errors[0] ?? "", /together or not at all/);
    assert.match(
      read(receiver("https", certificate + key + keystore("a.p12"))).errors[0] ?? "",
      /both given/,
    );
  });

  it("refuses to ask clients for certificates rather than to leave it out silently", () => {
    const verify = (word: string) =>
      read(receiver("https", `<parameter name="SSLVerifyClient">${word}</parameter>`)).errors;
    assert.deepEqual(verify("none"), []);
    assert.match(verify("require")[0] ?? "", /SSLVerifyClient "require" is not supported/);
  });

  it("refuses two receivers of one name, warns of other transports, passes over local", () => {
    assert.match(
      read(receiver("http") + receiver("http")).errors[0] ?? "",
      /two transport receivers/,
    );
    const { warnings } = read(receiver("local") + receiver("jms", "<parameter name='x'/>"));
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? "", /the transport receiver "jms" is not supported/);
  });

  it("accepts the rest of axis2 silently and warns of what nobody knows", () => {
    const { warnings, errors } = read(
      `<parameter name="hotdeployment">true</parameter><parameter name="hotdeployment">x</parameter>
       <transportSender name="http"/><phaseOrder type="InFlow"/><messageBuilders/><module ref="addressing"/>
       <tranportReceiver name="http"/>`,
    );
    assert.deepEqual(errors, []);
    assert.deepEqual(warnings, [
      "3: unknown element <tranportReceiver> in <axisconfig> is ignored",
    ]);
  });

  it("reads bounds of messages and how the node calls out", () => {
    const { config, errors } = read(
      `<parameter name="maxMessagesInFlight">7</parameter><parameter name="maxMessageBytes">2048</parameter>
       <transportSender name="https"><parameter name="http.proxyHost">proxy.lan</parameter>
         <parameter name="http.nonProxyHosts">localhost|*.lan</parameter><parameter name="HostnameVerifier">AllowAll</parameter>
         <parameter name="worker_pool_size_core">400</parameter>
         <parameter name="customSSLProfiles"><profile><servers>a:443, b:8443</servers>
           <trustedCertificateFile>/tls/a.pem</trustedCertificateFile></profile></parameter>
       </transportSender>`,
    );
    assert.deepEqual(errors, []);
    assert.deepEqual(config.transport, {
      messagesInFlightMax: 7,
      messageBytesMax: 2048,
      proxy: { host: "proxy.lan", port: 80, nonProxyHosts: "localhost|*.lan" },
      tls: {},
      checksHostNames: false,
      tlsProfiles: [
        { servers: ["a:443", "b:8443"], files: { trustedCertificateFile: "/tls/a.pem" } },
      ],
    });
  });

  it("takes the proxy of the command line where the file names none", () => {
    const properties = { "http.proxyHost": "p.lan", "http.proxyPort": "3128" };
    const { config } = read(undefined, 0, properties);
    assert.deepEqual(config.transport?.proxy, { host: "p.lan", port: 3128, nonProxyHosts: "" });
    const bad = read('<parameter name="maxMessagesInFlight">0</parameter>');
    assert.match(bad.errors[0] ?? "", /"0" is not a number of messages: expected 1 to 1000000/);
  });

  it("reads the name that pinnedServers are compared with", () => {
    const parameter = '<parameter name="SynapseConfig.ServerName">east</parameter>';
    assert.equal(read(parameter).config.serverName, "east");
    assert.equal(read("").config.serverName, undefined);
  });
});
