import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ADMIN, killAt, makeBarrierWorld, proxy, settle } from "../../../helpers/barrier-world.ts";
import { proxyPath, proxyXml } from "../../../helpers/toy-compile.ts";

const FAULT = {
  reason: "is signed by the unknown key SHA256:abc",
  advice: "If you know whose key it is, make it known with `bascule signers add NAME KEY.pub`",
};

function file(name: string, inside?: string) {
  return [{ path: proxyPath(name), content: Buffer.from(proxyXml(name, inside)) }];
}

async function startWithFirst() {
  const world = await makeBarrierWorld(2);
  const manager = world.start();
  await manager.deploy(proxy("P"), ADMIN);
  const first = await world.publisher.live();
  return { ...world, manager, first };
}

describe("a push to main", () => {
  it("goes through the same barrier under its author's name", async () => {
    const { manager, publisher, workers, store } = await startWithFirst();
    const pushed = publisher.push(file("Q"), "add Q", "bob");
    const result = await manager.lookAtMain();
    assert.ok(result?.kind === "deployed");
    assert.deepEqual(await publisher.refs(), { main: pushed, live: pushed });
    assert.deepEqual(workers.revisions, [pushed]);
    const [row] = await store.journal.list(1);
    assert.deepEqual([row?.who, row?.via, row?.action], ["bob", "push", "push"]);
    assert.deepEqual(row?.artifacts, [{ kind: "proxy-service", name: "Q", path: proxyPath("Q") }]);
    assert.equal(await manager.lookAtMain(), undefined);
  });

  it("that is unsigned or foreign is not deployed, which is journaled once with the way out", async () => {
    const { manager, publisher, store, first, start } = await startWithFirst();
    const pushed = publisher.push(file("Q"), "add Q", "mallory");
    publisher.faults.set(pushed, { commit: pushed, author: "mallory", ...FAULT });
    const result = await manager.lookAtMain();
    assert.ok(result?.kind === "refused");
    assert.match(result.problems[0]?.message ?? "", /by mallory is signed by the unknown key/);
    assert.match(result.problems[0]?.message ?? "", /bascule signers add/);
    assert.equal(await manager.lookAtMain(), undefined);
    const next = start();
    await next.recover();
    assert.equal(await next.lookAtMain(), undefined);
    assert.deepEqual(await publisher.refs(), { main: pushed, live: first });
    assert.equal((await store.journal.list(10)).length, 2);
    assert.ok((await publisher.candidates()).some(({ commit }) => commit === pushed));
  });

  it("that is faulty does not block the next deploy, which leaves it out and says so", async () => {
    const { manager, publisher, first, workers } = await startWithFirst();
    const pushed = publisher.push(file("Q", "FAULT"), "add Q", "bob");
    assert.equal((await manager.lookAtMain())?.kind, "refused");
    const result = await manager.deploy(proxy("R"), ADMIN);
    assert.ok(result.kind === "deployed");
    const made = publisher.commits.at(-1);
    assert.deepEqual(made?.parents, [first, pushed]);
    assert.deepEqual([...(made?.tree.keys() ?? [])], [proxyPath("P"), proxyPath("R")]);
    assert.match(result.notes.join(), new RegExp(`${pushed} was refused.* left out`));
    assert.deepEqual(await publisher.refs(), { main: result.commit, live: result.commit });
    assert.deepEqual(workers.revisions, [result.commit]);
    assert.equal(await manager.lookAtMain(), undefined);
  });

  it("that mends a refused one goes live", async () => {
    const { manager, publisher } = await startWithFirst();
    publisher.push(file("Q", "FAULT"), "add Q", "bob");
    await manager.lookAtMain();
    const mended = publisher.push(file("Q"), "mend Q", "bob");
    assert.equal((await manager.lookAtMain())?.kind, "deployed");
    assert.equal(await publisher.live(), mended);
  });

  it("that nobody has looked at yet goes live before the next deploy, which builds on it", async () => {
    const { manager, publisher } = await startWithFirst();
    const pushed = publisher.push(file("Q"), "add Q", "bob");
    const result = await manager.deploy(proxy("R"), ADMIN);
    assert.ok(result.kind === "deployed");
    assert.deepEqual(publisher.commits.at(-1)?.parents, [pushed]);
    assert.equal(publisher.commits.at(-1)?.tree.size, 3);
  });

  it("while a deploy runs waits its turn: both are in the end", async () => {
    const { publisher, start, store } = await startWithFirst();
    let pushed: string | undefined;
    const onStep = (step: string): void => {
      if (step === "after stage") pushed ??= publisher.push(file("Q"), "add Q", "bob");
    };
    const result = await start({ onStep }).deploy(proxy("R"), ADMIN);
    assert.ok(result.kind === "deployed");
    const made = publisher.commits.at(-1);
    assert.deepEqual(made?.parents, [pushed]);
    assert.deepEqual(
      [...(made?.tree.keys() ?? [])],
      [proxyPath("P"), proxyPath("Q"), proxyPath("R")],
    );
    const outcomes = (await store.journal.list(10)).map(({ action, outcome }) => [action, outcome]);
    assert.deepEqual(outcomes.slice(0, 3), [
      ["deploy", "deployed"],
      ["push", "deployed"],
      ["deploy", "interrupted"],
    ]);
  });

  it("that a worker could not take is tried again at the next look", async () => {
    const { manager, publisher, workers } = await startWithFirst();
    const pushed = publisher.push(file("Q"), "add Q", "bob");
    const [one] = workers.all;
    if (one) one.behaviour = { kind: "failed", reason: "the disk is full" };
    assert.equal((await manager.lookAtMain())?.kind, "failed");
    if (one) one.behaviour = { kind: "ready" };
    assert.equal((await manager.lookAtMain())?.kind, "deployed");
    assert.equal(await publisher.live(), pushed);
  });

  it("is looked at again once who may push has changed", async () => {
    const { manager, publisher } = await startWithFirst();
    const pushed = publisher.push(file("Q"), "add Q", "mallory");
    publisher.faults.set(pushed, { commit: pushed, author: "mallory", ...FAULT });
    await manager.lookAtMain();
    const changed = await manager.changeSigners(() => Buffer.from("bob ssh-ed25519 AAAA\n"), ADMIN);
    assert.ok(changed.kind === "deployed");
    assert.equal(publisher.commits.at(-1)?.parents[1], pushed);
  });

  it("by somebody who is made known then goes live with that, by a commit of the manager on top of both", async () => {
    const { manager, publisher, first, workers, store } = await startWithFirst();
    const pushed = publisher.push(file("Q"), "add Q", "mallory");
    publisher.faults.set(pushed, { commit: pushed, author: "mallory", ...FAULT });
    await manager.lookAtMain();
    const signers = Buffer.from("mallory ssh-ed25519 AAAA\n");
    const changed = await manager.changeSigners(() => signers, ADMIN);
    assert.ok(changed.kind === "deployed");
    assert.match(changed.notes.join(), new RegExp(`${pushed} is live now: deployment`));
    const made = publisher.commits.at(-1);
    assert.deepEqual(made?.parents, [changed.commit, pushed]);
    const named = publisher.commits.find(({ commit }) => commit === changed.commit);
    assert.deepEqual(named?.parents, [first]);
    assert.deepEqual(await publisher.refs(), { main: made?.commit, live: made?.commit });
    assert.deepEqual(
      [...(made?.tree.keys() ?? [])],
      [proxyPath("P"), ".bascule/allowed_signers", proxyPath("Q")],
    );
    assert.deepEqual(workers.revisions, [made?.commit]);
    const [row] = await store.journal.list(1);
    assert.deepEqual([row?.who, row?.action, row?.outcome], ["mallory", "push", "deployed"]);
    assert.equal(await manager.lookAtMain(), undefined);
  });

  it("by somebody who is made known stays out where it is faulty, and the next deploy goes on without it", async () => {
    const { manager, publisher } = await startWithFirst();
    const pushed = publisher.push(file("Q", "FAULT"), "add Q", "mallory");
    publisher.faults.set(pushed, { commit: pushed, author: "mallory", ...FAULT });
    await manager.lookAtMain();
    const signers = Buffer.from("mallory ssh-ed25519 AAAA\n");
    const changed = await manager.changeSigners(() => signers, ADMIN);
    assert.ok(changed.kind === "deployed");
    assert.match(changed.notes.join(), /looked at again and is refused/);
    assert.equal(await publisher.live(), changed.commit);
    const next = await manager.deploy(proxy("R"), ADMIN);
    assert.ok(next.kind === "deployed");
    assert.deepEqual(publisher.commits.at(-1)?.parents, [changed.commit, pushed]);
  });

  it("from before who may push has changed is merged, but not where artifacts have changed since", async () => {
    const { manager, publisher, first } = await startWithFirst();
    await manager.changeSigners(() => Buffer.from("bob ssh-ed25519 AAAA\n"), ADMIN);
    const live = await publisher.live();
    const pushed = publisher.pushOnto(first ?? "", file("Q"), "bob");
    assert.equal((await manager.lookAtMain())?.kind, "deployed");
    assert.deepEqual(publisher.commits.at(-1)?.parents, [live, pushed]);
    publisher.pushOnto(first ?? "", file("R"), "bob");
    const late = await manager.lookAtMain();
    assert.ok(late?.kind === "refused");
    assert.match(late.problems[0]?.message ?? "", /does not come after what is live/);
  });

  it("of a candidate that was not taken is refused until an admin asks for it", async () => {
    const { manager, publisher, workers, first } = await startWithFirst();
    const [one] = workers.all;
    if (one) one.behaviour = { kind: "failed", reason: "the disk is full" };
    const failed = await manager.deploy(proxy("Q"), ADMIN);
    assert.ok(failed.kind === "failed");
    if (one) one.behaviour = { kind: "ready" };
    publisher.setMain(failed.commit);
    const result = await manager.lookAtMain();
    assert.ok(result?.kind === "refused");
    assert.match(result.problems[0]?.message ?? "", /it was not taken: deploy it again/);
    assert.equal(await publisher.live(), first);
    assert.equal((await manager.retryMain())?.kind, "deployed");
  });

  it("of which the manager was killed while it staged is taken by the next manager", async () => {
    const { publisher, start, workers } = await startWithFirst();
    const pushed = publisher.push(file("Q"), "add Q", "bob");
    const { onStep, killed } = killAt("after stage");
    void start({ onStep }).lookAtMain();
    await killed;
    await settle();
    const next = start();
    await next.recover();
    assert.equal((await next.lookAtMain())?.kind, "deployed");
    assert.deepEqual(workers.revisions, [pushed]);
  });
});

describe("live", () => {
  it("without a manager's signature is taken over with the same files", async () => {
    const { publisher, start, store, announced } = await makeBarrierWorld(1);
    const old = await publisher.commit(file("P"), "of an earlier version", ADMIN);
    await publisher.moveLive(old, undefined);
    publisher.faults.set(old, { commit: old, author: "x", reason: "is not signed", advice: "" });
    await start().recover();
    const live = await publisher.live();
    assert.notEqual(live, old);
    assert.deepEqual(publisher.commits.at(-1)?.parents, [old]);
    assert.equal(publisher.commits.at(-1)?.tree.size, 1);
    assert.deepEqual(await publisher.refs(), { main: live, live });
    assert.deepEqual(announced, [live]);
    const [row] = await store.journal.list(1);
    assert.deepEqual([row?.action, row?.outcome], ["take over", "deployed"]);
  });

  it("that somebody unknown has moved goes back to where the manager left it", async () => {
    const { publisher, manager, first, log } = await startWithFirst();
    const foreign = publisher.push(file("X"), "evil", "mallory");
    publisher.faults.set(foreign, { commit: foreign, author: "mallory", ...FAULT });
    await publisher.moveLive(foreign, first);
    await manager.lookAtMain();
    assert.equal(await publisher.live(), first);
    assert.match(log.messages("error").join(), /live was moved by somebody else/);
  });

  it("that somebody has moved who may not sign any more goes back too", async () => {
    const { publisher, manager, first } = await startWithFirst();
    const old = publisher.push(file("X"), "from before", "bob");
    const verify = publisher.verify.bind(publisher);
    // Its own history knows bob; what this manager has left live does not.
    publisher.verify = async (commit, known) =>
      commit === old && known.includes(first ?? "")
        ? { commit: old, author: "bob", ...FAULT }
        : verify(commit, known);
    await publisher.moveLive(old, first);
    await manager.lookAtMain();
    assert.equal(await publisher.live(), first);
  });

  it("goes back from a candidate that a manager has signed and workers have refused", async () => {
    const { publisher, manager, first, log, workers, store } = await startWithFirst();
    const [one] = workers.all;
    if (one) one.behaviour = { kind: "failed", reason: "the disk is full" };
    const refused = await manager.deploy(proxy("Q"), ADMIN);
    assert.ok(refused.kind === "failed");
    await publisher.moveLive(refused.commit, first);
    await manager.lookAtMain();
    assert.equal(await publisher.live(), first);
    assert.match(log.messages("error").join(), /live was moved by somebody else/);
    const [row] = await store.journal.list(1);
    assert.deepEqual(
      [row?.action, row?.outcome, row?.commit],
      ["recover", "refused", refused.commit],
    );
  });

  it("goes back from an older revision, also with the seal that it had, also after a new start", async () => {
    const { publisher, manager, first, start } = await startWithFirst();
    const { found: old } = await publisher.seals();
    const second = await manager.deploy(proxy("Q"), ADMIN);
    assert.ok(second.kind === "deployed");
    for (const one of [manager, start()]) {
      await publisher.moveLive(first ?? "", second.commit);
      publisher.showSeal(old);
      await one.lookAtMain();
      assert.equal(await publisher.live(), second.commit);
      const { known, found } = await publisher.seals();
      assert.deepEqual(found, known);
    }
  });

  it("is said anew by the manager when somebody has removed what it said", async () => {
    const { publisher, manager, first } = await startWithFirst();
    publisher.showSeal(undefined);
    await manager.lookAtMain();
    const { known, found } = await publisher.seals();
    assert.deepEqual(found, known);
    assert.equal(found?.commit, first);
  });

  it("is taken from the repository by a new manager, who says it with a larger number", async () => {
    const { publisher, start, first } = await startWithFirst();
    const { found: before } = await publisher.seals();
    publisher.forgetSeal();
    await start().recover();
    const { known } = await publisher.seals();
    assert.equal(known?.commit, first);
    assert.ok((known?.number ?? 0) > (before?.number ?? 0));
    assert.equal(await publisher.live(), first);
  });

  it("of an earlier version, signed and not sealed, stays and is sealed", async () => {
    const { publisher, start, first } = await startWithFirst();
    publisher.forgetSeal();
    publisher.showSeal(undefined);
    await start().recover();
    assert.equal((await publisher.seals()).found?.commit, first);
    assert.equal(await publisher.live(), first);
  });

  it("that another manager has moved is accepted and announced", async () => {
    const { publisher, manager, announced } = await startWithFirst();
    const other = await publisher.commit(file("X"), "by the other manager", ADMIN);
    publisher.moveByOtherManager(other);
    const result = await manager.deploy(proxy("Y"), ADMIN);
    assert.ok(result.kind === "deployed");
    assert.ok(announced.includes(other));
    assert.deepEqual(publisher.commits.at(-1)?.parents, [other]);
  });
});

describe("a rollback", () => {
  it("is a new commit with the files of the earlier revision, who may push excepted", async () => {
    const { manager, publisher, first, workers } = await startWithFirst();
    await manager.deploy(proxy("Q"), ADMIN);
    await manager.changeSigners(() => Buffer.from("bob ssh-ed25519 AAAA\n"), ADMIN);
    const result = await manager.rollback(first ?? "", ADMIN);
    assert.ok(result.kind === "deployed");
    const made = publisher.commits.at(-1);
    assert.deepEqual([...(made?.tree.keys() ?? [])], [proxyPath("P"), ".bascule/allowed_signers"]);
    assert.match(made?.subject ?? "", /^roll back to /);
    assert.deepEqual(workers.revisions, [result.commit]);
  });

  it("to what nobody knows is refused in words", async () => {
    const { manager } = await startWithFirst();
    await assert.rejects(manager.rollback("f".repeat(40), ADMIN), { code: "RESOURCE_UNKNOWN" });
  });

  it("to a foreign commit is refused, also where a deploy has left it out", async () => {
    const { manager, publisher, store, workers } = await startWithFirst();
    const foreign = publisher.push(file("X"), "evil", "mallory");
    publisher.faults.set(foreign, { commit: foreign, author: "mallory", ...FAULT });
    await manager.lookAtMain();
    const left = await manager.deploy(proxy("Q"), ADMIN);
    assert.ok(left.kind === "deployed");
    assert.ok(await publisher.isAncestor(foreign, left.commit));
    // As signatures are read: what stands below counts as little as what stands beside.
    publisher.verify = async (commit) => publisher.faults.get(commit);
    const rows = (await store.journal.list(10)).length;
    await assert.rejects(manager.rollback(foreign, ADMIN), {
      code: "RESOURCE_UNKNOWN",
      message: /by mallory is signed by the unknown key/,
    });
    assert.equal((await store.journal.list(10)).length, rows);
    assert.deepEqual(workers.revisions, [left.commit]);
  });

  it("to what an earlier version has deployed without a signature works, for the journal knows it", async () => {
    const { publisher, start, store, workers } = await makeBarrierWorld(1);
    const old = await publisher.commit(file("P"), "of an earlier version", ADMIN);
    await publisher.moveLive(old, undefined);
    publisher.faults.set(old, { commit: old, author: "x", reason: "is not signed", advice: "" });
    publisher.verify = async (commit) => publisher.faults.get(commit);
    const row = { who: "x", via: "api", action: "deploy", artifacts: [], problems: [] } as const;
    await store.journal.add({ ...row, baseCommit: undefined, commit: old, outcome: "deployed" });
    const manager = start();
    await manager.recover();
    await manager.deploy(proxy("Q"), ADMIN);
    const result = await manager.rollback(old, ADMIN);
    assert.ok(result.kind === "deployed");
    assert.deepEqual([...(publisher.commits.at(-1)?.tree.keys() ?? [])], [proxyPath("P")]);
    assert.deepEqual(workers.revisions, [result.commit]);
  });
});
