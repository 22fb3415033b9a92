/** Starts members of the embedded provider for the cluster contract: over memory with a fake clock, or over UDP. */
import { randomUUID } from "node:crypto";
import { Duplex } from "node:stream";
import type { Cluster } from "../../src/cluster/cluster.ts";
import { deriveGroupKey } from "../../src/cluster/swim/group-key.ts";
import { Keyring } from "../../src/cluster/swim/keyring.ts";
import { startSwim } from "../../src/cluster/swim/start-swim.ts";
import { ReplicatingCluster } from "../../src/cluster/replicating-cluster.ts";
import type { BindTransport, Transport } from "../../src/cluster/swim/transport.ts";
import { udpBinder } from "../../src/cluster/swim/udp-transport.ts";
import { type Clock, sleep, systemClock } from "../../src/runtime/clock.ts";
import type { ClusterWorld, MemberSpec } from "./cluster-contract.ts";
import { FakeClock } from "./fake-clock.ts";
import { MemoryLog } from "./memory-log.ts";
import { MemoryNetwork } from "./memory-network.ts";

const HOST = "127.0.0.1";
const keys = new Map<string, Promise<Buffer>>();

/** The key of a password; derived once a process, for it is slow by design. */
export function keyOf(password: string): Promise<Buffer> {
  const known = keys.get(password) ?? deriveGroupKey("test.domain", password);
  keys.set(password, known);
  return known;
}

/** Starts one member of the embedded provider. */
export async function startMember(
  spec: MemberSpec,
  room: { readonly bind: BindTransport; readonly clock: Clock; readonly log?: MemoryLog },
): Promise<Cluster> {
  const log = room.log ?? new MemoryLog();
  const { clock } = room;
  const { membership, messenger } = await startSwim({
    domain: "test.domain",
    local: { host: HOST, port: spec.port ?? 0 },
    wellKnown: spec.wellKnown ?? [],
    keyring: new Keyring([await keyOf(spec.password ?? "one for all")]),
    self: {
      role: spec.role ?? "worker",
      ...(spec.name === undefined ? {} : { name: spec.name }),
      subDomain: "worker",
      ports: { http: 8280, https: 8243 },
      properties: spec.properties ?? {},
    },
    bind: room.bind,
    log,
    clock,
    newId: randomUUID,
  });
  return new ReplicatingCluster({
    membership,
    messenger,
    registered: undefined,
    clock,
    log,
    random: Math.random,
  });
}

/** A world in memory, and the means to look behind it. */
export interface MemoryWorld extends ClusterWorld {
  readonly network: MemoryNetwork;
  readonly clock: FakeClock;
  /** As `start`, with a log to look at. */
  startLogged(spec: MemberSpec, log: MemoryLog): Promise<Cluster>;
  /** Waits for a promise while time passes. */
  finish<Value>(promise: Promise<Value>): Promise<Value>;
}

export function makeMemoryWorld(): MemoryWorld {
  const clock = new FakeClock();
  const network = new MemoryNetwork(clock);
  const running = new Set<Cluster>();

  async function finish<Value>(promise: Promise<Value>): Promise<Value> {
    const state = { settled: false };
    const watched = promise.finally(() => (state.settled = true));
    watched.catch(() => {});
    while (!state.settled) await clock.advanceAsync(5, 5);
    return watched;
  }
  async function startLogged(spec: MemberSpec, log: MemoryLog): Promise<Cluster> {
    // The key is derived outside of fake time.
    await keyOf(spec.password ?? "one for all");
    const member = await finish(startMember(spec, { bind: network.bind, clock, log }));
    running.add(member);
    const close = member.close.bind(member);
    return Object.assign(member, { close: () => finish(close()) });
  }

  return {
    network,
    clock,
    finish,
    startLogged,
    start: (spec) => startLogged(spec, new MemoryLog()),
    async vanish(member) {
      network.vanish(member.self);
    },
    cut: (member) => network.cut(member.self),
    heal: (member) => network.join(member.self),
    freePort: () => Promise.resolve(4200),
    pass: (ms) => clock.advanceAsync(ms, 5),
    async end() {
      await Promise.all([...running].map((member) => member.close()));
    },
  };
}

/** A real socket that a test can close behind the back of its member, or cut off. */
interface Wire {
  readonly transport: Transport;
  readonly streams: Set<Duplex>;
  cut: boolean;
}

/** A world over real UDP on loopback, in real time. */
export function makeUdpWorld(): ClusterWorld {
  const log = new MemoryLog();
  const bindUdp = udpBinder(systemClock, log);
  const wires = new Map<number, Wire>();
  const running = new Set<Cluster>();

  const bind: BindTransport = async (address) => {
    const transport = await bindUdp(address);
    const wire: Wire = { transport, streams: new Set(), cut: false };
    wires.set(transport.port, wire);
    return {
      port: transport.port,
      send: (datagram, to) => {
        if (!wire.cut) transport.send(datagram, to);
      },
      receive: (handler) =>
        transport.receive((datagram, from) => {
          if (!wire.cut) handler(datagram, from);
        }),
      connect: (to) => keep(wire, wire.cut ? new Duplex({ read() {} }) : transport.connect(to)),
      accept: (handler) => transport.accept((stream, from) => handler(keep(wire, stream), from)),
      close: () => transport.close(),
    };
  };

  return {
    async start(spec) {
      const member = await startMember(spec, { bind, clock: systemClock, log });
      running.add(member);
      return member;
    },
    async vanish(member) {
      const wire = wires.get(member.self.port);
      if (!wire) return;
      setCut(wires, member, true);
      running.delete(member);
      await wire.transport.close();
      // Its timers end with a farewell that nobody hears.
      wire.transport.close = () => Promise.resolve();
      void member.close();
    },
    cut: (member) => setCut(wires, member, true),
    heal: (member) => setCut(wires, member, false),
    async freePort() {
      const transport = await bindUdp({ host: HOST, port: 0 });
      await transport.close();
      return transport.port;
    },
    pass: (ms) => sleepHere(ms),
    async end() {
      await Promise.all([...running].map((member) => member.close()));
    },
  };
}

function setCut(wires: ReadonlyMap<number, Wire>, member: Cluster, cut: boolean): void {
  const wire = wires.get(member.self.port);
  if (!wire) return;
  wire.cut = cut;
  if (cut) for (const stream of wire.streams) stream.destroy();
}

/** Streams of a member that is cut off break. */
function keep(wire: Wire, stream: Duplex): Duplex {
  wire.streams.add(stream);
  stream.once("close", () => wire.streams.delete(stream));
  if (wire.cut) stream.destroy();
  return stream;
}

/** As `sleep`, but keeps the process alive meanwhile. */
async function sleepHere(ms: number): Promise<void> {
  const keepAlive = setInterval(() => {}, 1000);
  await sleep(systemClock, ms);
  clearInterval(keepAlive);
}
