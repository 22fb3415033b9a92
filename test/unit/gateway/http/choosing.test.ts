/** Targets, server names and locations: which block answers. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type LocationEntry, LocationTable } from "../../../../src/gateway/http/locations.ts";
import { escapePath, parseRequestTarget } from "../../../../src/gateway/http/request-target.ts";
import { ServerNameTable } from "../../../../src/gateway/http/server-names.ts";

const TARGETS: Readonly<Record<string, readonly [path: string, query: string] | undefined>> = {
  "/": ["/", ""],
  "/a?b=c?d": ["/a", "b=c?d"],
  "/a%20b%2Fc": ["/a b/c", ""],
  "//a///b/": ["/a/b/", ""],
  "/a/./b/../c": ["/a/c", ""],
  "/a/..": ["/", ""],
  "/a/b/.": ["/a/b/", ""],
  "/%2e%2e/a": undefined,
  "/..": undefined,
  "/a%": undefined,
  "/a%zz": undefined,
  "/a%00": undefined,
  a: undefined,
  "*": undefined,
  "/a#b": ["/a", ""],
  "http://h:8/a?b": ["/a", "b"],
  "http://h": ["/", ""],
};

for (const [text, expected] of Object.entries(TARGETS)) {
  test(`reads the target ${text}`, () => {
    const target = parseRequestTarget(text);
    assert.deepEqual(target && [target.path, target.query], expected);
  });
}

test("takes the host of an absolute target", () => {
  assert.equal(parseRequestTarget("http://h:8/")?.host, "h:8");
  assert.equal(parseRequestTarget("http://user@h:8/"), undefined);
});

test("escapes what must not stand in a request line", () => {
  assert.equal(escapePath('/a b?c%"\r\n\xe9'), "/a%20b%3Fc%25%22%0D%0A%E9");
});

test("prefers exact names, then the longest wildcard in front, then behind, then expressions", () => {
  const table = new ServerNameTable<string>();
  table.add({ kind: "regex", text: "~^www", regex: /^www/i }, "regex");
  table.add({ kind: "trailing", text: "www.*", prefix: "www." }, "trailing");
  table.add({ kind: "leading", text: "*.test", suffix: ".test" }, "leading");
  table.add({ kind: "leading", text: "*.esb.test", suffix: ".esb.test" }, "longer");
  table.add({ kind: "exact", text: "mgt.esb.test" }, "exact");
  const cases = {
    "mgt.esb.test": "exact",
    "a.b.esb.test": "longer",
    "www.test": "leading",
    "www.org": "trailing",
    "www2.org": "regex",
    test: undefined,
    "": undefined,
  };
  for (const [host, server] of Object.entries(cases)) {
    assert.equal(table.find(host)?.server, server, host);
  }
});

test("the first server keeps a name", () => {
  const table = new ServerNameTable<string>();
  assert.equal(table.add({ kind: "exact", text: "a" }, "first"), true);
  assert.equal(table.add({ kind: "exact", text: "a" }, "second"), false);
  assert.equal(table.find("a")?.server, "first");
});

function entry(text: string, inner: readonly LocationEntry<string>[] = []): LocationEntry<string> {
  const [modifier = "", path = ""] = text.includes(" ") ? text.split(" ") : ["", text];
  const kinds = { "": "prefix", "=": "exact", "^~": "prefix-only" } as const;
  const matcher =
    modifier === "~"
      ? ({ kind: "regex", path, regex: new RegExp(path) } as const)
      : { kind: kinds[modifier as keyof typeof kinds], path };
  return { matcher, location: text, inner: new LocationTable(inner), redirectsToSlash: true };
}

const LOCATIONS = new LocationTable([
  entry("/"),
  entry("= /exact"),
  entry("/services/"),
  entry("/services/deep", [entry("~ \\.wsdl$"), entry("/services/deep/er")]),
  entry("^~ /static/"),
  entry("~ \\.php$"),
  entry("~ ^/(services)/x"),
]);

const FOUND: Readonly<Record<string, string>> = {
  "/other": "/",
  "/exact": "= /exact",
  "/exactly": "/",
  "/services/P": "/services/",
  "/services/deep": "/services/deep",
  "/services/deep/er/x": "/services/deep/er",
  "/services/deep/a.wsdl": "~ \\.wsdl$",
  "/static/a.php": "^~ /static/",
  "/services/a.php": "~ \\.php$",
  "/services/x": "~ ^/(services)/x",
};

for (const [uri, location] of Object.entries(FOUND)) {
  test(`chooses "${location}" for ${uri}`, () => {
    const match = LOCATIONS.find(uri);
    assert.equal(match.kind === "location" ? match.location : match.kind, location);
  });
}

test("hands over the groups of the expression that matched", () => {
  const match = LOCATIONS.find("/services/x");
  assert.equal(match.kind === "location" ? match.captures?.[1] : undefined, "services");
});

test("sends a path without its last slash to the location with it", () => {
  assert.deepEqual(LOCATIONS.find("/services"), { kind: "redirect", path: "/services/" });
});

test("finds nothing where no location fits", () => {
  assert.deepEqual(new LocationTable([entry("/a")]).find("/b"), { kind: "none" });
});
