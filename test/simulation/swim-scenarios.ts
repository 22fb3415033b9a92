/**
 * What membership promises on a bad network, each as a run of one seed that says what it measured and throws where a promise is
 * broken. `swim.test.ts` runs a bounded number of them, `npm run sim:cluster` all that the figures in docs/clustering.md rest on.
 */
import assert from "node:assert/strict";
import { LOSSY, type Participant, SwimSimulation } from "./swim-simulation.ts";

export const CRASH_SEEN_MS = 3000;
export const AGREED_MS = 5000;
const SECOND_MS = 1000;

/** Runs a scenario; what fails in it names its seed. */
export async function simulate<Result>(
  seed: number,
  members: number,
  run: (simulation: SwimSimulation, members: readonly Participant[]) => Promise<Result>,
): Promise<Result> {
  const simulation = new SwimSimulation(seed);
  try {
    const started = await simulation.start(members, members > 50 ? 50 : 400);
    assert.ok(simulation.isAgreed, "the members have not found each other");
    simulation.weather = LOSSY;
    return await run(simulation, started);
  } catch (error) {
    throw new Error(`seed ${seed}, ${members} members (repeat with SEED=${seed})`, {
      cause: error,
    });
  }
}

/** Nobody is reported left for as long as only packets are lost. Returns packets a second and node. */
export async function calmFor(
  simulation: SwimSimulation,
  members: readonly Participant[],
  ms: number,
): Promise<number> {
  const before = members.map(({ sent }) => sent);
  for (let passedMs = 0; passedMs < ms; passedMs += SECOND_MS)
    await simulation.passAsync(SECOND_MS);
  assert.deepEqual(
    members.flatMap(({ left }) => left),
    [],
  );
  assert.ok(simulation.isAgreed, "the members see different members");
  const sent = members.reduce((sum, member, at) => sum + member.sent - (before[at] ?? 0), 0);
  return sent / members.length / (ms / SECOND_MS);
}

/** One member crashes. Returns the milliseconds until the last of the others has reported it, and nobody else. */
export async function crashOne(simulation: SwimSimulation, msMax: number): Promise<number> {
  await simulation.passAsync(simulation.random.whole(0, 2000));
  const victim = simulation.live[simulation.random.whole(0, simulation.live.length - 1)];
  assert.ok(victim);
  simulation.crash(victim);
  const crashedMs = simulation.nowMs;
  await simulation.passAsync(msMax);
  for (const { left } of simulation.live)
    assert.deepEqual(
      left.map(({ id, reason }) => ({ id, reason })),
      [{ id: victim.id, reason: "silent" }],
    );
  return Math.max(...simulation.live.map(({ left }) => left[0]?.atMs ?? 0)) - crashedMs;
}

/** The network falls apart into up to three sides and heals. Returns the milliseconds until all agree. */
export async function splitAndHeal(simulation: SwimSimulation, msMax: number): Promise<number> {
  const sides: Participant[][] = [[], [], []];
  for (const member of simulation.live) sides[simulation.random.whole(0, 2)]?.push(member);
  simulation.split(sides);
  await simulation.passAsync(simulation.random.whole(500, 60_000));
  simulation.heal();
  const agreedMs = await simulation.untilAgreed(msMax);
  assert.ok(agreedMs !== undefined, `no agreement within ${msMax} ms`);
  return agreedMs;
}

/** A member stands still for `ms` and goes on. It blames nobody, and all agree within AGREED_MS. */
export async function pauseOne(simulation: SwimSimulation, ms: number): Promise<void> {
  const { live } = simulation;
  const paused = live[simulation.random.whole(0, live.length - 1)];
  assert.ok(paused);
  simulation.pause(paused);
  await simulation.passAsync(ms);
  simulation.resume(paused);
  assert.ok((await simulation.untilAgreed(AGREED_MS)) !== undefined, "no agreement in time");
  assert.deepEqual(paused.left, []);
  for (const { left } of live)
    assert.deepEqual(
      left.filter(({ id }) => id !== paused.id),
      [],
    );
}

/**
 * A minute of `members` members with 5 % loss, in which one of them is paused for less than others notice, all stay, the network
 * falls apart and heals, and one crashes. Returns what was measured.
 */
export async function eventfulMinute(
  seed: number,
  members: number,
): Promise<{ readonly crashMs: number; readonly healMs: number }> {
  return simulate(seed, members, async (simulation, started) => {
    await calmFor(simulation, started, 20_000);
    await pauseOne(simulation, simulation.random.whole(100, 800));
    const crashMs = await crashOne(simulation, AGREED_MS);
    for (const member of simulation.live) member.left.length = 0;
    const healMs = await splitAndHeal(simulation, AGREED_MS);
    return { crashMs, healMs };
  });
}
