/** Message processors of a node that stood still: what they take and send once another node may have the job. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { JobWorld } from "../../../../src/mediation/jobs/job-world.ts";
import type {
  HandlerContext,
  ProcessorDefinition,
} from "../../../../src/mediation/jobs/message-processor.ts";
import { messageProcessor } from "../../../../src/mediation/jobs/message-processor.ts";
import { JobMemory } from "../../../../src/mediation/jobs/job-memory.ts";
import { type Delivery, RetryingHandler } from "../../../../src/mediation/jobs/retrying-handler.ts";
import { sampling } from "../../../../src/mediation/jobs/sampling.ts";
import type { StoredMessage } from "../../../../src/mediation/stores/stored-message.ts";
import { FakeClock } from "../../../helpers/fake-clock.ts";
import { MemoryLog } from "../../../helpers/memory-log.ts";
import { TestLease } from "./jobs-world.ts";

const RETRIES = {
  attemptsMax: undefined,
  retryMs: 20,
  dropsFailed: false,
  failedStore: undefined,
  deactivateSequence: undefined,
};

const MESSAGE: StoredMessage = {
  id: "a",
  target: "/",
  method: "POST",
  transport: "http",
  headers: [],
  addressing: {},
  properties: [],
  axis2: [],
  axis2Client: [],
  body: { kind: "json", text: "{}" },
};

/** A shared store with one message, whose answer to `receive` may take the lease away; and the processor that empties it. */
function setUp(
  makeHandler: (
    context: HandlerContext,
    sent: string[],
  ) => ReturnType<ProcessorDefinition["handler"]>,
) {
  const lease = new TestLease();
  const clock = new FakeClock();
  const said: string[] = [];
  const sent: string[] = [];
  let onReceive = (): void => undefined;
  const store = {
    isShared: true,
    consumer: () => ({
      receive: async () => {
        said.push("receive");
        onReceive();
        return MESSAGE;
      },
      acknowledge: async () => void said.push("acknowledge"),
      release: async (isOurs: boolean) => void said.push(`release ${isOurs}`),
    }),
  };
  const environment = { store: () => store, sequence: () => ({}), log: new MemoryLog(), clock };
  const world = { environment, lease, memory: new JobMemory(), services: new Map() };
  const definition: ProcessorDefinition = {
    name: "P",
    store: "S",
    intervalMs: 1_000,
    cron: undefined,
    throttleMs: 0,
    members: 1,
    isActive: true,
    pinnedServers: [],
    source: "",
    handler: (context) => makeHandler(context, sent),
  };
  // Only what a processor touches.
  const job = messageProcessor(definition)(world as unknown as JobWorld);
  return { lease, clock, job, said, sent, lose: (when: () => void) => void (onReceive = when) };
}

const forwarding = (context: HandlerContext, sent: string[]): RetryingHandler =>
  new RetryingHandler(RETRIES, context, async ({ id }): Promise<Delivery> => {
    sent.push(id);
    return { kind: "delivered" };
  });

test("a processor takes no message while its lease is in doubt", async () => {
  const { lease, clock, job, said } = setUp(forwarding);
  await job.start();
  lease.isHeld = false;
  lease.holders.get(job.name)?.gained(lease.grant);
  await clock.advanceAsync(5_000);
  assert.deepEqual(said, []);
  lease.isHeld = true;
  await clock.advanceAsync(200);
  assert.deepEqual(said, ["receive", "acknowledge"]);
  await job.stop();
});

test("a message that was taken when the lease ran out is neither sent nor given back: it is the next holder's", async () => {
  for (const makeHandler of [forwarding, sampling({ sequence: "main", concurrency: 1 })]) {
    const { lease, clock, job, said, sent, lose } = setUp(makeHandler);
    await job.start();
    lose(() => void (lease.isHeld = false));
    lease.holders.get(job.name)?.gained(lease.grant);
    await clock.advanceAsync(1_000);
    lease.holders.get(job.name)?.lost();
    await clock.advanceAsync(1_000);
    assert.deepEqual([said, sent], [["receive", "release false"], []]);
  }
});

test("an orderly stop gives the message in hand back while the lease is held", async () => {
  const { lease, clock, job, said } = setUp(forwarding);
  await job.start();
  lease.holders.get(job.name)?.gained(lease.grant);
  await clock.advanceAsync(100);
  await job.stop();
  assert.equal(said.at(-1), "release true");
});
