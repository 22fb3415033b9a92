import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { publicOrigin } from "../../../src/manager/public-address.ts";

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
