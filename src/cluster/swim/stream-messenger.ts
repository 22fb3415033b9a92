/**
 * `PeerMessenger` over sealed streams: one stream to each member that something was sent to, opened with the first message and
 * closed when it was idle for long or the member is gone. The queue to a member is bounded; who awaits `send` never meets the bound.
 */
import { AppError, messageOf } from "../../errors/app-error.ts";
import type { Clock, Timer } from "../../runtime/clock.ts";
import type { Member } from "../cluster.ts";
import { PEER_MESSAGE_BYTES_MAX, type PeerMessenger } from "../peer-messenger.ts";
import type { SealedStream } from "./sealed-stream.ts";

/** Bytes that wait for one member; a further message is refused. */
export const QUEUED_BYTES_MAX = 8 * 1024 * 1024;
/** Length of a channel's name, in bytes. */
const CHANNEL_BYTES_MAX = 255;
/** A stream without messages is closed after so long. */
const IDLE_MS = 60_000;

type Handler = (from: Member, body: Buffer) => void;

export interface StreamMessengerOptions {
  readonly clock: Clock;
  /** A live member of this id. */
  readonly memberOf: (id: string) => Member | undefined;
  /** Opens a stream that the member has accepted for messages. */
  readonly open: (member: Member) => Promise<SealedStream>;
}

/** What goes to one member. */
interface Line {
  queuedBytes: number;
  turn: Promise<void>;
  stream: SealedStream | undefined;
  idle: Timer | undefined;
}

export class StreamMessenger implements PeerMessenger {
  readonly #options: StreamMessengerOptions;
  readonly #handlers = new Map<string, Handler>();
  readonly #lines = new Map<string, Line>();
  #isClosed = false;

  constructor(options: StreamMessengerOptions) {
    this.#options = options;
  }

  send(memberId: string, channel: string, body: Buffer): Promise<void> {
    const name = Buffer.from(channel, "utf8");
    if (name.length > CHANNEL_BYTES_MAX || body.length > PEER_MESSAGE_BYTES_MAX)
      return refusal(`a message of ${body.length} bytes on "${channel}" is too large`);
    const line = this.#lineTo(memberId);
    if (line.queuedBytes + body.length > QUEUED_BYTES_MAX)
      return refusal(`${line.queuedBytes} bytes wait for member [${memberId}] already`);
    line.queuedBytes += body.length;
    const frame = Buffer.concat([Buffer.from([name.length]), name, body]);
    const turn = line.turn
      .then(() => this.#write(memberId, line, frame))
      .finally(() => {
        line.queuedBytes -= body.length;
      });
    line.turn = turn.catch(() => {});
    return turn;
  }

  on(channel: string, handler: Handler): () => void {
    this.#handlers.set(channel, handler);
    return () => {
      if (this.#handlers.get(channel) === handler) this.#handlers.delete(channel);
    };
  }

  /** Takes a frame that the member sent; a frame without a channel is dropped. */
  deliver(from: Member, frame: Buffer): void {
    const length = frame[0] ?? 0;
    const channel = frame.subarray(1, 1 + length).toString("utf8");
    this.#handlers.get(channel)?.(from, frame.subarray(1 + length));
  }

  /** The member is gone; what waits for it is rejected. */
  forget(memberId: string): void {
    const line = this.#lines.get(memberId);
    this.#lines.delete(memberId);
    if (line) hangUp(line);
  }

  close(): void {
    this.#isClosed = true;
    for (const id of this.#lines.keys()) this.forget(id);
  }

  #lineTo(memberId: string): Line {
    const known = this.#lines.get(memberId);
    if (known) return known;
    const line: Line = {
      queuedBytes: 0,
      turn: Promise.resolve(),
      stream: undefined,
      idle: undefined,
    };
    // A line to nobody is rejected at its first message and not kept.
    if (this.#options.memberOf(memberId)) this.#lines.set(memberId, line);
    return line;
  }

  async #write(memberId: string, line: Line, frame: Buffer): Promise<void> {
    try {
      line.stream ??= await this.#dial(memberId, line);
      line.idle?.cancel();
      line.idle = this.#options.clock.every(IDLE_MS, () => hangUp(line));
      await line.stream.write(frame);
    } catch (error) {
      hangUp(line);
      if (error instanceof AppError) throw error;
      throw unreachable(memberId, messageOf(error), error);
    }
  }

  async #dial(memberId: string, line: Line): Promise<SealedStream> {
    const member = this.#options.memberOf(memberId);
    if (!member || this.#isClosed) throw unreachable(memberId, "it is no live member");
    const stream = await this.#options.open(member);
    // Nothing comes back but the end, which is noticed only by who reads.
    const ended = (): void => {
      if (line.stream === stream) hangUp(line);
      else stream.destroy();
    };
    stream.read().then(ended, ended);
    return stream;
  }
}

function hangUp(line: Line): void {
  line.idle?.cancel();
  line.idle = undefined;
  line.stream?.destroy();
  line.stream = undefined;
}

function unreachable(memberId: string, reason: string, cause?: unknown): AppError {
  const message = `a message to member [${memberId}] cannot be delivered: ${reason}`;
  return new AppError("NODE_UNREACHABLE", message, { side: "peer", cause });
}

function refusal(message: string): Promise<never> {
  return Promise.reject(new AppError("CLUSTER_LIMIT", message));
}
