/**
 * Starts members of the Hazelcast provider for the cluster contract, over the double or over real Hazelcast members.
 * Cutting off and vanishing are made between the provider and its store, so that both kinds of cluster are tested alike;
 * each world has names of its own in the store.
 */
import { randomUUID } from "node:crypto";
import { createServer } from "node:net";
import type { Cluster } from "../../src/cluster/cluster.ts";
import { openHazelcastStore } from "../../src/cluster/hazelcast/hazelcast-store.ts";
import { startHazelcast } from "../../src/cluster/hazelcast/start-hazelcast.ts";
import type {
  Store,
  StoreMap,
  StoreTopic,
  StoreWatcher,
} from "../../src/cluster/hazelcast/store.ts";
import type { Address } from "../../src/cluster/member-address.ts";
import { ClusterSecrets } from "../../src/cluster/secrets.ts";
import { systemClock } from "../../src/runtime/clock.ts";
import type { ClusterWorld, MemberSpec } from "./cluster-contract.ts";
import { MemoryLog } from "./memory-log.ts";

const HOST = "127.0.0.1";

/** Where the Hazelcast cluster is. */
export interface HazelcastPlace {
  readonly clusterName: string;
  readonly addresses: readonly Address[];
  /** Stops what the place needs. */
  readonly end: () => Promise<void>;
}

/** A store that a test can cut off. */
class CuttableStore implements Store {
  readonly #store: Store;
  #watcher: StoreWatcher | undefined;
  #isCut = false;

  constructor(store: Store) {
    this.#store = store;
  }

  get isConnected(): boolean {
    return this.#store.isConnected && !this.#isCut;
  }

  setCut(isCut: boolean): void {
    this.#isCut = isCut;
    if (isCut) this.#watcher?.disconnected();
    else this.#watcher?.connected();
  }

  watch(watcher: StoreWatcher): void {
    this.#watcher = watcher;
    const unlessCut = (call: () => void) => () => {
      if (!this.#isCut) call();
    };
    this.#store.watch({
      connected: unlessCut(() => watcher.connected()),
      disconnected: unlessCut(() => watcher.disconnected()),
      refused: unlessCut(() => watcher.refused()),
      serverLost: unlessCut(() => watcher.serverLost()),
    });
  }

  map(name: string): StoreMap {
    const map = this.#store.map(name);
    return {
      set: (key, value, ttlMs) => this.#pass(() => map.set(key, value, ttlMs)),
      get: (key, withinMs) => this.#pass(() => map.get(key, withinMs)),
      replace: (key, expected, next) => this.#pass(() => map.replace(key, expected, next)),
      delete: (key) => this.#pass(() => map.delete(key)),
      keys: () => this.#pass(() => map.keys()),
      entries: (withinMs) => this.#pass(() => map.entries(withinMs)),
      tryLock: (key, leaseMs) => this.#pass(() => map.tryLock(key, leaseMs)),
      unlock: (key) => this.#pass(() => map.unlock(key)),
      listen: (handler) =>
        map.listen((event) => {
          if (!this.#isCut) handler(event);
        }),
    };
  }

  topic(name: string): StoreTopic {
    const topic = this.#store.topic(name);
    return {
      publish: (value) => this.#pass(() => topic.publish(value)),
      listen: (handler) =>
        topic.listen((value) => {
          if (!this.#isCut) handler(value);
        }),
    };
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  #pass<Value>(call: () => Promise<Value>): Promise<Value> {
    return this.#isCut ? Promise.reject(new Error("cut off")) : call();
  }
}

export interface HazelcastWorld extends ClusterWorld {
  /** As `start`, with a log to look at. */
  startLogged(spec: MemberSpec, log: MemoryLog): Promise<Cluster>;
}

export async function makeHazelcastWorld(place: HazelcastPlace): Promise<HazelcastWorld> {
  const namespace = `contract-${randomUUID()}`;
  const running = new Map<Cluster, CuttableStore>();

  async function startLogged(spec: MemberSpec, log: MemoryLog): Promise<Cluster> {
    let store: CuttableStore | undefined;
    const cluster = await startHazelcast({
      settings: { members: place.addresses, command: undefined, folder: "" },
      domain: place.clusterName,
      local: { host: HOST, port: spec.port ?? 0 },
      wellKnown: [],
      secrets: new ClusterSecrets([spec.password ?? "one for all"]),
      self: {
        role: spec.role ?? "worker",
        subDomain: "worker",
        ports: { http: 8280, https: 8243 },
        properties: spec.properties ?? {},
      },
      registered: undefined,
      namespace,
      openStore: async (options) => (store = new CuttableStore(await openHazelcastStore(options))),
      environment: {},
      log,
      clock: systemClock,
      newId: randomUUID,
    });
    if (store) running.set(cluster, store);
    return cluster;
  }

  return {
    silentWithinMs: 5000,
    keepsViewWhenCut: true,
    startLogged,
    start: (spec) => startLogged(spec, new MemoryLog()),
    async vanish(member) {
      running.get(member)?.setCut(true);
      running.delete(member);
      await member.close();
    },
    cut: (member) => running.get(member)?.setCut(true),
    heal: (member) => running.get(member)?.setCut(false),
    freePort,
    pass,
    async end() {
      await Promise.all([...running.keys()].map((member) => member.close()));
      await place.end();
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  const { promise, resolve } = Promise.withResolvers<number>();
  server.listen(0, HOST, () => {
    const bound = server.address();
    resolve(typeof bound === "object" && bound ? bound.port : 0);
  });
  const port = await promise;
  await new Promise((closed) => void server.close(closed));
  return port;
}

/** Real time passes; the process stays alive meanwhile. */
function pass(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms));
}
