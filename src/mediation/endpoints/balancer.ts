/**
 * Which child of a load-balance endpoint comes next: RoundRobin, WeightedRoundRobin and WeightedRRLCAlgorithm of
 * Synapse. Pure: it keeps cursors, and is told which children are ready and how many messages each has in flight.
 * A child that is not ready is passed over and keeps none of its turns.
 */
export type Algorithm = "round-robin" | "weighted" | "least-connections";

/** How much of the load a child takes; minimum and maximum bound what least-connections makes of it. */
export interface BalancedWeight {
  readonly weight: number;
  readonly minimum: number;
  readonly maximum: number;
}

export interface BalancerOptions {
  readonly algorithm: Algorithm;
  readonly weights: readonly BalancedWeight[];
  /** Default: 1. */
  readonly roundsPerRecalculation?: number;
}

interface Turn {
  readonly child: number;
  readonly rule: BalancedWeight;
  /** Turns in a round. */
  weight: number;
  /** Turns left in this round. */
  left: number;
}

export class Balancer {
  readonly #options: BalancerOptions;
  readonly #turns: readonly Turn[];
  #cursor = 0;
  #rounds = 0;

  constructor(options: BalancerOptions) {
    this.#options = options;
    const turns = options.weights.map((rule, child) => {
      const weight = options.algorithm === "round-robin" ? 1 : rule.weight;
      return { child, rule, weight, left: weight };
    });
    const isSorted = options.algorithm === "least-connections";
    this.#turns = isSorted ? turns.toSorted((one, other) => other.weight - one.weight) : turns;
  }

  /**
   * The index of the next child; undefined when none is ready.
   * @param inFlight messages on their way, one number a child.
   */
  next(ready: readonly boolean[], inFlight: readonly number[]): number | undefined {
    if (!ready.includes(true)) return undefined;
    // Two rounds: the rest of this one, and a whole one with the weights made anew.
    for (let looked = 0; looked <= 2 * this.#turns.length; looked += 1) {
      const turn = this.#turns[this.#cursor];
      if (turn && turn.left > 0 && ready[turn.child] === true) {
        turn.left -= 1;
        return turn.child;
      }
      this.#advance(turn, inFlight);
    }
    // Weights of 0 all around: least-connections has taken all turns from those that are ready.
    const least = this.#turns.filter(({ child }) => ready[child] === true);
    return least.toSorted((one, other) => load(inFlight, one) - load(inFlight, other))[0]?.child;
  }

  #advance(turn: Turn | undefined, inFlight: readonly number[]): void {
    if (turn) turn.left = turn.weight;
    this.#cursor += 1;
    if (this.#cursor < this.#turns.length) return;
    this.#cursor = 0;
    this.#rounds += 1;
    if (this.#rounds < (this.#options.roundsPerRecalculation ?? 1)) return;
    this.#rounds = 0;
    if (this.#options.algorithm === "least-connections") this.#recalculate(inFlight);
  }

  /** Children with more than their share of the messages in flight get fewer turns, others more. */
  #recalculate(inFlight: readonly number[]): void {
    const total = inFlight.reduce((sum, count) => sum + count, 0);
    const weights = this.#turns.reduce((sum, { rule }) => sum + rule.weight, 0);
    for (const turn of this.#turns) {
      const { weight, minimum, maximum } = turn.rule;
      const share = total === 0 ? 0 : (weight / weights) * total - load(inFlight, turn);
      turn.weight = Math.min(maximum, Math.max(minimum, weight + Math.round(share)));
      turn.left = turn.weight;
    }
  }
}

function load(inFlight: readonly number[], { child }: Turn): number {
  return inFlight[child] ?? 0;
}
