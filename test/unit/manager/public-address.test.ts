import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isOwnOrigin, publicOrigin } from "../../../src/manager/public-address.ts";

const CONNECTOR = {
  scheme: "https",
  bindAddress: "0.0.0.0",
  port: 9443,
  proxyPort: undefined,
  proxyName: undefined,
  tls: undefined,
} as const;
const CONFIG = { mgtHostName: "mgt.esb.wso2.com" } as const;

describe("the address that users see", () => {
  const cases = [
    ["the one they came by", {}, "10.0.0.2:9763", "https://10.0.0.2:9443"],
    ["IPv6 as well", {}, "[::1]:9763", "https://[::1]:9443"],
    ["the management host without a Host header", {}, undefined, "https://mgt.esb.wso2.com:9443"],
    ["never what is no host", {}, "evil.com/a", "https://mgt.esb.wso2.com:9443"],
    ["the gateway's port", { proxyPort: 8443 }, "10.0.0.2:9443", "https://mgt.esb.wso2.com:8443"],
    ["without the default port", { proxyPort: 443 }, undefined, "https://mgt.esb.wso2.com"],
    ["the proxy's name", { proxyPort: 443, proxyName: "lb" }, "10.0.0.2", "https://lb"],
  ] as const;
  for (const [name, connector, host, origin] of cases)
    it(`is ${name}`, () => {
      assert.equal(publicOrigin({ ...CONNECTOR, ...connector }, CONFIG, host), origin);
    });
});

describe("the origin of the manager's own pages", () => {
  const behind = { ...CONNECTOR, proxyPort: 443 } as const;
  const cases = [
    [
      "the address that the request came by",
      CONNECTOR,
      "https://10.0.0.2:9443",
      "10.0.0.2:9443",
      true,
    ],
    [
      "the same with the default port",
      CONNECTOR,
      "https://mgt.esb.wso2.com",
      "mgt.esb.wso2.com:443",
      true,
    ],
    ["what the gateway shows", behind, "https://mgt.esb.wso2.com", "10.0.0.2:9443", true],
    [
      "not what it would show without a gateway",
      CONNECTOR,
      "https://mgt.esb.wso2.com",
      "10.0.0.2",
      false,
    ],
    ["not another port", CONNECTOR, "https://10.0.0.2:8443", "10.0.0.2:9443", false],
    ["not another scheme", CONNECTOR, "http://10.0.0.2:9443", "10.0.0.2:9443", false],
    ["not an opaque one", CONNECTOR, "null", "null", false],
    ["not one without a Host", CONNECTOR, "https://evil.example", undefined, false],
    ["not a longer name", CONNECTOR, "https://10.0.0.2.evil.example", "10.0.0.2", false],
  ] as const;
  for (const [name, connector, origin, host, isOwn] of cases)
    it(`is ${name}`, () => {
      assert.equal(isOwnOrigin(origin, { ...CONFIG, connectors: [connector] }, host), isOwn);
    });
});
