/**
 * State exchange over streams (Lifeguard's anti-entropy, happn's and memberlist's join): on meeting a member whose view differs,
 * while two disagree although no news is on its way, and with a random member now and then. One at a time.
 */
import type { Clock } from "../../runtime/clock.ts";
import type { Address } from "../member-address.ts";
import type { Claim } from "./claim.ts";
import type { SwimPort } from "./packet.ts";
import { EXCHANGE_MS_MIN } from "./swim-timing.ts";

export interface StateExchangerOptions {
  readonly port: SwimPort;
  readonly clock: Clock;
  /** All that this node knows. */
  readonly own: () => readonly Claim[];
  /** Takes what the member with this id knows. */
  readonly take: (claims: readonly Claim[], from: string) => void;
}

export class StateExchanger {
  readonly #options: StateExchangerOptions;
  #isRunning = false;
  #lastMs = Number.NEGATIVE_INFINITY;
  #finished = 0;

  constructor(options: StateExchangerOptions) {
    this.#options = options;
  }

  /** How many exchanges have brought the state of another member. */
  get finished(): number {
    return this.#finished;
  }

  /** Begins one unless one is under way, or one was a moment ago. */
  begin(member: Address & { readonly id: string }): void {
    const nowMs = this.#options.clock.monotonicMs();
    if (this.#isRunning || nowMs - this.#lastMs < EXCHANGE_MS_MIN) return;
    this.#isRunning = true;
    this.#lastMs = nowMs;
    void this.#run(member);
  }

  async #run(member: Address & { readonly id: string }): Promise<void> {
    const { port, own, take } = this.#options;
    try {
      const claims = await port.exchange(member, own());
      this.#finished += 1;
      take(claims, member.id);
    } catch {
      // It did not answer; probes find out why, and the next exchange goes to another member.
    } finally {
      this.#isRunning = false;
    }
  }
}
