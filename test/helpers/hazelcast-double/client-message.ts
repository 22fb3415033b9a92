/**
 * Messages of the Hazelcast Open Client Protocol 2.x as frames: reading them off a socket, and building answers and
 * events. Written from the protocol's definition, for the double only: fragmented messages are not known.
 */

const HEAD_BYTES = 6;
const UNFRAGMENTED = 0xc000;
const FINAL = 1 << 13;
const BEGIN = 1 << 12;
const END = 1 << 11;
const NULL = 1 << 10;
const EVENT = 1 << 9;

interface Frame {
  readonly flags: number;
  readonly content: Buffer;
}

/** A request: its first frame, and the frames behind it one after the other. */
export class RequestMessage {
  readonly #frames: readonly Frame[];
  #next = 1;

  constructor(frames: readonly Frame[]) {
    this.#frames = frames;
  }

  get type(): number {
    return this.head.readInt32LE(0);
  }
  get correlation(): bigint {
    return this.head.readBigInt64LE(4);
  }
  /** The first frame; parameters of fixed size start at 16. */
  get head(): Buffer {
    return this.#frames[0]?.content ?? Buffer.alloc(0);
  }
  /** The next frame of variable size; undefined for null. */
  data(): Buffer | undefined {
    const frame = this.#frames[this.#next];
    this.#next += 1;
    return frame && !(frame.flags & NULL) ? frame.content : undefined;
  }
  text(): string {
    return this.data()?.toString("utf8") ?? "";
  }
}

/** Cuts what a socket brings into messages. */
export class MessageReader {
  #rest: Buffer = Buffer.alloc(0);
  #frames: Frame[] = [];

  *read(chunk: Buffer): Generator<RequestMessage> {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    while (this.#rest.length >= HEAD_BYTES) {
      const length = this.#rest.readInt32LE(0);
      if (this.#rest.length < length) return;
      const flags = this.#rest.readUInt16LE(4);
      this.#frames.push({ flags, content: Buffer.from(this.#rest.subarray(HEAD_BYTES, length)) });
      this.#rest = this.#rest.subarray(length);
      if (!(flags & FINAL)) continue;
      yield new RequestMessage(this.#frames);
      this.#frames = [];
    }
  }
}

/** Builds an answer or an event. */
export class MessageBuilder {
  readonly #frames: Frame[];

  private constructor(flags: number, content: Buffer) {
    this.#frames = [{ flags: UNFRAGMENTED | flags, content }];
  }

  /** Fixed parameters of an answer start behind the number of backups that were acknowledged. */
  static answer(request: RequestMessage, fixed: Buffer = Buffer.alloc(0)): MessageBuilder {
    return new MessageBuilder(0, answerHead(request.type + 1, request.correlation, fixed));
  }

  /** `correlation` is the one of the request that registered the listener. */
  static event(type: number, correlation: bigint, fixed: Buffer): MessageBuilder {
    const head = Buffer.alloc(16);
    head.writeInt32LE(type, 0);
    head.writeBigInt64LE(correlation, 4);
    head.writeInt32LE(-1, 12);
    return new MessageBuilder(EVENT, Buffer.concat([head, fixed]));
  }

  static error(request: RequestMessage, code: number, className: string): MessageBuilder {
    const error = new MessageBuilder(0, answerHead(0, request.correlation, Buffer.alloc(0)));
    return error
      .begin()
      .begin()
      .data(int(code))
      .text(className)
      .text("from the double")
      .begin()
      .end()
      .end()
      .end();
  }

  begin(): this {
    return this.#add(BEGIN, Buffer.alloc(0));
  }
  end(): this {
    return this.#add(END, Buffer.alloc(0));
  }
  /** Undefined: null. */
  data(content: Buffer | undefined): this {
    return content ? this.#add(0, content) : this.#add(NULL, Buffer.alloc(0));
  }
  text(content: string): this {
    return this.#add(0, Buffer.from(content, "utf8"));
  }

  bytes(): Buffer {
    const last = this.#frames.length - 1;
    const parts = this.#frames.flatMap(({ flags, content }, index) => {
      const head = Buffer.alloc(HEAD_BYTES);
      head.writeInt32LE(content.length + HEAD_BYTES, 0);
      head.writeUInt16LE(index === last ? flags | FINAL : flags, 4);
      return [head, content];
    });
    return Buffer.concat(parts);
  }

  #add(flags: number, content: Buffer): this {
    this.#frames.push({ flags, content });
    return this;
  }
}

function answerHead(type: number, correlation: bigint, fixed: Buffer): Buffer {
  const head = Buffer.alloc(13);
  head.writeInt32LE(type, 0);
  head.writeBigInt64LE(correlation, 4);
  return Buffer.concat([head, fixed]);
}

export function int(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}

export function long(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt(value));
  return bytes;
}

export function bool(value: boolean): Buffer {
  return Buffer.from([value ? 1 : 0]);
}
