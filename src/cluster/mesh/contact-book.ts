/**
 * The addresses that are greeted although no live member is known there: well-known ones for ever,
 * those that others named for a few seconds, those of members that fell silent for some minutes.
 * Pure bookkeeping; `MeshCluster` asks it on each contact tick.
 */
import { CONTACTS_MAX, INTRODUCED_CONTACT_MS, LOST_CONTACT_MS } from "./mesh-timing.ts";
import { type Address, formatAddress } from "./transport.ts";

interface Contact {
  readonly address: Address;
  untilMs: number;
}

export class ContactBook {
  readonly #own: string;
  readonly #contacts = new Map<string, Contact>();

  /** `own` is this node's address: it is never greeted. */
  constructor(own: Address, wellKnown: readonly Address[]) {
    this.#own = formatAddress(own);
    for (const address of wellKnown) this.#add(address, Number.POSITIVE_INFINITY);
  }

  /** Another member named this address. Returns whether it is new. */
  introduce(address: Address, nowMs: number): boolean {
    const isNew = !this.#contacts.has(formatAddress(address));
    this.#add(address, nowMs + INTRODUCED_CONTACT_MS);
    return isNew;
  }

  /** The member at this address fell silent; it may be behind a partition. */
  lose(address: Address, nowMs: number): void {
    this.#add(address, nowMs + LOST_CONTACT_MS);
  }

  /** The member at this address left: it is not waited for, unless the address is well-known. */
  drop(address: Address): void {
    const key = formatAddress(address);
    if (this.#contacts.get(key)?.untilMs !== Number.POSITIVE_INFINITY) this.#contacts.delete(key);
  }

  /** The addresses to greet now. */
  due(nowMs: number): readonly Address[] {
    for (const [key, contact] of this.#contacts) {
      if (contact.untilMs < nowMs) this.#contacts.delete(key);
    }
    return [...this.#contacts.values()].map((contact) => contact.address);
  }

  #add(address: Address, untilMs: number): void {
    const key = formatAddress(address);
    if (key === this.#own) return;
    const known = this.#contacts.get(key);
    if (known) known.untilMs = Math.max(known.untilMs, untilMs);
    else if (this.#contacts.size < CONTACTS_MAX) this.#contacts.set(key, { address, untilMs });
  }
}
