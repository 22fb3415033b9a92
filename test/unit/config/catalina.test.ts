/** catalina-server.xml: connectors of the management API and console. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readCatalina } from "../../../src/config/catalina.ts";
import { reading, xml } from "./reading.ts";

const HTTP11 = 'protocol="org.apache.coyote.http11.Http11NioProtocol"';

function read(connectors: string | undefined, portOffset = 0) {
  const { reader, errors, warnings } = reading();
  const text = `<Server port="8005" shutdown="SHUTDOWN"><Service name="Catalina">${connectors}<Engine name="Catalina"/></Service></Server>`;
  const config = readCatalina(connectors === undefined ? undefined : xml(text), reader, portOffset);
  return { config, errors: errors(), warnings: warnings() };
}

const https = (attributes: string, content = "") =>
  read(`<Connector ${HTTP11} port="9443" SSLEnabled="true" ${attributes}>${content}</Connector>`);

describe("catalina-server.xml", () => {
  it("means http 9763 and https 9443 when it is absent, with the offset", () => {
    const { config } = read(undefined, 5);
    assert.deepEqual(
      config.map(({ scheme, port, proxyPort, bindAddress }) => [
        scheme,
        port,
        proxyPort,
        bindAddress,
      ]),
      [
        ["http", 9768, undefined, "0.0.0.0"],
        ["https", 9448, undefined, "0.0.0.0"],
      ],
    );
    assert.equal(config[1]?.tls?.kind, "pem");
  });

  it("adds the offset to ports and not to proxy ports", () => {
    const { config, errors, warnings } = read(
      `<Connector ${HTTP11} port="9763" proxyPort="80" proxyName="mgt.esb.wso2.com" address="10.0.0.1" maxThreads="250"/>
       <Connector ${HTTP11} port="9443" proxyPort="443" scheme="https" secure="true" SSLEnabled="true"/>`,
      1,
    );
    assert.deepEqual([...errors, ...warnings], []);
    assert.deepEqual(config[0], {
      scheme: "http",
      bindAddress: "10.0.0.1",
      port: 9764,
      proxyPort: 80,
      proxyName: "mgt.esb.wso2.com",
      tls: undefined,
    });
    assert.deepEqual([config[1]?.port, config[1]?.proxyPort], [9444, 443]);
  });

  it("never speaks plain HTTP on a port that is meant for https", () => {
    const { config, warnings } = read(`<Connector ${HTTP11} port="9443" proxyPort="443"/>`);
    assert.equal(config[0]?.scheme, "https");
    assert.match(warnings[0] ?? "", /says neither SSLEnabled="true" nor scheme="https"/);
    assert.equal(read(`<Connector port="9000" scheme="https"/>`).config[0]?.scheme, "https");
    assert.equal(read(`<Connector port="9443" SSLEnabled="false"/>`).config[0]?.scheme, "http");
  });

  it("reads PEM files from the connector and from SSLHostConfig", () => {
    const pem = {
      place: { file: "test.xml", line: 1 },
      kind: "pem",
      certificateFile: "/home/esb/a.crt",
      keyFile: "/home/esb/a.key",
    };
    const files = 'certificateFile="a.crt" certificateKeyFile="${carbon.home}/a.key"';
    assert.deepEqual(https(files).config[0]?.tls, pem);
    const nested = `<SSLHostConfig protocols="TLSv1.2"><Certificate ${files}/></SSLHostConfig>`;
    const { config, errors, warnings } = https("", nested);
    assert.deepEqual(config[0]?.tls, pem);
    assert.deepEqual([...errors, ...warnings], []);
  });

  it("reads PKCS#12 keystores and answers Java ones with the keytool line", () => {
    const p12 = https('keystoreFile="a.p12" keystorePass="secret"');
    assert.deepEqual(p12.config[0]?.tls, {
      place: { file: "test.xml", line: 1 },
      kind: "pkcs12",
      file: "/home/esb/a.p12",
      password: "secret",
    });
    const flat = https('keystoreFile="${carbon.home}/wso2carbon.jks" keystorePass="wso2carbon"');
    const nested = https(
      "",
      '<SSLHostConfig><Certificate certificateKeystoreFile="wso2carbon.jks" certificateKeystorePassword="wso2carbon" certificateKeystoreType="JKS" certificateKeyAlias="wso2carbon"/></SSLHostConfig>',
    );
    for (const { errors } of [flat, nested])
      assert.match(
        errors[0] ?? "",
        /`keytool -importkeystore -srckeystore \/home\/esb\/wso2carbon.jks -destkeystore \/home\/esb\/wso2carbon.p12 -deststoretype PKCS12`/,
      );
  });

  it("refuses client certificates rather than to leave them out silently", () => {
    assert.deepEqual(https('clientAuth="false"').errors, []);
    assert.match(
      https('clientAuth="want"').errors[0] ?? "",
      /client certificates \("want"\) are not/,
    );
    assert.match(
      https("", '<SSLHostConfig certificateVerification="required"/>').errors[0] ?? "",
      /client certificates/,
    );
  });

  it("needs a port, ignores AJP and warns of attributes that nobody knows", () => {
    assert.match(read(`<Connector ${HTTP11}/>`).errors[0] ?? "", /needs the attribute port/);
    const ajp = read('<Connector protocol="AJP/1.3" port="8009"/>');
    assert.deepEqual(ajp.config, []);
    assert.match(ajp.warnings[0] ?? "", /AJP connector is ignored/);
    assert.match(
      read('<Connector port="9763" proxyport="80"/>').warnings[0] ?? "",
      /unknown attribute "proxyport" of <Connector>/,
    );
  });
});
