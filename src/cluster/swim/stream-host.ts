/**
 * What members do over streams: exchange their state and send one another messages. Opens streams, accepts them, and says what
 * each is for in its first frame: 1 a state exchange (one frame each way), 2 messages (the other side answers once, then they flow).
 */
import type { Duplex } from "node:stream";
import { type Clock, sleep } from "../../runtime/clock.ts";
import type { Member } from "../cluster.ts";
import { type Address, formatAddress } from "../member-address.ts";
import type { Claim } from "./claim.ts";
import type { Complaints } from "./complaints.ts";
import type { Keyring } from "./keyring.ts";
import { decodeClaims, encodeClaims } from "./packet-codec.ts";
import {
  acceptStream,
  openStream,
  type SealedStream,
  StreamFailure,
  type StreamParty,
} from "./sealed-stream.ts";
import { StreamMessenger } from "./stream-messenger.ts";
import type { Transport } from "./transport.ts";
import { Malformed } from "./wire-fields.ts";

const EXCHANGE = 1;
const MESSAGES = 2;
const ACCEPTED = Buffer.from([0]);

/** Greeting, first frame and a whole state exchange take this long at most. */
const STREAM_MS_MAX = 3000;
/** Streams of strangers at a time; further ones are closed at once. */
const UNPROVEN_MAX = 64;
/** Who sends messages may be known here a moment later than this node is known there; it is waited for so often, 100 ms each. */
const ACQUAINTANCE_TRIES = 30;
const ACQUAINTANCE_MS = 100;

export interface StreamHostOptions {
  readonly transport: Transport;
  readonly keyring: Keyring;
  readonly ownId: string;
  readonly domain: string;
  readonly complaints: Complaints;
  readonly clock: Clock;
  readonly memberOf: (id: string) => Member | undefined;
  /** Takes the state of a member and gives the own one. */
  readonly exchanged: (sender: string, claims: readonly Claim[]) => readonly Claim[];
}

export class StreamHost {
  readonly messenger: StreamMessenger;
  readonly #options: StreamHostOptions;
  readonly #open = new Set<Duplex>();
  #unproven = 0;

  constructor(options: StreamHostOptions) {
    const { clock, memberOf } = options;
    this.#options = options;
    this.messenger = new StreamMessenger({
      clock,
      memberOf,
      open: (member) => this.#openMessages(member),
    });
    options.transport.accept((stream, from) => void this.#serve(stream, from));
  }

  /** @throws StreamFailure, Malformed. */
  async exchange(to: Address, own: readonly Claim[]): Promise<readonly Claim[]> {
    const duplex = this.#track(this.#options.transport.connect(to));
    const deadline = this.#options.clock.after(STREAM_MS_MAX, () => duplex.destroy());
    try {
      const stream = await openStream(duplex, this.#party());
      await stream.write(Buffer.from([EXCHANGE]));
      await stream.write(encodeClaims(own));
      const answer = await stream.read();
      if (!answer) throw new StreamFailure("the other side closed without an answer");
      return decodeClaims(answer);
    } finally {
      deadline.cancel();
      duplex.destroy();
    }
  }

  close(): void {
    this.messenger.close();
    for (const stream of this.#open) stream.destroy();
  }

  async #openMessages(member: Member): Promise<SealedStream> {
    const duplex = this.#track(this.#options.transport.connect(member));
    const waitMs = STREAM_MS_MAX + ACQUAINTANCE_TRIES * ACQUAINTANCE_MS;
    const deadline = this.#options.clock.after(waitMs, () => duplex.destroy());
    try {
      const stream = await openStream(duplex, this.#party());
      if (stream.peerId !== member.id) throw new StreamFailure("another member is there now");
      await stream.write(Buffer.from([MESSAGES]));
      if (!(await stream.read(ACCEPTED.length))) throw new StreamFailure("it was not accepted");
      return stream;
    } catch (error) {
      duplex.destroy();
      throw error;
    } finally {
      deadline.cancel();
    }
  }

  async #serve(duplex: Duplex, from: Address): Promise<void> {
    if (this.#unproven >= UNPROVEN_MAX) {
      duplex.destroy();
      return;
    }
    this.#track(duplex);
    try {
      const { stream, purpose } = await this.#prove(duplex);
      if (purpose === EXCHANGE) await this.#answerExchange(stream);
      else if (purpose === MESSAGES) await this.#takeMessages(stream);
    } catch (error) {
      this.#complain(error, from);
    } finally {
      this.#finish(duplex);
    }
  }

  /** What was written may still go out. */
  #finish(duplex: Duplex): void {
    if (duplex.destroyed) return;
    const deadline = this.#options.clock.after(STREAM_MS_MAX, () => duplex.destroy());
    duplex.once("close", () => deadline.cancel());
    duplex.end();
    duplex.resume();
  }

  /** Reads the greeting and the first frame, which only a member can write. */
  async #prove(duplex: Duplex): Promise<{ stream: SealedStream; purpose: number }> {
    this.#unproven += 1;
    const deadline = this.#options.clock.after(STREAM_MS_MAX, () => duplex.destroy());
    try {
      const stream = await acceptStream(duplex, this.#party());
      const first = await stream.read(1);
      return { stream, purpose: first?.[0] ?? 0 };
    } finally {
      this.#unproven -= 1;
      deadline.cancel();
    }
  }

  async #answerExchange(stream: SealedStream): Promise<void> {
    const deadline = this.#options.clock.after(STREAM_MS_MAX, () => stream.destroy());
    try {
      const claims = await stream.read();
      if (!claims) return;
      const own = this.#options.exchanged(stream.peerId, decodeClaims(claims));
      await stream.write(encodeClaims(own));
    } finally {
      deadline.cancel();
    }
  }

  async #takeMessages(stream: SealedStream): Promise<void> {
    const { clock, memberOf } = this.#options;
    for (let tries = 0; !memberOf(stream.peerId) && tries < ACQUAINTANCE_TRIES; tries += 1)
      await sleep(clock, ACQUAINTANCE_MS);
    if (!memberOf(stream.peerId)) return;
    await stream.write(ACCEPTED);
    for (let frame = await stream.read(); frame; frame = await stream.read()) {
      const from = memberOf(stream.peerId);
      if (!from) return;
      this.messenger.deliver(from, frame);
    }
  }

  #party(): StreamParty {
    const { ownId, domain, keyring } = this.#options;
    return { ownId, domain, keys: keyring.keys };
  }

  #track(duplex: Duplex): Duplex {
    this.#open.add(duplex);
    duplex.once("close", () => this.#open.delete(duplex));
    // Failures reach whoever reads or writes; without a listener they would end the process.
    duplex.on("error", () => {});
    return duplex;
  }

  #complain(error: unknown, from: Address): void {
    const { complaints } = this.#options;
    if (error instanceof Malformed) {
      complaints.add(
        "malformed",
        `dropped a malformed stream from ${formatAddress(from)}: ${error.message}; does it run another version?`,
      );
    } else if (error instanceof StreamFailure && error.isForeign) {
      complaints.add(
        "foreign",
        `dropped a stream from ${formatAddress(from)} that does not authenticate: another domain, another groupPassword, or no member at all`,
      );
    }
  }
}
