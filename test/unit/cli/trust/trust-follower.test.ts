import assert from "node:assert/strict";
import { test } from "node:test";
import { type Standing, TrustFollower } from "../../../../src/cli/trust/trust-follower.ts";
import { AppError } from "../../../../src/errors/app-error.ts";
import { makeAuthority } from "../../../../src/net/tls/local-certificates.ts";
import type { NodeAnswer } from "../../../../src/net/trust/ask-manager-node.ts";
import { type NodeRegistration, TrustHome } from "../../../../src/net/trust/trust-home.ts";
import { TrustView } from "../../../../src/net/trust/trust-view.ts";
import { FakeClock } from "../../../helpers/fake-clock.ts";
import { MemoryLog } from "../../../helpers/memory-log.ts";

const MANAGER = { host: "10.0.0.1", port: 9443 };
const TAKEN: NodeAnswer = { status: 200, body: {} };
const REFUSED: NodeAnswer = { status: 403, body: { Error: "the node is not registered" } };
const REMOVED: NodeAnswer = {
  status: 410,
  body: { Error: "wrk-1 was removed", code: "NODE_REMOVED" },
};
const AWAY = new AppError("MANAGER_UNREACHABLE", "nobody answers", { side: "peer" });
const { certificate: authority } = await makeAuthority("Test");

/** A home that is only in memory. */
class RegisteredHome extends TrustHome {
  override registration(): NodeRegistration {
    return { name: "wrk-1", role: "worker", id: "1", token: "t", manager: MANAGER };
  }
}

/** A follower whose managers answer what the test says, by host. */
async function setUp(others: readonly { host: string; port: number }[] = []) {
  const clock = new FakeClock();
  const log = new MemoryLog();
  const view = new TrustView(clock);
  const lists = { secrets: ["secret"], allowedSigners: "", members: [], revoked: [] };
  view.take({ generation: 1, authority, ...lists });
  const answers = new Map<string, NodeAnswer | AppError>([[MANAGER.host, TAKEN]]);
  const asked: number[] = [];
  const told: Standing[] = [];
  const follower = new TrustFollower({
    home: new RegisteredHome("/nowhere"),
    view,
    managers: () => others,
    onMaterial: () => undefined,
    onCertificate: () => undefined,
    onStanding: (standing) => void told.push(standing),
    askManager: async ({ host }) => {
      asked.push(clock.monotonicMs());
      const answer = answers.get(host) ?? AWAY;
      if (answer instanceof AppError) throw answer;
      return answer;
    },
    log,
    clock,
  });
  await follower.start();
  return { clock, log, follower, answers, asked, told };
}

test("asks every ten seconds", async () => {
  const { clock, asked } = await setUp();
  await clock.advanceAsync(30_000, 1_000);
  assert.deepEqual(asked, [0, 10_000, 20_000, 30_000]);
});

test("a node that the manager does not take says so once and asks every minute, until it is taken again", async () => {
  const { clock, log, follower, answers, asked, told } = await setUp();
  answers.set(MANAGER.host, REFUSED);
  await clock.advanceAsync(190_000, 1_000);
  assert.deepEqual(asked, [0, 10_000, 70_000, 130_000, 190_000]);
  assert.equal(log.messages("warn").filter((line) => /not registered/.test(line)).length, 1);
  assert.equal(follower.standing, "refused");
  answers.set(MANAGER.host, TAKEN);
  await clock.advanceAsync(80_000, 1_000);
  assert.deepEqual(asked.slice(-3), [250_000, 260_000, 270_000]);
  assert.equal(follower.standing, "taken");
  assert.deepEqual(told, ["refused", "taken"]);
});

test("a manager that is away removes nobody and is asked every ten seconds", async () => {
  const { clock, follower, answers, asked, told } = await setUp();
  answers.set(MANAGER.host, AWAY);
  await clock.advanceAsync(30_000, 1_000);
  assert.deepEqual(asked, [0, 10_000, 20_000, 30_000]);
  assert.deepEqual([follower.standing, told], ["taken", []]);
});

test("a refusal counts, though another manager does not answer", async () => {
  const { clock, follower, answers, asked } = await setUp([{ host: "10.0.0.2", port: 9443 }]);
  answers.set("10.0.0.2", REFUSED);
  answers.set(MANAGER.host, AWAY);
  await clock.advanceAsync(69_000, 1_000);
  assert.equal(follower.standing, "refused");
  assert.deepEqual(asked, [0, 0, 10_000, 10_000]);
});

test("what comes meanwhile by a hint is asked at once, also of a node that is refused", async () => {
  const { clock, follower, answers, asked } = await setUp();
  answers.set(MANAGER.host, REFUSED);
  await clock.advanceAsync(12_000, 1_000);
  await follower.ask();
  assert.deepEqual(asked, [0, 10_000, 12_000]);
});

test("that it was removed counts for good, whatever another manager says, and is left to others to say", async () => {
  const { clock, log, follower, answers, told } = await setUp([{ host: "10.0.0.2", port: 9443 }]);
  answers.set("10.0.0.2", REFUSED);
  answers.set(MANAGER.host, REMOVED);
  await clock.advanceAsync(10_000, 1_000);
  assert.equal(follower.standing, "removed");
  answers.set(MANAGER.host, TAKEN);
  await clock.advanceAsync(60_000, 1_000);
  assert.equal(follower.standing, "removed");
  assert.deepEqual(told, ["removed"]);
  assert.deepEqual(log.messages("warn"), []);
});

test("an answer with the status alone does not say that the node was removed", async () => {
  for (const body of [undefined, { Error: "gone" }, { Error: "gone", code: "RESOURCE_UNKNOWN" }]) {
    const { clock, follower, answers, told } = await setUp();
    answers.set(MANAGER.host, { status: 410, body });
    await clock.advanceAsync(10_000, 1_000);
    assert.deepEqual([follower.standing, told], ["taken", []]);
  }
});
