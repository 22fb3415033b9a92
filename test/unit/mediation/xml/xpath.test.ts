import assert from "node:assert/strict";
import { test } from "node:test";
import { MediationFault } from "../../../../src/mediation/mediation-fault.ts";
import { parseDocument, rootOf } from "../../../../src/mediation/xml/dom.ts";
import {
  compileLibraryXPath,
  compileXPath,
  touchesMessage,
  xpathBoolean,
  xpathText,
  type XPathScope,
  type XPathValue,
} from "../../../../src/mediation/xml/xpath.ts";

const NAMESPACES = new Map([
  ["m", "urn:m"],
  ["f", "http://www.w3.org/2005/xpath-functions"],
]);

const scope: XPathScope = {
  node: rootOf(parseDocument('<e xmlns:x="urn:m"><b><x:s>IBM</x:s><x:s>W2</x:s><n>3</n></b></e>')),
  variable: (prefix, name) => (prefix === "ctx" ? `ctx.${name}` : undefined),
  property: (args) => args.join("|"),
};

function value(source: string): XPathValue {
  return compileXPath(source, NAMESPACES).evaluate(scope);
}

test("paths use the namespaces in scope, relative to the root", () => {
  assert.equal(xpathText(value("b/m:s[2]")), "W2");
  assert.equal(xpathText(value("//m:s")), "IBMW2");
  assert.equal(value("count(//m:s)"), 2);
  assert.equal(xpathBoolean(value("//m:none")), false);
  assert.equal(xpathText(value("/e/b/n + 1")), "4");
});

test("fn: and prefixes of the function namespace stand before core functions", () => {
  assert.equal(value("fn:concat('fn:x(', f:substring('abc', 2))"), "fn:x(bc");
  assert.equal(xpathText(value("//m:s[fn:position()=2]")), "W2");
});

test("variables and get-property ask the message", () => {
  assert.equal(value("$ctx:uri.var.x"), "ctx.uri.var.x");
  assert.equal(value("get-property('axis2', 'p')"), "axis2|p");
  assert.throws(() => value("$nobody"), MediationFault);
});

test("extension functions encode, decode and split", () => {
  assert.equal(value("base64Encode('ä')"), "w6Q=");
  assert.equal(value("base64Decode('w6Q=')"), "ä");
  assert.equal(value("url-encode('a b&c/~')"), "a+b%26c%2F%7E");
  assert.equal(xpathText(value("tokenize('a_b_c','_')[last()]")), "c");
});

test("what is no XPath is refused when it is compiled", () => {
  for (const source of ["//a[", "", "a b", "x".repeat(10_001)])
    assert.throws(() => compileXPath(source, NAMESPACES), SyntaxError, source);
});

test("an unknown function or prefix is a fault of the message", () => {
  assert.throws(() => value("nope('a')"), MediationFault);
  assert.throws(() => value("//zz:a"), MediationFault);
});

test("expressions over properties, headers and constants do not touch the message", () => {
  for (const source of [
    "get-property('To')",
    "get-property('axis2', 'HTTP_METHOD')",
    "$ctx:a = 'x' and not($trp:X-B = \"y\")",
    "fn:concat('//a', $url:q, 1.5)",
  ])
    assert.equal(touchesMessage(source), false, source);
});

test("paths, body variables and names without a path touch the message", () => {
  for (const source of ["//a", "symbol", "$body/*", "string()", "get-property('FAULT')", "@a", "."])
    assert.equal(touchesMessage(source), true, source);
});

test("nodes come in document order, attributes behind their element", () => {
  const document = parseDocument('<r><a x="1"><b/></a><c y="2"/><d/></r>');
  const within = { node: rootOf(document), property: () => "", variable: () => undefined };
  const found = compileXPath("//d | //c | //@y | //b | //a | //@x", new Map()).evaluate(within);
  assert.ok(typeof found === "object");
  assert.deepEqual(
    found.map((node) => node.nodeName),
    ["a", "x", "b", "c", "y", "d"],
  );
});

test("a message of many elements is searched in no more than linear steps", () => {
  const document = parseDocument(`<r>${"<a/>".repeat(20_000)}<last/></r>`);
  const within = { node: rootOf(document), property: () => "", variable: () => undefined };
  const before = process.cpuUsage();
  const found = compileXPath("//*[local-name() = 'last']", new Map()).evaluate(within);
  const { user } = process.cpuUsage(before);
  assert.ok(typeof found === "object" && found.length === 1);
  // Quadratic order took minutes of the processor's time; the bound is far from both.
  assert.ok(user < 20_000_000, `${user} µs`);
});

test("an expression whose steps reach the same nodes in many ways takes no more than its nodes", () => {
  const root = rootOf(parseDocument(`<q>${"<i><j/></i>".repeat(500)}</q>`));
  const source =
    "count(//*/ancestor-or-self::*/descendant::*/ancestor::*/descendant::*/ancestor::*/descendant::*)";
  assert.equal(compileLibraryXPath(source, new Map()).evaluate({ ...scope, node: root }), 1_000);
});

test("a range of XPath 2.0 that a message could make long is refused when it is read", () => {
  const compile = (source: string) => compileXPath(source, new Map());
  for (const source of [
    "count(for $i in 1 to 100000000 return $i)",
    "count(for $i in 1 to 10000, $j in 1 to 10000 return $i)",
    "count(for $i in 1 to //n return $i)",
    "count(for $i in //n to count(//x) return $i)",
  ])
    assert.throws(() => compile(source), /range/, source);
  compile("string-join(for $i in 1 to 10 return //x[$i], ',')");
  compile("string-join(for $i in 1 to count(//x) return //x[$i], ',')");
});
