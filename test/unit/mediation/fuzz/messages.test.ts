import assert from "node:assert/strict";
import { test } from "node:test";
import { responseOf } from "../../../helpers/stock-quote-backend.ts";
import { MediationWorld, proxy } from "../mediation-world.ts";
import { mutate, pick, seededRandom } from "./mutations.ts";
import { LOOKING_FLOWS, MESSAGES } from "./seeds.ts";

const SEED = 4_112_026;
const MUTANTS = 1_500;
/** A message that needs longer in an engine without a network has no bound. */
const SLOW_MS = 3_000;

const FAULTS =
  "<faultSequence><payloadFactory><format><failed/></format><args/></payloadFactory><respond/></faultSequence>";

function worlds(): readonly MediationWorld[] {
  return LOOKING_FLOWS.flatMap((flow) => {
    const sequence = '<sequence name="fault"><drop/></sequence>';
    const out = "<outSequence><log level='full'/><send/></outSequence>";
    try {
      return [new MediationWorld(proxy(flow, out + FAULTS) + sequence)];
    } catch {
      // A flow with a mediator that needs more than this world has.
      return [];
    }
  });
}

test("a mutated message is answered by every flow, in bounded time, whatever the endpoint says", async () => {
  const engines = worlds();
  assert.ok(engines.length >= 5, `only ${engines.length} flows compile`);
  const statuses = new Set<number>();
  for (let number = 0; number < MUTANTS; number += 1) {
    const random = seededRandom(SEED + number);
    const message = pick(MESSAGES, random);
    const other = pick(MESSAGES, random);
    const world = pick(engines, random);
    assert.ok(message && other && world);
    const body = mutate(message.body, random, other.body);
    const type = random() < 0.2 ? mutate(message.contentType, random, "x/y") : message.contentType;
    world.backend = () =>
      responseOf(200, other.contentType, mutate(other.body, random, message.body));
    const shown = `seed ${SEED + number}, ${type}:\n${body}`;
    const began = performance.now();
    const { status } = await world.ask({
      headers: { "Content-Type": type, SOAPAction: '"urn:q"' },
      body,
    });
    const tookMs = performance.now() - began;
    assert.ok(tookMs < SLOW_MS, `took ${tookMs} ms, ${shown}`);
    assert.ok(status >= 200 && status <= 599, `status ${status}, ${shown}`);
    statuses.add(status);
    for (const { message: line } of world.log.lines.splice(0))
      assert.doesNotMatch(line, /is not a function|Cannot read prop|is not iterable/, shown);
  }
  assert.ok(statuses.has(200), [...statuses].join());
});
