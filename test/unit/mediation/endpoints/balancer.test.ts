import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Algorithm,
  Balancer,
  type BalancedWeight,
} from "../../../../src/mediation/endpoints/balancer.ts";

function weight(value: number): BalancedWeight {
  return { weight: value, minimum: Math.max(0, value - 2), maximum: value + 2 };
}

function balancer(algorithm: Algorithm, ...weights: readonly number[]): Balancer {
  return new Balancer({ algorithm, weights: weights.map(weight) });
}

function turns(
  of: Balancer,
  count: number,
  ready: readonly boolean[],
  inFlight: readonly number[] = [],
): string {
  return Array.from({ length: count }, () => of.next(ready, inFlight)).join("");
}

test("round robin goes around, passes over who is not ready, and goes on where it was", () => {
  const round = balancer("round-robin", 5, 1, 1);
  assert.equal(turns(round, 4, [true, true, true]), "0120");
  assert.equal(turns(round, 3, [true, false, true]), "202");
  assert.equal(turns(round, 2, [true, true, true]), "01");
  assert.equal(round.next([false, false, false], []), undefined);
});

test("weighted round robin gives each as many turns in a row as its weight says", () => {
  const weighted = balancer("weighted", 3, 1, 2);
  assert.equal(turns(weighted, 12, [true, true, true]), "000122000122");
  assert.equal(turns(weighted, 4, [false, true, true]), "1221");
});

test("least connections begins with the heaviest and takes turns from who has more than its share", () => {
  const least = balancer("least-connections", 2, 4);
  assert.equal(turns(least, 6, [true, true], [0, 0]), "111100");
  assert.equal(turns(least, 6, [true, true], [0, 6]), "110000");
});

/** mulberry32, so that a failure can be played again. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

test("whatever is ready, only ready children are chosen, and weights hold over many rounds", () => {
  const seed = Date.now() % 1_000_000;
  const next = random(seed);
  for (const algorithm of ["round-robin", "weighted", "least-connections"] as const) {
    const weights = Array.from(
      { length: 1 + Math.floor(next() * 6) },
      () => 1 + Math.floor(next() * 5),
    );
    const of = balancer(algorithm, ...weights);
    for (let step = 0; step < 500; step += 1) {
      const ready = weights.map(() => next() < 0.6);
      const inFlight = weights.map(() => Math.floor(next() * 20));
      const chosen = of.next(ready, inFlight);
      const shown = `seed ${seed}: ${algorithm} chose ${chosen} of ${ready.join()}`;
      assert.equal(
        chosen === undefined ? undefined : ready[chosen],
        ready.includes(true) || undefined,
        shown,
      );
    }
    const counts = weights.map(() => 0);
    const total = weights.reduce((sum, value) => sum + value, 0);
    const all = weights.map(() => true);
    const fresh = balancer(algorithm, ...weights);
    for (let step = 0; step < 100 * total; step += 1) {
      const chosen =
        fresh.next(
          all,
          weights.map(() => 0),
        ) ?? -1;
      counts[chosen] = (counts[chosen] ?? 0) + 1;
    }
    const wanted = weights.map((value) =>
      algorithm === "round-robin" ? (100 * total) / weights.length : 100 * value,
    );
    for (const [index, count] of counts.entries())
      assert.ok(
        Math.abs(count - (wanted[index] ?? 0)) <= 5,
        `seed ${seed}: ${algorithm} ${counts.join()} for ${weights.join()}`,
      );
  }
});
