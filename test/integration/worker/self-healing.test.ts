import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
  chmodSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { git } from "../depsync/repository-room.ts";
import { followingRoom, lookUntil, proxy } from "./following-room.ts";

/** A worker that runs a first revision. */
async function running(context: Parameters<typeof followingRoom>[0]) {
  const room = await followingRoom(context);
  await room.goLive(await room.propose(proxy("P", "one"), proxy("Q", "one")));
  const worker = await room.open();
  await worker.follower.start();
  assert.equal(worker.follower.current?.revision, room.live);
  return { ...room, ...worker, first: room.live ?? "", room };
}

/** Every object of the mirror, loose or packed, is cut to nothing. */
function damageObjects(gitDir: string): void {
  const objects = join(gitDir, "objects");
  for (const name of readdirSync(objects, { recursive: true, encoding: "utf8" })) {
    if (!/(^|\/)([0-9a-f]{38}|pack-.*\.pack)$/.test(name)) continue;
    chmodSync(join(objects, name), 0o644);
    truncateSync(join(objects, name), 3);
  }
}

test("a mirror that somebody has deleted is fetched anew while the worker runs", async (context) => {
  const { gitDir, follower, mirror, first, log } = await running(context);
  rmSync(gitDir, { recursive: true });
  await lookUntil(follower, async () => (await mirror.goodRevisions())[0] === first);
  assert.match(log.messages().join("\n"), /fetched anew/);
});

test("a deleted mirror does not keep the next candidate from being staged", async (context) => {
  const { gitDir, follower, room } = await running(context);
  rmSync(gitDir, { recursive: true });
  const commit = await room.propose(proxy("P", "two"));
  const answers: object[] = [];
  for (let tries = 0; tries < 3; tries += 1) {
    const answer = await follower.stage({ deployment: 1, commit, live: room.live });
    answers.push(answer);
    if (answer.kind === "ready") break;
  }
  assert.deepEqual(answers.at(-1), { kind: "ready" }, JSON.stringify(answers));
});

test("a deploy to a worker whose mirror was deleted is remembered a moment later, without waiting for the tick", async (context) => {
  const { gitDir, follower, mirror, room } = await running(context);
  const deploy = async (text: string): Promise<string> => {
    const { live = "" } = room;
    const commit = await room.propose(proxy("P", text));
    const patch = await room.publisher.patchOf(live, commit);
    assert.ok(patch, "the candidate comes along with the request");
    await follower.stage({ deployment: 1, commit, live, patch });
    await room.goLive(commit);
    assert.deepEqual(await follower.activate(commit), { revision: commit });
    return commit;
  };
  await deploy("two");
  rmSync(gitDir, { recursive: true });
  const commit = await deploy("three");
  const endMs = Date.now() + 6_000;
  while ((await mirror.goodRevisions())[0] !== commit && Date.now() < endMs)
    await new Promise((resolve) => void setTimeout(resolve, 50));
  await follower.close();
  room.moveTo(undefined);
  const next = await room.open();
  await next.follower.start();
  assert.equal(next.follower.current?.revision, commit);
});

test("a corrupt pack, and loose objects that are cut short, are replaced from the repository", async (context) => {
  const { gitDir, follower, room } = await running(context);
  damageObjects(gitDir);
  await room.goLive(await room.propose(proxy("P", "two")));
  await lookUntil(follower, () => follower.current?.revision === room.live);
  await follower.close();
  const next = await room.open();
  await next.follower.start();
  assert.equal(next.follower.current?.revision, room.live, next.log.messages().join("\n"));
});

test("a corrupt mirror at the start is replaced, and the worker runs what is live", async (context) => {
  const { gitDir, follower, room } = await running(context);
  await follower.close();
  damageObjects(gitDir);
  const next = await room.open();
  await next.follower.start();
  await lookUntil(next.follower, () => next.follower.current?.revision === room.live);
  assert.match(next.log.messages().join("\n"), /fetched anew/);
});

test("stale locks of a killed git are removed, at the start and between two looks", async (context) => {
  const { gitDir, follower, room } = await running(context);
  const locks = ["index.lock", "shallow.lock", "packed-refs.lock", "refs/heads/live.lock"];
  const lock = (): void => {
    for (const name of locks) writeFileSync(join(gitDir, name), "");
  };
  lock();
  await room.goLive(await room.propose(proxy("P", "two")));
  await lookUntil(follower, () => follower.current?.revision === room.live);
  await follower.close();
  lock();
  const next = await room.open();
  await room.goLive(await room.propose(proxy("P", "three")));
  await next.follower.start();
  await lookUntil(next.follower, () => next.follower.current?.revision === room.live);
  assert.deepEqual(
    locks.filter((name) => existsSync(join(gitDir, name))),
    [],
  );
});

test("edits in the mirror count for nothing: refs that somebody moved, and files that are not git's", async (context) => {
  const { gitDir, follower, room, first } = await running(context);
  await room.goLive(await room.propose(proxy("P", "two")));
  await follower.look();
  const second = room.live ?? "";
  git(gitDir, "update-ref", "refs/heads/live", first);
  git(gitDir, "update-ref", "-d", "refs/heads/main");
  writeFileSync(join(gitDir, "P.xml"), "<proxy/>");
  mkdirSync(join(gitDir, "synapse-configs"));
  await follower.look();
  assert.equal(follower.current?.revision, second);
  await follower.close();
  const next = await room.open();
  await next.follower.start();
  assert.equal(next.follower.current?.revision, second);
});

test("a folder of somebody else in the place of the mirror is moved aside", async (context) => {
  const { gitDir, follower, room } = await running(context);
  await follower.close();
  rmSync(gitDir, { recursive: true });
  mkdirSync(gitDir);
  writeFileSync(join(gitDir, "notes.txt"), "not a repository");
  const next = await room.open();
  await next.follower.start();
  assert.equal(next.follower.current?.revision, room.live);
  assert.ok(existsSync(join(`${gitDir}.damaged`, "notes.txt")));
});

test("boots on the last good revision with the repository out of reach, then follows", async (context) => {
  const { follower, room } = await running(context);
  await follower.close();
  room.moveTo(join(room.folder, "nothing-here.git"));
  const next = await room.open();
  await next.follower.start();
  assert.equal(next.follower.current?.revision, room.live);
  room.moveTo(room.publisher.location);
  await room.goLive(await room.propose(proxy("P", "two")));
  await lookUntil(next.follower, () => next.follower.current?.revision === room.live);
});

test("boots on the last good revision while no manager tells where the repository is, nor its key", async (context) => {
  const { follower, room } = await running(context);
  await follower.close();
  room.moveTo(undefined);
  room.forgetKeys();
  const next = await room.open();
  await next.follower.start();
  assert.equal(next.follower.current?.revision, room.live);
});

test("a repository that goes away in the middle changes nothing, and a candidate is answered as failed", async (context) => {
  const { follower, room, first } = await running(context);
  const commit = await room.propose(proxy("P", "two"));
  room.moveTo(join(room.folder, "nothing-here.git"));
  await follower.look();
  const answer = await follower.stage({ deployment: 1, commit, live: first });
  assert.equal(answer.kind, "failed");
  assert.equal(follower.current?.revision, first);
  room.moveTo(room.publisher.location);
  assert.equal((await follower.stage({ deployment: 2, commit, live: first })).kind, "ready");
});

test("a last good revision whose content is lost gives way to the one before", async (context) => {
  const { follower, room, first, gitDir } = await running(context);
  await room.goLive(await room.propose(proxy("P", "two")));
  await follower.look();
  await follower.close();
  const second = room.live ?? "";
  const blob = git(gitDir, "rev-parse", `${second}:synapse-configs/default/proxy-services/P.xml`);
  const loose = join(gitDir, "objects", blob.slice(0, 2), blob.trim().slice(2));
  assert.ok(existsSync(loose), "the content of the second revision is a loose object");
  chmodSync(loose, 0o644);
  writeFileSync(loose, "rubbish");
  room.moveTo(undefined);
  const next = await room.open();
  await next.follower.start();
  assert.equal(next.follower.current?.revision, first, next.log.messages().join("\n"));
  room.moveTo(room.publisher.location);
  await lookUntil(next.follower, () => next.follower.current?.revision === second);
});

test("what nobody known has signed is not run, and the log says how to know a manager's key", async (context) => {
  const { follower, room, first, log } = await running(context);
  room.forgetKeys();
  await room.goLive(await room.propose(proxy("P", "two")));
  await follower.look();
  assert.equal(follower.current?.revision, first);
  assert.match(
    log.messages().join("\n"),
    /This worker knows no key of a manager: register its home/,
  );
});

test("a worker that starts while a deploy runs has the old revision, and takes the new one when it is told to switch", async (context) => {
  const { room } = await running(context);
  const commit = await room.propose(proxy("P", "two"));
  rmSync(join(room.folder, "mirror.git"), { recursive: true });
  const late = await room.open();
  await late.follower.start();
  assert.equal(late.follower.current?.revision, room.live);
  await room.goLive(commit);
  assert.deepEqual(await late.follower.activate(commit), { revision: commit });
});

test("commits that are dated hours off are followed like any other", async (context) => {
  const { room, follower } = await running(context);
  for (const hours of [-30, 30]) {
    room.clock.wallStartMs = Date.now() + hours * 3_600_000;
    const commit = await room.propose(proxy("P", `at ${hours}`));
    const dated = Number(git(room.publisher.location, "show", "-s", "--format=%ct", commit)) * 1000;
    assert.ok(Math.abs(dated - Date.now()) > 29 * 3_600_000, "the commit is dated hours off");
    assert.equal((await follower.stage({ deployment: 1, commit, live: room.live })).kind, "ready");
    await room.goLive(commit);
    assert.deepEqual(await follower.activate(commit), { revision: commit });
  }
});
