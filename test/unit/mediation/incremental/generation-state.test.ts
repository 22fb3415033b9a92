/** An artifact that has not changed runs in several generations: what it keeps of others belongs to one, the rest to the node. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { formatProblem } from "../../../../src/errors/config-error.ts";
import { EngineCompiler } from "../../../../src/mediation/engine-compiler.ts";
import type {
  Engine,
  EndpointRequest,
  EndpointResponse,
} from "../../../../src/mediation/engine.ts";
import { FakeClock } from "../../../helpers/fake-clock.ts";
import { MemoryLog } from "../../../helpers/memory-log.ts";
import { responseOf } from "../../../helpers/stock-quote-backend.ts";
import { requestOf, soap, SYNAPSE, textOf } from "../mediation-world.ts";

const PROXY = "synapse-configs/default/proxy-services/p.xml";

class Generations {
  calls: string[] = [];
  remote = "<said>first</said>";
  readonly #compiler: EngineCompiler;
  readonly #texts = new Map<string, string>();

  constructor() {
    this.#compiler = new EngineCompiler({
      log: new MemoryLog(),
      systemProperties: {},
      clock: new FakeClock(),
      callEndpoint: (request) => Promise.resolve(this.#call(request)),
    });
  }

  /** The next generation, with these files changed. */
  next(changes: Readonly<Record<string, string>>): Engine {
    for (const [path, text] of Object.entries(changes)) this.#texts.set(path, text);
    const files = Array.from(this.#texts, ([path, text]) => ({ path, content: Buffer.from(text) }));
    const result = this.#compiler.compile(files);
    if (result.kind === "faulty") assert.fail(result.problems.map(formatProblem).join("\n"));
    return result.engine;
  }

  #call({ url }: EndpointRequest): EndpointResponse {
    this.calls.push(url);
    if (url.startsWith("http://remote/")) return responseOf(200, "text/xml", this.remote);
    return responseOf(200, "text/xml", soap(`<call>${this.calls.length}</call>`));
  }
}

const proxy = (inFlow: string, more = ""): Readonly<Record<string, string>> => ({
  [PROXY]: `<proxy xmlns="${SYNAPSE}" name="P"><target><inSequence>${inFlow}</inSequence><outSequence><send/></outSequence></target>${more}</proxy>`,
});
const entry = (key: string, content: string): Readonly<Record<string, string>> => ({
  [`synapse-configs/default/local-entries/${key}.xml`]: `<localEntry xmlns="${SYNAPSE}" key="${key}">${content}</localEntry>`,
});
const TO_BACKEND = '<send><endpoint><address uri="http://backend/"/></endpoint></send>';

async function answer(engine: Engine, ask: Parameters<typeof requestOf>[0] = {}): Promise<string> {
  return textOf((await engine.handle(requestOf(ask))).body);
}

test("a cache survives a deployment of something else, and ends with its own text", async () => {
  const world = new Generations();
  const cache = (attributes: string): string =>
    `<proxy xmlns="${SYNAPSE}" name="P"><target><inSequence><cache ${attributes}/>${TO_BACKEND}</inSequence><outSequence><cache collector="true"/><send/></outSequence></target></proxy>`;
  const size = (entries: number): string => `<implementation type="memory" maxSize="${entries}"/>`;
  const kinds = ['scope="per-mediator"', 'id="c" scope="per-host"'];
  for (const kind of kinds) {
    world.calls = [];
    const withSize = (entries: number): string =>
      cache(`${kind} timeout="100"`).replace("/>", `>${size(entries)}</cache>`);
    const first = world.next({ [PROXY]: withSize(10) });
    assert.match(await answer(first), /<call>1</);
    const second = world.next(entry("any", kind));
    assert.match(await answer(second), /<call>1</);
    const third = world.next({ [PROXY]: withSize(20) });
    assert.match(await answer(third), /<call>2</);
    assert.match(await answer(third), /<call>2</);
    assert.match(await answer(first), /<call>1</);
  }
});

test("a throttle goes on counting after a deployment, until its policy says something else", async () => {
  const policy = (count: number): string =>
    `<wsp:Policy xmlns:wsp="http://schemas.xmlsoap.org/ws/2004/09/policy" xmlns:t="http://www.wso2.org/products/wso2commons/throttle"><t:ThrottleAssertion><wsp:Policy><t:ID t:type="IP">other</t:ID><wsp:Policy><t:Control><wsp:Policy><t:MaximumCount>${count}</t:MaximumCount><t:UnitTime>60000</t:UnitTime></wsp:Policy></t:Control></wsp:Policy></wsp:Policy></t:ThrottleAssertion></wsp:Policy>`;
  const flow = (inside: string): string =>
    `<throttle id="t">${inside}<onAccept/><onReject><drop/></onReject></throttle>${TO_BACKEND}`;
  const cases = [
    (count: number) => proxy(flow(`<policy>${policy(count)}</policy>`)),
    (count: number) => ({
      ...proxy(flow('<policy key="limit"/>')),
      ...entry("limit", policy(count)),
    }),
  ];
  for (const files of cases) {
    const world = new Generations();
    const callsAfter = async (engine: Engine): Promise<number> => {
      await answer(engine);
      return world.calls.length;
    };
    const first = world.next(files(2));
    assert.equal(await callsAfter(first), 1);
    const second = world.next(entry("any", "x"));
    assert.equal(await callsAfter(second), 2);
    assert.equal(await callsAfter(second), 2);
    const third = world.next(files(1));
    assert.equal(await callsAfter(third), 3);
    assert.equal(await callsAfter(third), 3);
  }
});

test("what was written to the registry lasts until its path is deployed anew", async () => {
  const world = new Generations();
  const path = "registry/config/word.txt";
  const flow =
    '<filter source="get-property(\'To\')" regex=".*set"><then><property name="conf:/word.txt" value="written" scope="registry"/></then></filter><payloadFactory media-type="xml"><format><said xmlns="">$1</said></format><args><arg expression="get-property(\'registry\', \'conf:/word.txt\')"/></args></payloadFactory><respond/>';
  const first = world.next({ ...proxy(flow), [path]: "deployed" });
  assert.match(await answer(first), />deployed</);
  assert.match(await answer(first, { path: "/services/P/set" }), />written</);
  const second = world.next(entry("any", "x"));
  assert.match(await answer(second), />written</);
  assert.match(await answer(world.next({ [path]: "again" })), />again</);
});

const stylesheet = (word: string): string =>
  `<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"><xsl:template match="/"><said>${word}</said></xsl:template></xsl:stylesheet>`;

test("xslt, validate and script read anew what they refer to by key", async () => {
  const schema = (type: string): string =>
    `{"type":"object","properties":{"a":{"type":"${type}"}}}`;
  const cases: readonly (readonly [
    flow: string,
    one: string,
    two: string,
    asked: object,
    RegExp,
    RegExp,
  ])[] = [
    ['<xslt key="k"/><respond/>', stylesheet("one"), stylesheet("two"), {}, />one</, />two</],
    [
      '<validate><schema key="k"/><on-fail><payloadFactory media-type="xml"><format><bad xmlns=""/></format><args/></payloadFactory></on-fail></validate><respond/>',
      schema("string"),
      schema("number"),
      { headers: { "Content-Type": "application/json" }, body: '{"a":"x"}' },
      /"a":"x"/,
      /bad/,
    ],
    [
      '<script language="js" key="k" function="f"/><respond/>',
      "function f(mc) { mc.setPayloadXML(<one/>); }",
      "function f(mc) { mc.setPayloadXML(<two/>); }",
      {},
      /<one/,
      /<two/,
    ],
  ];
  for (const [flow, one, two, asked, before, after] of cases) {
    const world = new Generations();
    const wrapped = (text: string): string => (text.startsWith("<") ? text : `<![CDATA[${text}]]>`);
    const first = world.next({ ...proxy(flow), ...entry("k", wrapped(one)) });
    assert.match(await answer(first, asked), before);
    const second = world.next(entry("k", wrapped(two)));
    assert.match(await answer(second, asked), after);
    assert.match(await answer(first, asked), before);
  }
});

test("a group that aggregate collects in one generation takes no message of the next", async () => {
  const world = new Generations();
  const first = world.next(
    proxy(
      `<aggregate><correlateOn expression="//symbol"/><completeCondition><messageCount min="2" max="2"/></completeCondition><onComplete expression="//symbol">${TO_BACKEND}</onComplete></aggregate>`,
    ),
  );
  const second = world.next(entry("any", "x"));
  const calls: number[] = [];
  for (const engine of [first, second, first, second]) {
    await answer(engine);
    calls.push(world.calls.length);
  }
  assert.deepEqual(calls, [0, 0, 1, 2]);
});

test("what lies on a web server is fetched once a generation: local entries and WSDLs", async () => {
  const world = new Generations();
  const format =
    '<payloadFactory media-type="xml"><format key="far"/><args/></payloadFactory><respond/>';
  const far = {
    "synapse-configs/default/local-entries/far.xml": `<localEntry xmlns="${SYNAPSE}" key="far" src="http://remote/entry"/>`,
  };
  const first = world.next({
    ...proxy(
      format,
      '<publishWSDL uri="http://remote/wsdl"/><parameter name="disableOperationValidation">true</parameter>',
    ),
    ...far,
  });
  const wsdl = { method: "GET", path: "/services/P?wsdl" };
  assert.match(await answer(first), /first/);
  assert.match(await answer(first, wsdl), /first/);
  world.remote = "<said>second</said>";
  const second = world.next(entry("any", "x"));
  assert.match(await answer(second), /second/);
  assert.match(await answer(second, wsdl), /second/);
  assert.match(await answer(first), /first/);
  assert.match(await answer(first, wsdl), /first/);
});

test("operations are checked by the WSDL that the generation has under the key", async () => {
  const world = new Generations();
  const wsdl = (operation: string): string =>
    `<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" targetNamespace="urn:t"><portType name="T"><operation name="${operation}"/></portType></definitions>`;
  const first = world.next({
    ...proxy("<respond/>", '<publishWSDL key="w"/>'),
    ...entry("w", wsdl("q")),
  });
  const status = async (engine: Engine): Promise<number> =>
    (await engine.handle(requestOf({}))).status;
  const before = await status(first);
  const second = world.next(entry("w", wsdl("other")));
  assert.notEqual(await status(second), before);
  assert.equal(await status(first), before);
});

test("an endpoint of an unchanged template instance follows the template", async () => {
  const world = new Generations();
  const template = (uri: string): Readonly<Record<string, string>> => ({
    "synapse-configs/default/templates/t.xml": `<template xmlns="${SYNAPSE}" name="t"><endpoint><address uri="${uri}"/></endpoint></template>`,
  });
  const first = world.next({
    ...proxy('<send><endpoint template="t"/></send>'),
    ...template("http://one/"),
  });
  await answer(first);
  const second = world.next(template("http://two/"));
  await answer(second);
  await answer(first);
  assert.deepEqual(world.calls, ["http://one/", "http://two/", "http://one/"]);
});

test("no mediator remembers anything by itself: what it keeps between messages is PerGeneration or in the FlowMemory", () => {
  const files = globSync("src/mediation/**/*.ts");
  const mediators = files.filter((file) =>
    /implements Mediator\b/.test(readFileSync(file, "utf8")),
  );
  assert.ok(mediators.length > 30, `${mediators.length} files`);
  // A field that is set again, or a table of the mediator's own.
  const memory = /^ {2}#\w+(?:\??:|\s*=).*;$|^ {2}readonly #?\w+.* = new (?:Map|Set)\b.*$/gm;
  const offences = mediators.flatMap((file) => {
    const text = readFileSync(file, "utf8");
    const bodies = text.matchAll(/class \w+ implements Mediator\b[^]*?\n}\n/g);
    return [...bodies].flatMap(([body]) =>
      [...body.matchAll(memory)].map(([line]) => `${file}: ${line.trim()}`),
    );
  });
  assert.deepEqual(offences, []);
});
