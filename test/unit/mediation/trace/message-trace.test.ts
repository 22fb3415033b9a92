import assert from "node:assert/strict";
import { test } from "node:test";
import { formatProblem } from "../../../../src/errors/config-error.ts";
import { compileEngine } from "../../../../src/mediation/compile-engine.ts";
import type { Engine } from "../../../../src/mediation/engine.ts";
import { type MessageTrace, STEPS_MAX } from "../../../../src/mediation/trace/message-trace.ts";
import { TRACE_HEADER, TraceRing } from "../../../../src/mediation/trace/trace-ring.ts";
import { FakeClock } from "../../../helpers/fake-clock.ts";
import { MemoryLog } from "../../../helpers/memory-log.ts";
import { responseOf } from "../../../helpers/stock-quote-backend.ts";
import { type Ask, requestOf, soap, SYNAPSE, textOf, TO_BACKEND } from "../mediation-world.ts";

const PAYLOAD = "<payloadFactory><format><made/></format><args/></payloadFactory>";

class TracedWorld {
  readonly clock = new FakeClock();
  readonly ring = new TraceRing(this.clock);
  readonly sent: string[] = [];
  readonly #engine: Engine;

  constructor(definitions: string) {
    const text = `<definitions xmlns="${SYNAPSE}">${definitions}</definitions>`;
    const file = { path: "synapse-configs/default/synapse.xml", content: Buffer.from(text) };
    const result = compileEngine([file], {
      log: new MemoryLog(),
      systemProperties: {},
      clock: this.clock,
      traces: this.ring,
      callEndpoint: async ({ headers }) => {
        this.sent.push(headers.map(([name]) => name).join());
        return responseOf(200, "text/xml", soap("<back/>"));
      },
    });
    if (result.kind === "faulty") assert.fail(result.problems.map(formatProblem).join("\n"));
    this.#engine = result.engine;
  }

  async ask(ask: Ask = {}): Promise<string> {
    return textOf((await this.#engine.handle(requestOf(ask))).body);
  }

  /** The only trace that there is. */
  get trace(): MessageTrace {
    const [trace, ...others] = this.ring.traces;
    assert.ok(trace && others.length === 0, `${others.length + 1} traces`);
    return trace;
  }
}

function service(inSequence: string, attributes = "", rest = ""): string {
  return `<proxy name="P" ${attributes}><target><inSequence>${inSequence}</inSequence>${rest}</target></proxy>`;
}

test("a proxy service with trace=enable has every mediator's changes, bodies and result kept", async () => {
  const world = new TracedWorld(
    service(
      `<property name="a" value="1"/>${PAYLOAD}<header name="X-New" scope="transport" value="v"/><respond/>`,
      'trace="enable"',
    ),
  );
  const body = soap("<q><symbol>IBM</symbol></q>");
  const headers = { "Content-Type": "text/xml", "Content-Length": String(body.length) };
  await world.ask({ headers, body });
  const { head, steps } = world.trace;
  assert.equal(head.service, "P");
  assert.equal(head.askedBy, "proxy P");
  assert.deepEqual(
    steps.map(({ mediator, result }) => `${mediator} ${result}`),
    ["property continued", "payloadFactory continued", "header continued", "respond stopped"],
  );
  const [property, payload, header] = steps;
  assert.deepEqual(property?.changes, [
    { scope: "default", name: "a", before: undefined, after: "1" },
  ]);
  assert.equal(property?.bodyAfter, undefined);
  assert.match(payload?.bodyBefore ?? "", /<symbol>IBM</);
  assert.match(payload?.bodyAfter ?? "", /<made/);
  assert.deepEqual(
    header?.changes.map(({ scope, name }) => `${scope} ${name}`),
    ["transport X-New"],
  );
});

test("a nested mediator is one deeper, and the response is traced too", async () => {
  const world = new TracedWorld(
    service(
      `<filter xpath="true()"><then><property name="b" value="2"/></then></filter><send>${TO_BACKEND}</send>`,
      'trace="enable"',
      "<outSequence><log/><send/></outSequence>",
    ),
  );
  await world.ask();
  const shown = world.trace.steps.map(
    ({ mediator, depth, direction }) => `${direction} ${depth} ${mediator}`,
  );
  const at = shown.findIndex((line) => line.endsWith(" filter"));
  assert.equal(shown[at], "request 0 filter");
  assert.equal(shown[at + 1], "request 1 property");
  assert.ok(
    shown.some((line) => line.startsWith("response") && line.endsWith("log")),
    shown.join(),
  );
});

test("a fault is kept with its code and sentence", async () => {
  const world = new TracedWorld(service('<sequence key="nowhere"/>', 'trace="enable"'));
  await world.ask();
  const step = world.trace.steps.find(({ result }) => result === "fault");
  assert.equal(step?.mediator, "sequence");
  assert.match(step?.fault?.message ?? "", /Sequence named nowhere cannot be found/);
});

test("a sequence with trace=enable starts the trace where it is reached", async () => {
  const world = new TracedWorld(
    `${service('<log/><sequence key="S"/><respond/>')}<sequence name="S" trace="enable"><property name="c" value="3"/></sequence>`,
  );
  await world.ask();
  assert.equal(world.trace.head.askedBy, "sequence S");
  assert.deepEqual(
    world.trace.steps.map(({ mediator }) => mediator),
    ["property", "respond"],
  );
});

test("flows of a traced service that stand elsewhere are traced from their start", async () => {
  const world = new TracedWorld(
    `<proxy name="P" trace="enable"><target inSequence="S"/></proxy><sequence name="S"><log/><respond/></sequence>`,
  );
  await world.ask();
  assert.deepEqual(
    world.trace.steps.map(({ mediator }) => mediator),
    ["sequence", "log", "respond"],
  );
});

test("without trace=enable and without a token nothing is kept", async () => {
  const world = new TracedWorld(service("<log/><respond/>", 'trace="disable"'));
  await world.ask();
  await world.ask({ headers: { "Content-Type": "text/xml", [TRACE_HEADER]: "guess" } });
  assert.deepEqual(world.ring.traces, []);
});

test("a live token traces a request and does not reach the endpoint; an old one does nothing", async () => {
  const world = new TracedWorld(service(`<log/><send>${TO_BACKEND}</send>`));
  const { token, expiresInMs } = world.ring.issueToken();
  const headers = { "Content-Type": "text/xml", SOAPAction: "urn:q", [TRACE_HEADER]: token };
  await world.ask({ headers: { ...headers, [TRACE_HEADER]: `${token}x` } });
  assert.equal(world.ring.traces.length, 0);
  await world.ask({ headers });
  assert.equal(world.trace.head.askedBy, "header");
  assert.doesNotMatch(world.sent.at(-1) ?? "", /trace/i);
  world.clock.advance(expiresInMs + 1);
  await world.ask({ headers });
  assert.equal(world.ring.traces.length, 1);
});

test("what looks like a secret is not kept", async () => {
  const world = new TracedWorld(
    service(
      '<property name="dbPassword" value="hunter2"/><header name="Authorization" scope="transport" value="Basic hunter2"/><log/><respond/>',
      'trace="enable"',
    ),
  );
  await world.ask();
  const text = JSON.stringify(world.trace.steps);
  assert.doesNotMatch(text, /hunter2/);
  assert.match(text, /\(hidden\)/);
});

test("a trace is bounded in steps, and the ring in traces", async () => {
  const world = new TracedWorld(
    service(`${"<log/>".repeat(STEPS_MAX + 5)}<respond/>`, 'trace="enable"'),
  );
  await world.ask();
  assert.equal(world.trace.steps.length, STEPS_MAX);
  assert.equal(world.trace.dropped, 6);
  for (let count = 0; count < 120; count += 1) await world.ask();
  assert.equal(world.ring.traces.length, 100);
  const [newest, next] = world.ring.traces;
  assert.ok(newest && next && newest.head.atMs >= next.head.atMs);
});

test("long bodies are cut, and a body of unknown length still passes through unread", async () => {
  const world = new TracedWorld(service(`<send>${TO_BACKEND}</send>`, 'trace="enable"'));
  await world.ask({ body: soap(`<long>${"x".repeat(100_000)}</long>`) });
  assert.match(world.trace.steps[0]?.bodyBefore ?? "", /passes through/);
  const built = new TracedWorld(
    service(`<log level="full"/>${PAYLOAD}<respond/>`, 'trace="enable"'),
  );
  await built.ask({ body: soap(`<long>${"x".repeat(100_000)}</long>`) });
  const before = built.trace.steps.find(
    ({ mediator }) => mediator === "payloadFactory",
  )?.bodyBefore;
  assert.equal(before?.length, 4_096 + "...".length);
});
