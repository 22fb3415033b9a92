/**
 * The messages of leases between this node and the others: answers what others ask of this node's grantor, and carries
 * this node's own requests and the answers to them. This node asks itself without a message.
 */
import { messageOf } from "../../errors/app-error.ts";
import type { Log } from "../../observability/log.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Member } from "../cluster.ts";
import type { PeerMessenger } from "../peer-messenger.ts";
import type { Grantor } from "./grantor.ts";
import {
  decodeLeaseFrame,
  encodeLeaseFrame,
  type LeaseAnswer,
  type LeaseRequest,
} from "./lease-frames.ts";

const CHANNEL = "lease";
const COMPLAINT_MS = 60_000;

export interface LeaseLinkOptions {
  readonly selfId: string;
  readonly messenger: PeerMessenger;
  readonly grantor: Grantor;
  readonly clock: Clock;
  readonly log: Log;
  /** Undefined: the grantor was not reached. */
  readonly onAnswers: (
    round: number,
    grantor: string,
    answers: readonly LeaseAnswer[] | undefined,
  ) => void;
}

export class LeaseLink {
  readonly #options: LeaseLinkOptions;
  readonly #unsubscribe: () => void;
  #complainedMs = -Infinity;

  constructor(options: LeaseLinkOptions) {
    this.#options = options;
    this.#unsubscribe = options.messenger.on(CHANNEL, (from, bytes) => this.#receive(from, bytes));
  }

  /** Sends the requests to the grantors. Resolves when they have left; never rejects. */
  async ask(
    round: number,
    requests: readonly LeaseRequest[],
    grantors: readonly string[],
  ): Promise<void> {
    const { selfId, grantor, messenger, onAnswers } = this.#options;
    const bytes = encodeLeaseFrame({ kind: "requests", round, requests });
    const sends = grantors
      .filter((id) => id !== selfId)
      .map((id) => messenger.send(id, CHANNEL, bytes).catch(() => onAnswers(round, id, undefined)));
    if (grantors.includes(selfId)) {
      const answers = requests.map((request) => grantor.decide(selfId, request));
      onAnswers(round, selfId, answers);
    }
    await Promise.all(sends);
  }

  close(): void {
    this.#unsubscribe();
  }

  #receive(from: Member, bytes: Buffer): void {
    try {
      this.#take(from, bytes);
    } catch (error) {
      const nowMs = this.#options.clock.monotonicMs();
      if (nowMs - this.#complainedMs < COMPLAINT_MS) return;
      this.#complainedMs = nowMs;
      this.#options.log.warn(
        `A message of member [${from.id}] about leases was dropped: ${messageOf(error)}`,
      );
    }
  }

  #take(from: Member, bytes: Buffer): void {
    const { grantor, messenger, onAnswers } = this.#options;
    const frame = decodeLeaseFrame(bytes);
    if (frame.kind === "answers") {
      onAnswers(frame.round, from.id, frame.answers);
      return;
    }
    const answers = frame.requests.map((request) => grantor.decide(from.id, request));
    const answer = encodeLeaseFrame({ kind: "answers", round: frame.round, answers });
    // Who does not get the answer asks again.
    messenger.send(from.id, CHANNEL, answer).catch(() => {});
  }
}
