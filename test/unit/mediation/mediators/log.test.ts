import assert from "node:assert/strict";
import { test } from "node:test";
import { MediationWorld, proxy, soap } from "../mediation-world.ts";

async function linesOf(mediators: string, ask = {}): Promise<readonly string[]> {
  const world = new MediationWorld(proxy(mediators));
  await world.ask(ask);
  return world.log.lines
    .filter((line) => line.component === "LogMediator")
    .map((line) => `${line.level} ${line.message}`);
}

test("the simple level prints the addressing fields that are present", async () => {
  assert.deepEqual(await linesOf("<log/>"), [
    "info To: /services/P, WSAction: urn:getQuote, SOAPAction: urn:getQuote, MessageID: urn:uuid:1, Direction: request",
  ]);
});

test("the full level ends with the envelope, properties before it", async () => {
  const body = soap("<q/>");
  assert.deepEqual(
    await linesOf('<log level="full"><property name="a" value="1"/></log>', { body }),
    [
      `info To: /services/P, WSAction: urn:getQuote, SOAPAction: urn:getQuote, MessageID: urn:uuid:1, Direction: request, a = 1, Envelope: ${soap("<q/>")}`,
    ],
  );
});

test("the full level prints a JSON payload as it came", async () => {
  const [line] = await linesOf('<log level="full"/>', {
    headers: { "Content-Type": "application/json" },
    body: '{ "a" : 1.50 }',
  });
  assert.match(line ?? "", /Direction: request, Payload: \{ "a" : 1\.50 \}$/);
});

test("the custom level prints properties only, with its category and separator", async () => {
  const properties =
    '<property name="a" value="1"/><property name="b" expression="$ctx:proxy.name"/>';
  assert.deepEqual(
    await linesOf(`<log level="custom" category="warn" separator=" | ">${properties}</log>`),
    ["warn a = 1 | b = P"],
  );
});

test("the headers level prints the SOAP header blocks", async () => {
  const body = soap("<q/>", '<a:one xmlns:a="u">1</a:one><a:two xmlns:a="u">2</a:two>');
  assert.deepEqual(await linesOf('<log level="headers"/>', { body }), ["info one : 1, two : 2"]);
});

test("text of a message cannot start a line of its own or carry control characters", async () => {
  const [line] = await linesOf(
    '<log level="custom"><property name="s" expression="//symbol"/></log>',
    { body: soap("<symbol>x\n[2026] INFO - forged&#x85;</symbol>") },
  );
  assert.equal(line, "info s = x\n  [2026] INFO - forged\\u0085");
});

test("an unknown category is refused with the list of categories", () => {
  const world = new MediationWorld("");
  const result = world.compile(proxy('<log category="LOUD"/>'));
  assert.equal(result.kind, "faulty");
  assert.match(
    result.problems[0]?.message ?? "",
    /^Invalid log category\. Category has to be one of the following : INFO, DEBUG/,
  );
});

test("an element without text of its own is logged as XML, any other as its text", async () => {
  const expressions = '<property name="o" expression="//o"/><property name="i" expression="//i"/>';
  const world = new MediationWorld(proxy(`<log level="custom">${expressions}</log>`));
  await world.ask({ body: soap("<o> <i>5</i></o>") });
  assert.deepEqual(world.log.messages("info"), ["o = <o> <i>5</i></o>, i = 5"]);
});
