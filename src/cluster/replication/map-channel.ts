/**
 * The way of one map's messages to the other members that share the map. Changes are handed over without waiting, as
 * long as a member keeps up; for one that does not they are dropped, which its copy notices as a gap.
 */
import type { Member, Membership } from "../cluster.ts";
import type { PeerMessenger } from "../peer-messenger.ts";

/** Bytes that may wait for one member; beyond, changes to it are dropped until it has caught up. */
export const WAITING_BYTES_MAX = 8 * 1024 * 1024;

export interface MapChannelOptions {
  readonly name: string;
  readonly membership: Membership;
  readonly messenger: PeerMessenger;
  readonly includes: (member: Member) => boolean;
}

export class MapChannel {
  readonly #options: MapChannelOptions;
  readonly #channel: string;
  readonly #waiting = new Map<string, number>();
  readonly #sends = new Set<Promise<void>>();

  constructor(options: MapChannelOptions) {
    this.#options = options;
    this.#channel = `map/${options.name}`;
  }

  get selfId(): string {
    return this.#options.membership.self.id;
  }

  /** Ids of the other members that share the map. */
  peers(): readonly string[] {
    const { membership, includes } = this.#options;
    return membership
      .members()
      .filter((member) => member.id !== this.selfId && includes(member))
      .map(({ id }) => id);
  }

  includes(member: Member): boolean {
    return this.#options.includes(member);
  }

  receive(handler: (from: string, bytes: Buffer) => void): () => void {
    return this.#options.messenger.on(this.#channel, (from, bytes) => {
      if (this.includes(from)) handler(from.id, bytes);
    });
  }

  /** Resolves when there is room for more; rejects when the member is not reached. */
  deliver(peer: string, bytes: Buffer): Promise<void> {
    return this.#options.messenger.send(peer, this.#channel, bytes);
  }

  /** Sends without waiting; false: dropped, because too much waits for the member. */
  push(peer: string, bytes: Buffer): boolean {
    const waiting = this.#waiting.get(peer) ?? 0;
    if (waiting + bytes.length > WAITING_BYTES_MAX) return false;
    this.#waiting.set(peer, waiting + bytes.length);
    const sent = this.deliver(peer, bytes)
      // Whoever was not reached asks for what is missing once it is there again.
      .catch(() => {})
      .finally(() => {
        this.#sends.delete(sent);
        this.#release(peer, bytes.length);
      });
    this.#sends.add(sent);
    return true;
  }

  pushToAll(bytes: Buffer): void {
    for (const peer of this.peers()) this.push(peer, bytes);
  }

  /** Resolves when nothing waits any more. */
  async settled(): Promise<void> {
    await Promise.all(this.#sends);
  }

  #release(peer: string, bytes: number): void {
    const waiting = (this.#waiting.get(peer) ?? 0) - bytes;
    if (waiting > 0) this.#waiting.set(peer, waiting);
    else this.#waiting.delete(peer);
  }
}
