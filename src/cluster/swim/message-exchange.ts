/**
 * Cluster messages: sends own ones until acknowledged, acknowledges and de-duplicates those of
 * others. `SwimCluster` owns it and tells it of members and of time.
 */
import type { Clock } from "../../runtime/clock.ts";
import type { ClusterMessage, Member } from "../cluster.ts";
import type { Complaints } from "./complaints.ts";
import { checkMessage } from "./message-codec.ts";
import { KEPT_MESSAGES_MAX } from "./swim-timing.ts";
import { Outbox } from "./outbox.ts";
import type { SwimPort } from "./packet.ts";
import { SeenIds } from "./seen-ids.ts";

export class MessageExchange {
  readonly #port: SwimPort;
  readonly #complaints: Complaints;
  readonly #clock: Clock;
  readonly #outbox = new Outbox();
  readonly #seen = new SeenIds();

  constructor(port: SwimPort, complaints: Complaints, clock: Clock) {
    this.#port = port;
    this.#complaints = complaints;
    this.#clock = clock;
  }

  /** Queues a message for all members. @throws AppError CLUSTER_LIMIT when it is too large or malformed. */
  add(message: ClusterMessage): void {
    checkMessage(message);
    const givenUp = this.#outbox.add(message, this.#clock.monotonicMs());
    if (!givenUp) return;
    this.#complaints.add(
      "given-up",
      `gave up a message about "${givenUp.topic}" that not every member has acknowledged: ${KEPT_MESSAGES_MAX} younger ones wait`,
    );
  }

  /** A member joined: it gets what was sent within REPLAY_MS. */
  addMember(member: Member): void {
    this.#outbox.addMember(member.id, this.#clock.monotonicMs());
  }

  removeMember(member: Member): void {
    this.#outbox.removeMember(member.id);
  }

  /** Sends what is due to a member now. */
  sendDue(member: Member): void {
    for (const message of this.#outbox.due(member.id, this.#clock.monotonicMs())) {
      this.#port.send({ kind: "message", to: member.id, message }, member);
    }
  }

  /** A member has a message; the next one in line may follow. */
  acknowledge(member: Member, messageId: string): void {
    this.#outbox.acknowledge(member.id, messageId);
    this.sendDue(member);
  }

  /** Acknowledges a message of a member; true when it is new. */
  take(member: Member, message: ClusterMessage): boolean {
    this.#port.send({ kind: "message-ack", to: member.id, messageId: message.id }, member);
    return this.#seen.add(message.id);
  }

  /** Whether any member has not acknowledged something yet. */
  get hasPending(): boolean {
    return this.#outbox.hasPending;
  }
}
