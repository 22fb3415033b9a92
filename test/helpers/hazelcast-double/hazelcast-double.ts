/**
 * A double of a Hazelcast cluster with one member: a TCP server that speaks the part of the Open Client Protocol 2.x that the
 * provider's calls use, and no more; any other request is answered with an error. It can be stopped (its memory is
 * lost, as a cluster's is), frozen as by SIGSTOP, and made to stall on chosen keys, as one frozen member of several does.
 */
import { randomBytes } from "node:crypto";
import { createServer, type Server, type Socket } from "node:net";
import {
  bool,
  int,
  long,
  MessageBuilder,
  MessageReader,
  type RequestMessage,
} from "./client-message.ts";
import { type MapChange, StoredMap } from "./stored-map.ts";
import { StoredRing } from "./stored-ring.ts";

const HOST = "127.0.0.1";
const PARTITIONS = 7;
const CLIENT_PREFIX_BYTES = 3;
const REQUEST = {
  authentication: 0x000100,
  clusterView: 0x000300,
  createProxy: 0x000400,
  ping: 0x000b00,
  statistics: 0x000c00,
  createProxies: 0x000e00,
  backupListener: 0x000f00,
  schemas: 0x001500,
  mapGet: 0x010200,
  mapReplaceIfSame: 0x010500,
  mapDelete: 0x010900,
  mapPutIfAbsent: 0x010e00,
  mapSet: 0x010f00,
  mapTryLock: 0x011100,
  mapAddListener: 0x011900,
  mapKeySet: 0x012200,
  mapEntrySet: 0x012500,
  mapForceUnlock: 0x013300,
  ringTail: 0x170200,
  ringAdd: 0x170600,
  ringRead: 0x170900,
} as const;
const MEMBERS_VIEW = 0x000302;
const PARTITIONS_VIEW = 0x000303;
const ENTRY_EVENT = 0x011902;
const ILLEGAL_ARGUMENT = 23;
const UNSUPPORTED = 61;

interface Connection {
  readonly socket: Socket;
  client: string;
  readonly end: (() => void)[];
}

export class HazelcastDouble {
  readonly clusterName: string;
  /** Requests that are never answered: by the name of the map and the bytes of the key. */
  stalls: (map: string, key: Buffer) => boolean = () => false;
  /** Changes of these maps are told to nobody. */
  losesEvents: (map: string) => boolean = () => false;
  /** Types of requests that came. */
  readonly seenTypes = new Set<number>();
  readonly #connections = new Set<Connection>();
  readonly #memberId = uuid();
  #clusterId = uuid();
  #server: Server | undefined;
  #port = 0;
  #maps = new Map<string, StoredMap>();
  #rings = new Map<string, StoredRing>();
  #held: (() => void)[] | undefined;

  constructor(clusterName: string) {
    this.clusterName = clusterName;
  }

  get address(): { readonly host: string; readonly port: number } {
    return { host: HOST, port: this.#port };
  }

  /** Listens, after `stop` on the same port. */
  async start(): Promise<void> {
    const server = createServer((socket) => this.#accept(socket));
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.once("error", reject);
    server.listen(this.#port, HOST, () => resolve());
    await promise;
    this.#server = server;
    const bound = server.address();
    if (typeof bound === "object" && bound) this.#port = bound.port;
  }

  /** As a kill of all members. */
  async stop(): Promise<void> {
    for (const { socket } of this.#connections) socket.destroy();
    const { promise, resolve } = Promise.withResolvers<void>();
    if (this.#server) this.#server.close(() => resolve());
    else resolve();
    await promise;
    this.#server = undefined;
    this.#maps = new Map();
    this.#rings = new Map();
    this.#held = undefined;
    this.#clusterId = uuid();
  }

  /** As SIGSTOP: connections stay, nothing is answered. */
  freeze(): void {
    this.#held ??= [];
  }

  /** As SIGCONT. */
  thaw(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const work of held) work();
  }

  #accept(socket: Socket): void {
    const connection: Connection = { socket, client: "", end: [] };
    const reader = new MessageReader();
    let prefixLeft = CLIENT_PREFIX_BYTES;
    this.#connections.add(connection);
    socket.on("data", (chunk: Buffer) => {
      const skipped = Math.min(prefixLeft, chunk.length);
      prefixLeft -= skipped;
      for (const message of reader.read(chunk.subarray(skipped)))
        this.#later(() => this.#handle(connection, message));
    });
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      this.#connections.delete(connection);
      for (const end of connection.end) end();
    });
  }

  #later(work: () => void): void {
    if (this.#held) this.#held.push(work);
    else work();
  }

  #handle(connection: Connection, request: RequestMessage): void {
    this.seenTypes.add(request.type);
    const send = (message: MessageBuilder): void => {
      if (connection.socket.writable) connection.socket.write(message.bytes());
    };
    switch (request.type) {
      case REQUEST.authentication:
        return send(this.#authenticate(connection, request));
      case REQUEST.clusterView:
        send(MessageBuilder.answer(request));
        send(this.#membersView(request));
        return send(this.#partitionsView(request));
      case REQUEST.backupListener:
        return send(MessageBuilder.answer(request, uuid()));
      case REQUEST.createProxy:
      case REQUEST.createProxies:
      case REQUEST.ping:
      case REQUEST.statistics:
      case REQUEST.schemas:
        return send(MessageBuilder.answer(request));
      case REQUEST.ringTail:
      case REQUEST.ringAdd:
      case REQUEST.ringRead:
        return this.#handleRing(request, send);
      default:
        return this.#handleMap(connection, request, send);
    }
  }

  #authenticate(connection: Connection, request: RequestMessage): MessageBuilder {
    connection.client = request.head.subarray(17, 33).toString("hex");
    const isKnown = request.text() === this.clusterName;
    const fixed = [
      Buffer.from([isKnown ? 0 : 1]),
      this.#memberId,
      Buffer.from([1]),
      int(PARTITIONS),
      this.#clusterId,
      bool(false),
    ];
    const answer = MessageBuilder.answer(request, Buffer.concat(fixed));
    return this.#address(answer).text("5.0.0");
  }

  #address(message: MessageBuilder): MessageBuilder {
    return message.begin().data(int(this.#port)).text(HOST).end();
  }

  #membersView(request: RequestMessage): MessageBuilder {
    const view = MessageBuilder.event(MEMBERS_VIEW, request.correlation, int(1));
    view
      .begin()
      .begin()
      .data(Buffer.concat([this.#memberId, bool(false)]));
    this.#address(view).begin().end();
    return view
      .begin()
      .data(Buffer.from([5, 0, 0]))
      .end()
      .begin()
      .end()
      .end()
      .end();
  }

  #partitionsView(request: RequestMessage): MessageBuilder {
    const all = Array.from({ length: PARTITIONS }, (_, index) => int(index));
    return MessageBuilder.event(PARTITIONS_VIEW, request.correlation, int(1))
      .begin()
      .data(Buffer.concat(all))
      .end()
      .data(this.#memberId);
  }

  #handleRing(request: RequestMessage, send: (message: MessageBuilder) => void): void {
    const name = request.text();
    const ring = this.#rings.get(name) ?? new StoredRing();
    this.#rings.set(name, ring);
    if (request.type === REQUEST.ringTail)
      return send(MessageBuilder.answer(request, long(ring.tail)));
    if (request.type === REQUEST.ringAdd) {
      const sequence = ring.add(request.data() ?? Buffer.alloc(0));
      return send(MessageBuilder.answer(request, long(sequence)));
    }
    const from = Number(request.head.readBigInt64LE(16));
    const isPossible = ring.read(from, request.head.readInt32LE(28), ({ items, nextSequence }) => {
      const fixed = Buffer.concat([int(items.length), long(nextSequence)]);
      const answer = MessageBuilder.answer(request, fixed).begin();
      for (const item of items) answer.data(item);
      send(answer.end().data(undefined));
    });
    if (!isPossible)
      send(MessageBuilder.error(request, ILLEGAL_ARGUMENT, "java.lang.IllegalArgumentException"));
  }

  #handleMap(
    connection: Connection,
    request: RequestMessage,
    send: (message: MessageBuilder) => void,
  ): void {
    const name = request.text();
    const map = this.#maps.get(name) ?? new StoredMap();
    this.#maps.set(name, map);
    if (request.type === REQUEST.mapAddListener) {
      const listener = (change: MapChange): void => {
        if (!this.losesEvents(name)) this.#later(() => send(entryEvent(request, change)));
      };
      map.listeners.add(listener);
      connection.end.push(() => map.listeners.delete(listener));
      return send(MessageBuilder.answer(request, uuid()));
    }
    if (request.type === REQUEST.mapEntrySet || request.type === REQUEST.mapKeySet) {
      const stalled = map.entries().some(([key]) => this.stalls(name, key));
      if (!stalled) send(listing(request, map));
      return;
    }
    const key = request.data() ?? Buffer.alloc(0);
    if (!this.stalls(name, key)) send(this.#handleKey(map, key, request, connection.client));
  }

  #handleKey(map: StoredMap, key: Buffer, request: RequestMessage, client: string): MessageBuilder {
    const { head } = request;
    const data = (): Buffer => request.data() ?? Buffer.alloc(0);
    switch (request.type) {
      case REQUEST.mapSet:
        map.set(key, data(), Number(head.readBigInt64LE(24)));
        return MessageBuilder.answer(request);
      case REQUEST.mapGet:
        return MessageBuilder.answer(request).data(map.get(key));
      case REQUEST.mapDelete:
        map.delete(key);
        return MessageBuilder.answer(request);
      case REQUEST.mapPutIfAbsent: {
        const present = map.get(key);
        if (!present) map.set(key, data(), Number(head.readBigInt64LE(24)));
        return MessageBuilder.answer(request).data(present);
      }
      case REQUEST.mapReplaceIfSame: {
        const isSame = map.get(key)?.equals(data()) ?? false;
        if (isSame) map.set(key, data(), 0);
        return MessageBuilder.answer(request, bool(isSame));
      }
      case REQUEST.mapTryLock: {
        const owner = `${client} ${head.readBigInt64LE(16)}`;
        const isTaken = map.tryLock(key, owner, Number(head.readBigInt64LE(24)));
        return MessageBuilder.answer(request, bool(isTaken));
      }
      case REQUEST.mapForceUnlock:
        map.forceUnlock(key);
        return MessageBuilder.answer(request);
      default:
        return MessageBuilder.error(
          request,
          UNSUPPORTED,
          "java.lang.UnsupportedOperationException",
        );
    }
  }
}

function listing(request: RequestMessage, map: StoredMap): MessageBuilder {
  const answer = MessageBuilder.answer(request).begin();
  for (const [key, value] of map.entries()) {
    answer.data(key);
    if (request.type === REQUEST.mapEntrySet) answer.data(value);
  }
  return answer.end();
}

function entryEvent(request: RequestMessage, { type, key, value }: MapChange): MessageBuilder {
  const fixed = Buffer.concat([int(type), uuid(), int(1)]);
  return MessageBuilder.event(ENTRY_EVENT, request.correlation, fixed)
    .data(key)
    .data(value)
    .data(undefined)
    .data(undefined);
}

/** A new UUID in the protocol's form: not null, 16 bytes. */
function uuid(): Buffer {
  return Buffer.concat([Buffer.from([0]), randomBytes(16)]);
}
