/** A Cluster of given members that keeps what was told to it; for tests of what stands above membership. */
import {
  type Cluster,
  type ClusterMessage,
  type Member,
  type MemberUpdate,
} from "../../src/cluster/cluster.ts";
import type { LeaseClaim, LeaseHolder } from "../../src/cluster/lease.ts";
import type { ReplicatedMap } from "../../src/cluster/replicated-map.ts";

/** A member with everything that a test does not care about filled in. */
export function makeMember(given: Partial<Member> = {}): Member {
  return {
    id: "00000000-0000-4000-8000-000000000001",
    name: "10.0.0.2:4100",
    host: "10.0.0.2",
    port: 4100,
    role: "manager",
    domain: "wso2.carbon.domain",
    hostNames: {
      name: "10.0.0.2:4100",
      hostname: "10.0.0.2",
      domain: "",
      internalHostname: "10.0.0.2",
      internalDomain: "",
    },
    subDomain: "mgt",
    ports: { management: 9443 },
    properties: {},
    incarnation: 1,
    revision: undefined,
    state: "active",
    startedAtMs: 0,
    ...given,
  };
}

export class RecordingCluster implements Cluster {
  self: Member;
  readonly others: readonly Member[];
  readonly sent: ClusterMessage[] = [];

  constructor(self: Member, others: readonly Member[] = []) {
    this.self = self;
    this.others = others;
  }

  members(): readonly Member[] {
    return [this.self, ...this.others];
  }
  coordinator(): Member {
    return this.self;
  }
  on(): () => void {
    return () => {};
  }
  update(change: MemberUpdate): void {
    this.self = { ...this.self, ...change };
  }
  broadcast(topic: string, body: ClusterMessage["body"]): ClusterMessage {
    const message = { id: `message-${this.sent.length + 1}`, topic, body };
    this.sent.push(message);
    return message;
  }
  map(name: string): ReplicatedMap {
    throw new Error(`nobody is expected to use the map ${name} here`);
  }
  /** The node is the only one: it does every job. */
  lease(_job: string, holder: LeaseHolder): LeaseClaim {
    holder.gained({ term: 1, isHeld: () => true });
    return { release: () => Promise.resolve() };
  }
  close(): Promise<void> {
    return Promise.resolve();
  }
}
