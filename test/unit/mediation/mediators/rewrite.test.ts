import assert from "node:assert/strict";
import { test } from "node:test";
import { formatProblem } from "../../../../src/errors/config-error.ts";
import { MediationWorld, proxy } from "../mediation-world.ts";

/** What the rules make of an address. */
async function rewritten(address: string, rules: string): Promise<string> {
  const flow = `<property name="in" value="${address}"/><rewrite inProperty="in" outProperty="out">${rules}</rewrite><log level="custom"><property name="out" expression="$ctx:out"/></log>`;
  const world = new MediationWorld(proxy(flow));
  await world.ask();
  const line = world.log.messages().find((one) => one.startsWith("out = ")) ?? "";
  return line.slice("out = ".length);
}

function rule(actions: string, condition = ""): string {
  return `<rewriterule>${condition}${actions}</rewriterule>`;
}

test("the whole URL can only be set, whatever the action is called", async () => {
  for (const type of ["set", "append", "prepend", 'replace" regex="x']) {
    const action = `<action type="${type}" fragment="full" value="http://b:1/s"/>`;
    assert.equal(await rewritten("http://a/t", rule(action)), "http://b:1/s");
  }
});

test("an expression wins over a value, and one that finds nothing takes the part away", async () => {
  const both = '<action fragment="host" value="v" xpath="concat(\'a\', \'b\')"/>';
  assert.equal(await rewritten("http://a:1/t", rule(both)), "http://ab:1/t");
  const port = '<action fragment="port" xpath="get-property(\'none\')"/>';
  assert.equal(await rewritten("http://a:1/t", rule(port)), "http://a/t");
  const query = '<action fragment="query" xpath="get-property(\'none\')"/>';
  assert.equal(await rewritten("http://a/t?q=1", rule(query)), "http://a/t");
});

test("parameters that are appended to a query or put before it are joined by one &amp;", async () => {
  const query = (type: string, value: string): Promise<string> =>
    rewritten("http://a/t?q=1", rule(`<action type="${type}" fragment="query" value="${value}"/>`));
  assert.equal(await query("append", "r=2"), "http://a/t?q=1&r=2");
  assert.equal(await query("append", "&amp;r=2"), "http://a/t?q=1&r=2");
  assert.equal(await query("prepend", "r=2"), "http://a/t?r=2&q=1");
});

test("remove-query-param takes one parameter out of the query and nothing else", async () => {
  const action = '<action type="remove-query-param" fragment="query" value="q"/>';
  assert.equal(
    await rewritten("http://a/t?p=0&amp;q=1&amp;r=2", rule(action)),
    "http://a/t?p=0&r=2",
  );
  const wrong =
    '<rewrite><rewriterule><action type="remove-query-param" fragment="path" value="q"/></rewriterule></rewrite>';
  const result = new MediationWorld("").compile(proxy(wrong));
  assert.match(
    result.kind === "faulty" ? result.problems.map(formatProblem).join() : "",
    /only allowed for query fragment/,
  );
});

test("a condition without a type looks at a header, and equal does not look at the case", async () => {
  const action = '<action fragment="host" value="hit"/>';
  const condition =
    '<condition><equal source="SOAPAction" value="&quot;URN:GETQUOTE&quot;"/></condition>';
  assert.equal(await rewritten("http://a/t", rule(action, condition)), "http://hit/t");
  const host = '<condition><equal type="url" source="host" value="A"/></condition>';
  assert.equal(await rewritten("http://a/t", rule(action, host)), "http://hit/t");
});

test("the whole URL may be set where the parts so far make none", async () => {
  const actions =
    '<action fragment="path" value="relative"/><action fragment="full" value="http://b/s"/>';
  assert.equal(await rewritten("http://a/t", rule(actions)), "http://b/s");
});
