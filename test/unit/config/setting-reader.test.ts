/** Values of configuration files: what is accepted, and what the error says. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { reading } from "./reading.ts";

const place = { file: "carbon.xml", line: 7 };
const setting = (text: string) => ({ text, place });

describe("SettingReader", () => {
  it("reads ports and adds the offset, but leaves 0 alone", () => {
    const { reader, errors } = reading();
    assert.equal(reader.port(setting("8280"), 0), 8280);
    assert.equal(reader.port(setting("8280"), 10), 8290);
    assert.equal(reader.port(setting("0"), 10), 0);
    assert.deepEqual(errors(), []);
  });

  it("says what a port is when a value is none", () => {
    const { reader, errors } = reading();
    for (const text of ["abc", "65536", "-1", "80.5", "0x50", "1e3"])
      assert.equal(reader.port(setting(text), 0), undefined);
    assert.equal(errors()[0], '7: "abc" is not a port number: expected 0 to 65535');
    assert.equal(errors().length, 6);
  });

  it("refuses a port that the offset moves out of range", () => {
    const { reader, errors } = reading();
    assert.equal(reader.port(setting("65000"), 1000), undefined);
    assert.match(errors()[0] ?? "", /"65000" with the port offset 1000 is not a port number/);
  });

  it("reads true and false in any case and nothing else", () => {
    const { reader, errors } = reading();
    assert.equal(reader.boolean(setting("TRUE")), true);
    assert.equal(reader.boolean(setting("false")), false);
    assert.equal(reader.boolean(setting("yes")), undefined);
    assert.deepEqual(errors(), ['7: "yes" is neither "true" nor "false"']);
  });

  it("accepts host names and addresses, and no URLs, ports or option-like words", () => {
    const { reader, errors } = reading();
    for (const host of ["esb.wso2.com", "10.0.0.1", "::1", "localhost", "node_1"])
      assert.equal(reader.host(setting(host)), host);
    for (const host of ["http://x", "x:80", "-x", "a b", "x/y", ".."])
      assert.equal(reader.host(setting(host)), undefined, host);
    assert.equal(errors().length, 6);
  });

  it("starts relative paths at the home folder", () => {
    const { reader } = reading();
    assert.equal(reader.path(setting("conf/tls/a.crt")), "/home/esb/conf/tls/a.crt");
    assert.equal(reader.path(setting("/etc/ssl/a.crt")), "/etc/ssl/a.crt");
  });

  it("takes a secret as it stands or from the environment", () => {
    const { reader, errors } = reading({}, { GIT_PASSWORD: "s3cret" });
    assert.equal(reader.secret(setting("plain")), "plain");
    assert.equal(reader.secret(setting("env:GIT_PASSWORD")), "s3cret");
    assert.equal(reader.secret(setting("env:OTHER")), undefined);
    assert.deepEqual(errors(), ["7: the environment variable OTHER is not set"]);
  });

  it("reports an unknown placeholder with the ways to define it", () => {
    const { reader, errors } = reading();
    assert.equal(reader.setting("${esb.host}", place), undefined);
    assert.deepEqual(errors(), [
      "7: ${esb.host} is not known: give -Desb.host=VALUE or set the environment variable esb.host",
    ]);
  });
});
