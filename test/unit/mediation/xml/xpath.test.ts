import assert from "node:assert/strict";
import { test } from "node:test";
import { MediationFault } from "../../../../src/mediation/mediation-fault.ts";
import { parseDocument, rootOf } from "../../../../src/mediation/xml/dom.ts";
import {
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
