/**
 * Own messages until every member has acknowledged them, and for REPLAY_MS longer for members that join
 * later. Delivery is at least once: a message is repeated, with growing pauses, until it is
 * acknowledged or the member is gone. Pure bookkeeping: `due` says what to send now.
 */
import { type ClusterMessage, REPLAY_MS } from "../cluster.ts";
import { IN_FLIGHT_MAX, KEPT_MESSAGES_MAX, RESEND_MS, RESEND_MS_MAX } from "./swim-timing.ts";

interface Delivery {
  readonly message: ClusterMessage;
  /** 0: not sent yet. */
  tries: number;
  nextMs: number;
}

interface Kept {
  readonly message: ClusterMessage;
  readonly madeMs: number;
}

export class Outbox {
  /** By message id, oldest first. */
  readonly #kept = new Map<string, Kept>();
  /** By member id, then by message id, in order of sending. */
  readonly #deliveries = new Map<string, Map<string, Delivery>>();

  /** Queues a message for all members that were added. Returns a message that had to be given up for it. */
  add(message: ClusterMessage, nowMs: number): ClusterMessage | undefined {
    const givenUp = this.#makeRoom(nowMs);
    this.#kept.set(message.id, { message, madeMs: nowMs });
    for (const pending of this.#deliveries.values()) pending.set(message.id, firstTry(message));
    return givenUp;
  }

  /** A member joined: it gets all that is kept and younger than REPLAY_MS. */
  addMember(memberId: string, nowMs: number): void {
    const young = [...this.#kept.values()].filter((kept) => nowMs - kept.madeMs <= REPLAY_MS);
    this.#deliveries.set(
      memberId,
      new Map(young.map((kept) => [kept.message.id, firstTry(kept.message)])),
    );
  }

  removeMember(memberId: string): void {
    this.#deliveries.delete(memberId);
  }

  acknowledge(memberId: string, messageId: string): void {
    this.#deliveries.get(memberId)?.delete(messageId);
  }

  /** The messages to send to a member now; each counts as sent. At most IN_FLIGHT_MAX are on their way. */
  due(memberId: string, nowMs: number): readonly ClusterMessage[] {
    const due: ClusterMessage[] = [];
    let inFlight = 0;
    for (const delivery of this.#deliveries.get(memberId)?.values() ?? []) {
      inFlight += 1;
      if (inFlight > IN_FLIGHT_MAX) break;
      if (delivery.nextMs > nowMs) continue;
      delivery.nextMs = nowMs + Math.min(RESEND_MS * 2 ** delivery.tries, RESEND_MS_MAX);
      delivery.tries = Math.min(delivery.tries + 1, 10);
      due.push(delivery.message);
    }
    return due;
  }

  /** Whether any member has not acknowledged something yet. */
  get hasPending(): boolean {
    return [...this.#deliveries.values()].some((pending) => pending.size > 0);
  }

  #makeRoom(nowMs: number): ClusterMessage | undefined {
    for (const [id, kept] of this.#kept) {
      if (nowMs - kept.madeMs <= REPLAY_MS || this.#isPending(id)) break;
      this.#kept.delete(id);
    }
    if (this.#kept.size < KEPT_MESSAGES_MAX) return undefined;
    const [oldest] = this.#kept.values();
    if (!oldest) return undefined;
    const wasPending = this.#isPending(oldest.message.id);
    this.#kept.delete(oldest.message.id);
    for (const pending of this.#deliveries.values()) pending.delete(oldest.message.id);
    return wasPending ? oldest.message : undefined;
  }

  #isPending(messageId: string): boolean {
    return [...this.#deliveries.values()].some((pending) => pending.has(messageId));
  }
}

function firstTry(message: ClusterMessage): Delivery {
  return { message, tries: 0, nextMs: Number.NEGATIVE_INFINITY };
}
