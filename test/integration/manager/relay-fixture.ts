/** Workers with real management ports as members of a cluster that a test changes as it wants. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Member } from "../../../src/cluster/cluster.ts";
import { MEMBER_PROPERTIES } from "../../../src/cluster/member-properties.ts";
import { identityFingerprint } from "../../../src/net/tls/certificate-fingerprint.ts";
import { makeAuthority, makeLeaf } from "../../../src/net/tls/local-certificates.ts";
import { TraceRing } from "../../../src/mediation/trace/trace-ring.ts";
import { systemClock } from "../../../src/runtime/clock.ts";
import { LogDoor } from "../../../src/worker/log-door.ts";
import type { ManagerCheck } from "../../../src/worker/manager-door.ts";
import { ChangeDoor } from "../../../src/worker/change-door.ts";
import { TraceDoor } from "../../../src/worker/trace-door.ts";
import { ManagementListener } from "../../../src/worker/management-listener.ts";
import { type MadeLogs, makeLogs } from "../../helpers/made-logs.ts";
import { makeMember, RecordingCluster } from "../../helpers/recording-cluster.ts";

/** A cluster whose other members come and go as a test wants. */
export class ChangingCluster extends RecordingCluster {
  override readonly others: Member[] = [];
  readonly #leaveHandlers: ((member: Member) => void)[] = [];

  override on(event?: string, handler?: unknown): () => void {
    if (event === "left" && typeof handler === "function")
      this.#leaveHandlers.push((member) => void handler(member, "silent"));
    return () => {};
  }

  leave(name: string): void {
    const gone = this.others.filter((member) => member.name === name);
    this.others.splice(0, this.others.length, ...this.others.filter((one) => one.name !== name));
    for (const member of gone) for (const handler of this.#leaveHandlers) handler(member);
  }

  /** A worker whose management port is at 127.0.0.1. */
  memberAt(name: string, port: number, fingerprint: string): Member {
    return makeMember({
      id: `id of ${name}`,
      name,
      host: "127.0.0.1",
      port: 40_000 + this.others.length,
      role: "worker",
      ports: { management: port },
      properties: { [MEMBER_PROPERTIES.managementCertificate]: fingerprint },
    });
  }
}

/** A worker with a certificate of an authority that nobody else knows. */
export async function startMemberWorker(
  name: string,
  folder: string,
  cluster: ChangingCluster,
): Promise<{ readonly listener: ManagementListener; readonly made: MadeLogs }> {
  const authority = await makeAuthority("Another authority");
  const own = await makeLeaf(["elsewhere"], authority);
  const files = join(folder, name);
  mkdirSync(files);
  writeFileSync(join(files, "node.crt"), own.certificate);
  writeFileSync(join(files, "node.key"), own.key);
  const made = makeLogs(name);
  const traces = new TraceRing(systemClock);
  const isManager: ManagerCheck = (fingerprint) =>
    cluster
      .members()
      .some(
        ({ role, properties }) =>
          role === "manager" && properties[MEMBER_PROPERTIES.managementCertificate] === fingerprint,
      );
  const listener = await ManagementListener.start(
    {
      scheme: "https",
      bindAddress: "127.0.0.1",
      port: 0,
      proxyPort: undefined,
      proxyName: undefined,
      tls: {
        place: undefined,
        kind: "pem",
        certificateFile: join(files, "node.crt"),
        keyFile: join(files, "node.key"),
      },
    },
    {
      view: () => ({
        name,
        readiness: { missing: [], degraded: false },
        draining: false,
        removed: false,
        revision: "abc",
        artifacts: [],
        refused: undefined,
        managerUrl: undefined,
      }),
      logs: new LogDoor(made.logs, isManager),
      traces: new TraceDoor(traces, isManager),
      changes: new ChangeDoor({}, isManager),
    },
  );
  const fingerprint = identityFingerprint({ cert: own.certificate, key: own.key }) ?? "";
  cluster.others.push(cluster.memberAt(name, listener.port, fingerprint));
  return { listener, made };
}
