/**
 * Says once that a node which has well-known members to greet is alone for a while: a wrong groupPassword or domain
 * looks like that from the inside, since nothing is ever answered that does not authenticate.
 */
import type { Log } from "../../observability/log.ts";
import { ALONE_MS } from "./swim-timing.ts";
import { type Address, formatAddress } from "../member-address.ts";

/** Addresses that the sentence names. */
const NAMED_MAX = 5;

export class AloneNotice {
  readonly #own: Address;
  readonly #log: Log;
  #aloneSinceMs: number;
  #isSaid = false;

  constructor(own: Address, nowMs: number, log: Log) {
    this.#own = own;
    this.#aloneSinceMs = nowMs;
    this.#log = log;
  }

  /** Called regularly. `greeted` are the addresses that do not answer; without any a node is alone on purpose. */
  look(hasPeers: boolean, greeted: readonly Address[], nowMs: number): void {
    if (hasPeers || greeted.length === 0) {
      this.#aloneSinceMs = nowMs;
      this.#isSaid = false;
      return;
    }
    if (this.#isSaid || nowMs - this.#aloneSinceMs < ALONE_MS) return;
    this.#isSaid = true;
    const names = greeted.slice(0, NAMED_MAX).map(formatAddress).join(", ");
    this.#log.warn(
      `alone for ${ALONE_MS / 1000} s: no member answers at ${names}; they are greeted on. If one of them runs, see whether its log complains of ${formatAddress(this.#own)}: then domain or groupPassword differ, otherwise UDP and TCP do not get through`,
    );
  }
}
