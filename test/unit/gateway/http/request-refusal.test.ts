/** Which requests are refused before any location sees them, and with what status. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { HeaderField } from "../../../../src/gateway/http/header-fields.ts";
import { hostNameOf } from "../../../../src/gateway/http/host-name.ts";
import { refusalOf } from "../../../../src/gateway/http/request-refusal.ts";
import { parseRequestTarget } from "../../../../src/gateway/http/request-target.ts";

const HOST: HeaderField = ["Host", "a.test"];

interface Case {
  readonly fields?: readonly HeaderField[];
  readonly method?: string;
  readonly target?: string;
  readonly version?: string;
  readonly status: number | undefined;
}

const CASES: Readonly<Record<string, Case>> = {
  "nothing wrong": { status: undefined },
  "HTTP/1.0 without Host": { version: "1.0", fields: [], status: undefined },
  "HTTP/1.1 without Host": { fields: [], status: 400 },
  "two Host fields": { fields: [HOST, ["host", "b.test"]], status: 400 },
  "the same Host twice": { fields: [HOST, HOST], status: 400 },
  "an empty Host": { fields: [["Host", ""]], status: 400 },
  "a Host with a path": { fields: [["Host", "a/b"]], status: 400 },
  "an invalid host in the target": { target: "http://a..b/", status: 400 },
  "credentials in the target": { target: "http://u@a.test/", status: 400 },
  "a malformed target": { target: "/../x", status: 400 },
};

for (const [what, { fields = [HOST], method = "GET", target = "/", ...rest }] of Object.entries(
  CASES,
)) {
  test(`answers ${what} with ${rest.status ?? "what the location says"}`, () => {
    const head = { method, target, version: rest.version ?? "1.1", fields, line: "" };
    assert.equal(refusalOf(head, parseRequestTarget(target)), rest.status);
  });
}

test("tells hosts from what could be read in two ways", () => {
  const good = ["a.test", "A.Test.", "a_b.test:80", "a.test:", "[::1]", "[::1]:80", "1.2.3.4", "-"];
  const bad = ["", ".", ".:80", "a b", "a/b", "a..b", "a:b", "a:80:80", "[::1", "a\t", "[x]"];
  assert.deepEqual(
    good.filter((host) => !hostNameOf(host).isValid),
    [],
  );
  assert.deepEqual(
    bad.filter((host) => hostNameOf(host).isValid),
    [],
  );
});
