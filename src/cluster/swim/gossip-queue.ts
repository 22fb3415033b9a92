/**
 * News on its way (SWIM, section 4.1): each piece goes out a bounded number of times, what went out least first, on the
 * back of pings and in datagrams of its own. A newer claim about a member takes the place of an older one.
 */
import { type Claim, subjectOf } from "./claim.ts";

interface News {
  readonly claim: Claim;
  readonly bytes: number;
  sent: number;
}

/** Pieces of news at most; the one that went out most often is given up, and state exchange brings it later. */
const NEWS_MAX = 2000;

export class GossipQueue {
  readonly #bytesOf: (claim: Claim) => number;
  #news: News[] = [];

  /** `bytesOf`: the size of a claim on the wire. */
  constructor(bytesOf: (claim: Claim) => number) {
    this.#bytesOf = bytesOf;
  }

  get size(): number {
    return this.#news.length;
  }

  add(claim: Claim): void {
    const subject = subjectOf(claim);
    const isReplaced = (other: Claim): boolean =>
      subjectOf(other) === subject && (claim.kind !== "suspect" || other.kind !== "suspect");
    this.#news = this.#news.filter((news) => !isReplaced(news.claim));
    this.#news.unshift({ claim, bytes: this.#bytesOf(claim), sent: 0 });
    if (this.#news.length > NEWS_MAX) this.#news.pop();
  }

  /** What fits into `bytes`; each counts as sent once more and leaves after `limit` times. */
  take(bytes: number, limit: number): readonly Claim[] {
    if (this.#news.length === 0) return [];
    const taken: Claim[] = [];
    let left = bytes;
    for (const news of this.#news) {
      if (news.bytes > left) continue;
      left -= news.bytes;
      news.sent += 1;
      taken.push(news.claim);
    }
    if (taken.length > 0) this.#settle(limit);
    return taken;
  }

  #settle(limit: number): void {
    this.#news = this.#news.filter((news) => news.sent < limit);
    this.#news.sort((one, other) => one.sent - other.sent);
  }
}

/** How often a piece of news goes out from one member: ceil(factor * log10(members + 1)). */
export function gossipLimit(factor: number, members: number): number {
  return Math.ceil(factor * Math.log10(members + 1));
}
