import assert from "node:assert/strict";
import { test } from "node:test";
import type { LeaseClaim, LeaseGrant, LeaseHolder } from "../../../src/cluster/lease.ts";
import type { JobGrant } from "../../../src/mediation/jobs/job.ts";
import { ClusterLease } from "../../../src/worker/cluster-lease.ts";
import { MemoryLog } from "../../helpers/memory-log.ts";
import { makeMember, RecordingCluster } from "../../helpers/recording-cluster.ts";

/** A cluster that grants when the test says so. */
class GrantingCluster extends RecordingCluster {
  readonly claims = new Map<string, LeaseHolder>();

  override lease(job: string, holder: LeaseHolder): LeaseClaim {
    this.claims.set(job, holder);
    return {
      release: () => {
        if (this.claims.get(job) === holder) this.claims.delete(job);
        return Promise.resolve();
      },
    };
  }
}

function grant(term: number, isHeld = true): LeaseGrant {
  return { term, isHeld: () => isHeld };
}

function setUp(state: "joining" | "active" = "active") {
  const cluster = new GrantingCluster(makeMember({ role: "worker", state }));
  const log = new MemoryLog();
  const lease = new ClusterLease({ cluster: () => cluster, log });
  const said: string[] = [];
  const holder = { gained: () => void said.push("gained"), lost: () => void said.push("lost") };
  return { cluster, lease, log, said, holder };
}

test("an active worker asks the cluster for each job and does it from the grant on", () => {
  const { cluster, lease, said, holder } = setUp();
  lease.claim("task T", holder);
  lease.claim("task U", holder);
  assert.deepEqual([...cluster.claims.keys()], ["task T", "task U"]);
  assert.deepEqual(said, []);
  cluster.claims.get("task T")?.gained(grant(7));
  assert.deepEqual(said, ["gained"]);
});

test("a worker that is still joining asks once it is active", () => {
  const { cluster, lease, holder } = setUp("joining");
  lease.claim("task T", holder);
  assert.equal(cluster.claims.size, 0);
  cluster.update({ state: "active" });
  lease.refresh();
  lease.refresh();
  assert.equal(cluster.claims.size, 1);
});

test("a worker that drains ends its jobs, keeps each from others until its run is over, and asks for no more", async () => {
  const { cluster, lease, said, holder } = setUp();
  const claim = lease.claim("task T", holder);
  lease.claim("not granted", holder);
  cluster.claims.get("task T")?.gained(grant(1));
  cluster.update({ state: "draining" });
  lease.refresh();
  lease.refresh();
  assert.deepEqual(said, ["gained", "lost"]);
  lease.claim("task U", holder);
  assert.deepEqual([...cluster.claims.keys()], ["task T"]);
  await claim.release();
  assert.equal(cluster.claims.size, 0);
});

test("closing ends every job and then gives it back", async () => {
  const { cluster, lease, said, holder } = setUp();
  let claimsAtLoss = -1;
  lease.claim("task T", { ...holder, lost: () => void (claimsAtLoss = cluster.claims.size) });
  cluster.claims.get("task T")?.gained(grant(1));
  await lease.close();
  assert.equal(claimsAtLoss, 1);
  assert.equal(cluster.claims.size, 0);
  assert.deepEqual(said, ["gained"]);
});

test("a loss stops the job and a later grant begins it again", () => {
  const { cluster, lease, log, said, holder } = setUp();
  lease.claim("task T", holder);
  cluster.claims.get("task T")?.gained(grant(1));
  cluster.claims.get("task T")?.lost();
  cluster.claims.get("task T")?.gained(grant(2));
  assert.deepEqual(said, ["gained", "lost", "gained"]);
  assert.equal(log.messages("warn").length, 1);
});

test("a job that was released hears no more and can be claimed again", async () => {
  const { cluster, lease, said, holder } = setUp();
  const claim = lease.claim("task T", holder);
  cluster.claims.get("task T")?.gained(grant(1));
  await claim.release();
  await claim.release();
  lease.claim("task T", holder);
  assert.equal(cluster.claims.size, 1);
  await lease.close();
  assert.deepEqual(said, ["gained"]);
});

test("a closed lease asks for nothing", async () => {
  const { cluster, lease, holder } = setUp();
  await lease.close();
  lease.claim("task T", holder);
  lease.refresh();
  assert.equal(cluster.claims.size, 0);
});

test("a job asks the cluster itself whether it is this worker's, though nobody has said that it is lost", () => {
  const { cluster, lease } = setUp();
  const answers: boolean[] = [];
  const gained = (held: JobGrant): void => void answers.push(held.isHeld());
  for (const job of ["task T", "task U"]) lease.claim(job, { gained, lost: () => undefined });
  cluster.claims.get("task T")?.gained(grant(1));
  cluster.claims.get("task U")?.gained(grant(1, false));
  assert.deepEqual(answers, [true, false]);
});
