/**
 * Cluster messages over the store: a reliable topic brings them at once, and a map keeps each for REPLAY_MS, for members
 * that join and for whom the topic left something out. Own messages are kept here as well and written again when
 * the store has lost its memory. Duplicates are dropped by id, so that the two ways do not matter to anybody.
 */
import type { Clock, Timer } from "../../runtime/clock.ts";
import { type ClusterMessage, type Member, REPLAY_MS } from "../cluster.ts";
import type { Complaints } from "../swim/complaints.ts";
import { checkMessage, decodeMessage } from "../swim/message-codec.ts";
import { decodeRecord, encodeRecord } from "../swim/record-codec.ts";
import { SeenIds } from "../swim/seen-ids.ts";
import { Malformed, readFields, readUuid } from "../swim/wire-fields.ts";
import { KEPT_MESSAGES_MAX, MESSAGES_RECONCILE_MS, RETRY_MS } from "./hazelcast-timing.ts";
import type { StoreMap, StoreTopic } from "./store.ts";
import type { ValueSeal } from "./value-seal.ts";

export interface MessagesOptions {
  readonly map: StoreMap;
  readonly topic: StoreTopic;
  readonly seal: ValueSeal;
  readonly self: () => Member;
  /** The record of a live member, which is fresher than the one that came with the message. */
  readonly memberOf: (id: string) => Member | undefined;
  readonly deliver: (message: ClusterMessage, from: Member) => void;
  readonly complaints: Complaints;
  readonly clock: Clock;
}

interface Sent {
  readonly message: ClusterMessage;
  readonly sentMs: number;
  isStored: boolean;
}

const PLACE = "message";
/** Messages that are written at once after the store was away. */
const WRITES_AT_ONCE_MAX = 32;

export class HazelcastMessages {
  readonly #options: MessagesOptions;
  readonly #seen = new SeenIds();
  readonly #sent = new Map<string, Sent>();
  #timers: readonly Timer[] = [];
  #isWriting = false;
  #isReading = false;
  #isClosed = false;

  constructor(options: MessagesOptions) {
    this.#options = options;
  }

  start(): void {
    const { topic, clock } = this.#options;
    topic.listen((value) => this.#take(value));
    this.#timers = [
      clock.every(RETRY_MS, () => void this.#write()),
      clock.every(MESSAGES_RECONCILE_MS, () => void this.replay()),
    ];
  }

  /** Sends to all. @throws AppError CLUSTER_LIMIT. */
  send(message: ClusterMessage): void {
    checkMessage(message);
    this.#seen.add(message.id);
    this.#sent.set(message.id, {
      message,
      sentMs: this.#options.clock.monotonicMs(),
      isStored: false,
    });
    if (this.#sent.size > KEPT_MESSAGES_MAX) this.#giveUpOldest();
    void this.#write();
  }

  /** There is a connection again: what was sent may have been lost with the memory of the store. */
  resend(): void {
    for (const sent of this.#sent.values()) sent.isStored = false;
    void this.#write();
  }

  /** Takes the messages of the last REPLAY_MS that did not come by the topic. Never rejects. */
  async replay(): Promise<void> {
    const { map } = this.#options;
    if (this.#isReading || this.#isClosed) return;
    this.#isReading = true;
    try {
      for (const id of await map.keys()) {
        if (this.#seen.has(id)) continue;
        const value = await map.get(id);
        if (value) this.#take(value);
      }
    } catch {
      // Presence notices a store that does not answer, and says so; the next turn catches up.
    } finally {
      this.#isReading = false;
    }
  }

  close(): void {
    this.#isClosed = true;
    for (const timer of this.#timers) timer.cancel();
  }

  /** Resolves when all own messages are stored or could not be. */
  async #write(): Promise<void> {
    if (this.#isWriting || this.#isClosed) return;
    this.#isWriting = true;
    try {
      this.#forgetOld();
      for (let due = this.#due(); due.length > 0; due = this.#due())
        await Promise.all(due.map((sent) => this.#writeOne(sent)));
    } catch {
      // Tried again after RETRY_MS.
    } finally {
      this.#isWriting = false;
    }
  }

  #due(): readonly Sent[] {
    const due = [...this.#sent.values()].filter(({ isStored }) => !isStored);
    return due.slice(0, WRITES_AT_ONCE_MAX);
  }

  async #writeOne(sent: Sent): Promise<void> {
    const { map, topic, seal, self, clock } = this.#options;
    const member = self();
    const text = JSON.stringify({
      message: sent.message,
      from: member.id,
      record: encodeRecord(member),
    });
    const value = seal.seal(PLACE, Buffer.from(text));
    const leftMs = Math.max(1000, REPLAY_MS - (clock.monotonicMs() - sent.sentMs));
    await Promise.all([map.set(sent.message.id, value, leftMs), topic.publish(value)]);
    sent.isStored = true;
  }

  #forgetOld(): void {
    const sinceMs = this.#options.clock.monotonicMs() - REPLAY_MS;
    for (const [id, { sentMs }] of this.#sent) if (sentMs < sinceMs) this.#sent.delete(id);
  }

  #giveUpOldest(): void {
    const [oldest] = this.#sent;
    if (!oldest) return;
    this.#sent.delete(oldest[0]);
    if (oldest[1].isStored) return;
    const { topic } = oldest[1].message;
    this.#options.complaints.add(
      "given-up",
      `gave up a message about "${topic}" that the Hazelcast cluster has not taken: ${KEPT_MESSAGES_MAX} younger ones wait`,
    );
  }

  #take(value: Buffer): void {
    const { seal, memberOf, deliver, self } = this.#options;
    const plain = this.#isClosed ? undefined : seal.open(PLACE, value);
    const taken = plain && decode(plain);
    if (!taken || taken.from.id === self().id || !this.#seen.add(taken.message.id)) return;
    deliver(taken.message, memberOf(taken.from.id) ?? taken.from);
  }
}

/** Undefined: it does not have the agreed form. */
function decode(plain: Buffer): { message: ClusterMessage; from: Member } | undefined {
  try {
    const names = ["message", "from", "record"];
    const fields = readFields(JSON.parse(plain.toString("utf8")), "message", names);
    const from = decodeRecord(readUuid(fields["from"], "from"), fields["record"]);
    return { message: decodeMessage(fields["message"]), from };
  } catch (error) {
    if (error instanceof Malformed || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
