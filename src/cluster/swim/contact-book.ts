/**
 * The addresses that are greeted although no live member is known there: well-known ones for ever, those of members that fell
 * silent for some minutes, in turn. Pure bookkeeping; `SwimNode` asks it on each contact tick.
 */
import { type Address, formatAddress } from "../member-address.ts";
import { CONTACTS_AT_ONCE, CONTACTS_MAX, LOST_CONTACT_MS } from "./swim-timing.ts";

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

  /** The member at this address fell silent; it may be behind a partition. */
  lose(address: Address, nowMs: number): void {
    this.#add(address, nowMs + LOST_CONTACT_MS);
  }

  /** The member at this address left: it is not waited for, unless the address is well-known. */
  drop(address: Address): void {
    const key = formatAddress(address);
    if (this.#contacts.get(key)?.untilMs !== Number.POSITIVE_INFINITY) this.#contacts.delete(key);
  }

  isWellKnown(address: Address): boolean {
    return this.#contacts.get(formatAddress(address))?.untilMs === Number.POSITIVE_INFINITY;
  }

  /** The well-known addresses that `isMissing`. */
  missingWellKnown(isMissing: (address: Address) => boolean): readonly Address[] {
    return [...this.#contacts.values()]
      .filter(({ untilMs }) => untilMs === Number.POSITIVE_INFINITY)
      .map(({ address }) => address)
      .filter(isMissing);
  }

  /** The addresses to greet now: at most CONTACTS_AT_ONCE of those that `isMissing`, the next ones the next time. */
  due(nowMs: number, isMissing: (address: Address) => boolean): readonly Address[] {
    const due: [string, Contact][] = [];
    for (const [key, contact] of this.#contacts) {
      if (contact.untilMs < nowMs) this.#contacts.delete(key);
      else if (due.length < CONTACTS_AT_ONCE && isMissing(contact.address))
        due.push([key, contact]);
    }
    // To the end of the row.
    for (const [key, contact] of due) {
      this.#contacts.delete(key);
      this.#contacts.set(key, contact);
    }
    return due.map(([, { address }]) => address);
  }

  #add(address: Address, untilMs: number): void {
    const key = formatAddress(address);
    if (key === this.#own) return;
    const known = this.#contacts.get(key);
    if (known) known.untilMs = Math.max(known.untilMs, untilMs);
    else if (this.#contacts.size < CONTACTS_MAX) this.#contacts.set(key, { address, untilMs });
  }
}
