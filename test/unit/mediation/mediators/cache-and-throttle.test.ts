import assert from "node:assert/strict";
import { test } from "node:test";
import { ResponseCache } from "../../../../src/mediation/mediators/response-cache.ts";
import { FakeClock } from "../../../helpers/fake-clock.ts";
import { responseOf } from "../../../helpers/stock-quote-backend.ts";
import { headerOf, MediationWorld, proxy, soap, TO_BACKEND } from "../mediation-world.ts";

const SEND = `<send>${TO_BACKEND}</send>`;

/** A proxy with a cache around its back end, which counts its answers. */
function cached(attributes: string, children = "", clock = new FakeClock()): MediationWorld {
  const finder = `<cache ${attributes}>${children}</cache>`;
  const out = '<outSequence><cache collector="true"/><send/></outSequence>';
  const world = new MediationWorld(proxy(finder + SEND, out), { clock });
  world.backend = () => responseOf(200, "text/xml", soap(`<n>${world.received.length}</n>`));
  return world;
}

const numberIn = (text: string): string => /<n>(\d+)<\/n>/.exec(text)?.[1] ?? "";

test("cache answers the same request from what the collector kept, until its time is over", async () => {
  const clock = new FakeClock();
  const world = cached(
    'id="c" scope="per-host" timeout="20"',
    '<implementation type="memory" maxSize="10"/>',
    clock,
  );
  assert.equal(numberIn((await world.ask()).text), "1");
  assert.equal(numberIn((await world.ask()).text), "1");
  assert.equal(numberIn((await world.ask({ body: soap("<other/>") })).text), "2");
  clock.advance(20_000);
  assert.equal(numberIn((await world.ask()).text), "3");
});

test("a response that is larger than maxMessageSize is not kept", async () => {
  const world = cached('maxMessageSize="10"');
  await world.ask();
  assert.equal(numberIn((await world.ask()).text), "2");
});

test("an answer for one user never goes to another", async () => {
  const world = cached("");
  const as = (user: string): Promise<{ readonly text: string }> =>
    world.ask({ headers: { "Content-Type": "text/xml", Authorization: user } });
  assert.equal(numberIn((await as("a")).text), "1");
  assert.equal(numberIn((await as("b")).text), "2");
  assert.equal(numberIn((await as("a")).text), "1");
});

test("onCacheHit gets the kept response, and nothing behind the cache runs", async () => {
  const world = cached(
    "",
    '<onCacheHit><log level="custom"><property name="HIT" expression="//n"/></log><respond/></onCacheHit>',
  );
  await world.ask();
  assert.equal(numberIn((await world.ask()).text), "1");
  assert.match(world.log.messages("info").join("\n"), /HIT = 1/);
  assert.equal(world.received.length, 1);
});

test("the newer form keeps by method and status, and tells the age", async () => {
  const clock = new FakeClock();
  const protocol =
    '<protocol type="HTTP"><methods>GET</methods><responseCodes>2[0-9][0-9]</responseCodes><includeAgeHeader>true</includeAgeHeader><enableCacheControl>true</enableCacheControl></protocol>';
  const world = cached('timeout="60" maxMessageSize="1000"', protocol, clock);
  await world.ask();
  await world.ask();
  assert.equal(world.received.length, 2);
  await world.ask({ method: "GET", headers: {} });
  clock.advance(7_000);
  const hit = await world.ask({ method: "GET", headers: {} });
  assert.equal(headerOf(hit.headers, "Age"), "7");
  await world.ask({ method: "GET", headers: { "Cache-Control": "no-cache" } });
  assert.equal(world.received.length, 4);
  world.backend = () => responseOf(500, "text/xml", soap("<n>9</n>"));
  await world.ask({ method: "GET", path: "/services/P/x", headers: {} });
  await world.ask({ method: "GET", path: "/services/P/x", headers: {} });
  assert.equal(world.received.length, 6);
});

test("a cache forgets what was not used for longest", () => {
  const cache = new ResponseCache(2);
  const entry = (text: string): Parameters<ResponseCache["set"]>[1] => ({
    payload: { kind: "json", text, value: text },
    size: text.length,
    headers: [],
    status: undefined,
    keptAtMs: 0,
    expiresAtMs: undefined,
  });
  cache.set("a", entry("a"));
  cache.set("b", entry("b"));
  cache.get("a", 0);
  cache.set("c", entry("c"));
  assert.deepEqual(
    ["a", "b", "c"].map((key) => cache.get(key, 0)?.size),
    [1, undefined, 1],
  );
});

const POLICY = (inside: string): string =>
  `<wsp:Policy xmlns:wsp="http://schemas.xmlsoap.org/ws/2004/09/policy" xmlns:throttle="http://www.wso2.org/products/wso2commons/throttle"><throttle:MediatorThrottleAssertion>${inside}</throttle:MediatorThrottleAssertion></wsp:Policy>`;
const RATE = (id: string, control: string): string =>
  `<wsp:Policy><throttle:ID throttle:type="IP">${id}</throttle:ID><wsp:Policy>${control}</wsp:Policy></wsp:Policy>`;
const CONTROL = (count: number, unitMs: number, prohibitMs = 0): string =>
  `<throttle:Control><wsp:Policy><throttle:MaximumCount>${count}</throttle:MaximumCount><throttle:UnitTime>${unitMs}</throttle:UnitTime><throttle:ProhibitTimePeriod wsp:Optional="true">${prohibitMs}</throttle:ProhibitTimePeriod></wsp:Policy></throttle:Control>`;
const MARK = (text: string): string =>
  `<payloadFactory><format><mark xmlns="">${text}</mark></format></payloadFactory><respond/>`;
const THROTTLE = (policy: string): string =>
  `<throttle id="t"><policy>${policy}</policy><onAccept>${MARK("yes")}</onAccept><onReject>${MARK("no")}</onReject></throttle>`;

test("throttle counts what a caller sends in a unit of time, and prohibits for a while beyond", async () => {
  const clock = new FakeClock();
  const world = new MediationWorld(
    proxy(THROTTLE(POLICY(RATE("other", CONTROL(2, 1_000, 3_000))))),
    { clock },
  );
  const verdict = async (): Promise<string> => /yes|no/.exec((await world.ask()).text)?.[0] ?? "";
  assert.deepEqual([await verdict(), await verdict(), await verdict()], ["yes", "yes", "no"]);
  clock.advance(1_500);
  assert.equal(await verdict(), "no");
  clock.advance(1_500);
  assert.equal(await verdict(), "yes");
});

test("throttle knows addresses, ranges, and callers that always or never pass", async () => {
  const verdict = async (rules: string): Promise<string> => {
    const world = new MediationWorld(proxy(THROTTLE(POLICY(rules))));
    return /yes|no/.exec((await world.ask()).text)?.[0] ?? "";
  };
  const others = RATE("other", "<throttle:Deny/>");
  assert.equal(await verdict(others), "no");
  assert.equal(await verdict(RATE("10.1.2.3", "<throttle:Allow/>") + others), "yes");
  assert.equal(await verdict(RATE("10.1.2.0-10.1.2.9", "<throttle:Allow/>") + others), "yes");
  assert.equal(await verdict(RATE("10.1.3.0-10.1.3.9", "<throttle:Allow/>") + others), "no");
});

test("throttle reads the older form of policies: All, ExactlyOne and IsAllow", async () => {
  const rule = (id: string, inside: string): string =>
    `<wsp:All><throttle:ID throttle:type="IP">${id}</throttle:ID><wsp:ExactlyOne>${inside}</wsp:ExactlyOne></wsp:All>`;
  const rate =
    "<wsp:All><throttle:MaximumCount>1</throttle:MaximumCount><throttle:UnitTime>800000</throttle:UnitTime></wsp:All><throttle:IsAllow>true</throttle:IsAllow>";
  const deny = rate.replace("true", "false");
  const verdicts = async (rules: string): Promise<readonly string[]> => {
    const world = new MediationWorld(proxy(THROTTLE(POLICY(rules))));
    const answers = [await world.ask(), await world.ask()];
    return answers.map(({ text }) => /yes|no/.exec(text)?.[0] ?? "");
  };
  assert.deepEqual(await verdicts(rule("other", rate)), ["yes", "no"]);
  assert.deepEqual(await verdicts(rule("other", rate) + rule("10.1.2.3", deny)), ["no", "no"]);
});

test("throttle holds a place until the response has passed, and gives it back at the end in any case", async () => {
  const limit = POLICY("<throttle:MaximumConcurrentAccess>1</throttle:MaximumConcurrentAccess>");
  const throttle = `<throttle id="t"><policy>${limit}</policy><onReject>${MARK("no")}</onReject></throttle>`;
  const world = new MediationWorld(proxy(throttle + SEND));
  const { promise: free, resolve } = Promise.withResolvers<void>();
  world.backend = async () => {
    await free;
    return responseOf(200, "text/xml", soap("<ok/>"));
  };
  const first = world.ask();
  const second = await world.ask();
  assert.match(second.text, /no/);
  resolve();
  assert.match((await first).text, /ok/);
  // The place is free when mediation is over, which is just behind the answer.
  await new Promise((end) => void setImmediate(end));
  assert.match((await world.ask()).text, /ok/);
});

test("an empty ProhibitTimePeriod prohibits nothing beyond the window", () => {
  const control =
    "<throttle:MaximumCount>1</throttle:MaximumCount><throttle:UnitTime>1000</throttle:UnitTime><throttle:ProhibitTimePeriod/>";
  const limit = POLICY(
    `<wsp:Policy><throttle:ID throttle:type="IP">other</throttle:ID><wsp:Policy><throttle:Control><wsp:Policy>${control}</wsp:Policy></throttle:Control></wsp:Policy></wsp:Policy>`,
  );
  assert.equal(new MediationWorld("").compile(proxy(THROTTLE(limit))).kind, "compiled");
});

test("a policy may be a local entry; one that is missing is a fault", async () => {
  const entry = `<localEntry key="p">${POLICY(RATE("other", "<throttle:Deny/>"))}</localEntry>`;
  const flow = (key: string): string =>
    `<throttle id="t"><policy key="${key}"/><onReject>${MARK("no")}</onReject></throttle><respond/>`;
  assert.match((await new MediationWorld(proxy(flow("p")) + entry).ask()).text, /no/);
  const world = new MediationWorld(proxy(flow("q")));
  await world.ask();
  assert.match(
    world.log.messages("warn").join("\n"),
    /Unable to find the throttling policy for key : q/,
  );
});

test("faulty caches and throttles are refused", () => {
  const problems = (mediators: string): string => {
    const result = new MediationWorld("").compile(proxy(mediators));
    return result.kind === "faulty" ? result.problems.map(({ message }) => message).join("\n") : "";
  };
  assert.match(problems("<throttle/>"), /'id' attribute is required/);
  assert.match(
    problems('<throttle id="t"><policy><a/></policy></throttle>'),
    /no ThrottleAssertion/,
  );
  assert.match(problems('<cache timeout="soon"/>'), /whole number/);
  assert.match(problems('<cache scope="moon"/>'), /Unknown scope moon/);
});
