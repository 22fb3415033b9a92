import assert from "node:assert/strict";
import { test } from "node:test";
import { isProxied, readDirectHosts } from "../../../src/net/outgoing-proxy.ts";
import { splitUrl } from "../../../src/net/url-parts.ts";

test("hosts that are named directly are not proxied, with * for any text", () => {
  const directHosts = readDirectHosts("localhost|127.*, *.Example.com a*b*c");
  const proxied = (authority: string): boolean =>
    isProxied({ host: "p", port: 80, directHosts }, authority);
  for (const authority of ["localhost:80", "127.0.0.1:9000", "X.example.COM:443", "aXbYc:1"])
    assert.equal(proxied(authority), false, authority);
  for (const authority of ["example.com:443", "localhost.net:80", "abX:1", "10.127.0.1:80"])
    assert.equal(proxied(authority), true, authority);
});

test("a URL is cut into what a request needs", () => {
  assert.deepEqual(splitUrl("https://u:p%3A@h.example/a b?c#d"), {
    origin: "https://h.example",
    path: "/a%20b?c",
    authority: "h.example:443",
    authorization: `Basic ${Buffer.from("u:p:").toString("base64")}`,
  });
  assert.throws(() => splitUrl("jms:/q"), /neither http: nor https:/);
});
