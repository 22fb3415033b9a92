/** The manager's deployment folder, over real files. */
import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { type TestContext, describe, it } from "node:test";
import { DeploymentFolder } from "../../../src/depsync/deployment-folder.ts";
import type { Revision } from "../../../src/depsync/deployment-repository.ts";
import { blobIdOf } from "../../../src/depsync/git-blobs.ts";
import { FakeClock } from "../../helpers/fake-clock.ts";
import { MemoryLog } from "../../helpers/memory-log.ts";
import { temporaryFolder } from "./repository-room.ts";

const P = "synapse-configs/default/proxy-services/P.xml";
const Q = "synapse-configs/default/sequences/Q.xml";

function makeRoom(test: TestContext) {
  const folder = join(temporaryFolder(test), "server");
  const [clock, log] = [new FakeClock(), new MemoryLog()];
  const deployment = new DeploymentFolder({ folder, clock, log });
  const write = (path: string, content: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  };
  return { folder, clock, log, deployment, write };
}

function revision(files: Readonly<Record<string, string>>): Revision {
  return {
    commit: "1".repeat(40),
    files: Object.entries(files).map(([path, text]) => {
      const content = Buffer.from(text);
      return { path, content, blob: blobIdOf(content) };
    }),
  };
}

/** Waits, in real time, for what the file system tells. */
async function until(what: string, condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries += 1) {
    assert.ok(tries < 400, what);
    await new Promise((resolve) => void setTimeout(resolve, 10));
  }
}

describe("the deployment folder", { concurrency: 4 }, () => {
  it("reports new, changed and removed files against a revision", async (test) => {
    const { deployment, write } = makeRoom(test);
    write(P, "2");
    write(Q, "new");
    const before = revision({ [P]: "1", "synapse-configs/gone.xml": "g", "README.md": "r" });
    const changes = await deployment.changes(before);
    assert.deepEqual(
      changes.map(({ path, content }) => [path, content?.toString()]),
      [
        [P, "2"],
        [Q, "new"],
        ["synapse-configs/gone.xml", undefined],
      ],
    );
    assert.deepEqual(await deployment.changes(revision({ [P]: "2", [Q]: "new" })), []);
  });

  it("is empty before anybody has put anything there", async (test) => {
    const { deployment } = makeRoom(test);
    assert.deepEqual(await deployment.changes(undefined), []);
  });

  it("notices a change of content that keeps the length", async (test) => {
    const { deployment, write } = makeRoom(test);
    write(P, "1");
    await deployment.scan();
    write(P, "2");
    const [change] = await deployment.changes(revision({ [P]: "1" }));
    assert.equal(change?.content?.toString(), "2");
  });

  it("passes over dot files, backups and editors' leftovers, on disk and in revisions", async (test) => {
    const { deployment, write } = makeRoom(test);
    const names = [".hidden.xml", "P.xml.bak", "P.xml~", "P.xml.1.back", ".git/config", "~P.xml"];
    for (const name of names) write(`synapse-configs/${name}`, "x");
    for (const name of ["carbonapps/README", "carbonapps/in/x.car", "webapps/x.war"])
      write(name, "not part of it");
    assert.deepEqual(await deployment.changes(revision({ "synapse-configs/old.bak": "x" })), []);
  });

  it("refuses links and oversized files, says so once, and takes them for unchanged", async (test) => {
    const { folder, deployment, log, write } = makeRoom(test);
    write(P, "1");
    symlinkSync("/etc/passwd", join(folder, "synapse-configs/link.xml"));
    symlinkSync("/etc", join(folder, "synapse-configs/folder"));
    writeFileSync(join(folder, "synapse-configs/large.xml"), Buffer.alloc(10 * 1024 * 1024 + 1));
    const before = revision({
      [P]: "1",
      "synapse-configs/large.xml": "small",
      "synapse-configs/folder/hosts": "h",
    });
    assert.deepEqual(await deployment.changes(before), []);
    await deployment.scan();
    assert.equal(log.messages("warn").filter((line) => line.startsWith("not deployed:")).length, 3);
  });

  it("takes over a revision and leaves no leftovers", async (test) => {
    const { folder, deployment, write } = makeRoom(test);
    write(P, "1");
    write("synapse-configs/old.xml", "o");
    const before = revision({ [P]: "1", "synapse-configs/old.xml": "o" });
    const after = revision({ [P]: "2", [Q]: "q", "elsewhere.txt": "not part of it" });
    const result = await deployment.writeRevision(after, before);
    assert.deepEqual(result, { written: [P, Q], removed: ["synapse-configs/old.xml"], kept: [] });
    assert.deepEqual(await deployment.changes(after), []);
    assert.equal(readFileSync(join(folder, P), "utf8"), "2");
    const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
    assert.ok(
      !names.some((name) => name.includes(".new")) && !existsSync(join(folder, "elsewhere.txt")),
    );
  });

  it("takes over many files at once, also with names that begin alike", async (test) => {
    const { folder, deployment } = makeRoom(test);
    const long = `synapse-configs/default/sequences/${"x".repeat(120)}`;
    const files = Object.fromEntries(
      Array.from({ length: 70 }, (_, index) => [`${long}-${index}.xml`, `content ${index}`]),
    );
    const large = "l".repeat(200_000);
    const after = revision({ ...files, [P]: large });
    const { written } = await deployment.writeRevision(after, undefined);
    assert.equal(written.length, 71);
    for (const [path, content] of Object.entries(files))
      assert.equal(readFileSync(join(folder, path), "utf8"), content);
    assert.deepEqual(await deployment.changes(after), []);
  });

  it("leaves alone what somebody has edited meanwhile", async (test) => {
    const { folder, deployment, write } = makeRoom(test);
    write(P, "edited");
    write("synapse-configs/dropped.xml", "new");
    const result = await deployment.writeRevision(revision({ [P]: "2" }), revision({ [P]: "1" }));
    assert.deepEqual(result, { written: [], removed: [], kept: [P] });
    assert.equal(readFileSync(join(folder, P), "utf8"), "edited");
    assert.ok(existsSync(join(folder, "synapse-configs/dropped.xml")));
  });

  it("never writes through a link", async (test) => {
    const { folder, deployment } = makeRoom(test);
    const outside = temporaryFolder(test);
    mkdirSync(join(folder, "synapse-configs"), { recursive: true });
    symlinkSync(outside, join(folder, "synapse-configs/default"));
    const result = await deployment.writeRevision(revision({ [P]: "1" }), undefined);
    assert.deepEqual(result.kept, [P]);
    assert.deepEqual(readdirSync(outside), []);
  });

  it("tells of changes after events of the file system, once for many files", async (test) => {
    const { clock, deployment, write } = makeRoom(test);
    let calls = 0;
    const watching = await deployment.watch(() => Promise.resolve(void (calls += 1)), 1e9);
    await until("the first look", () => calls === 1);
    for (let number = 0; number < 20; number += 1) write(`synapse-configs/${number}.xml`, "x");
    await until("the change is told", () => {
      clock.advance(300);
      return calls === 2;
    });
    await watching.close();
    assert.equal(clock.pendingCount, 0);
  });

  it("tells of changes at the regular look when there was no event", async (test) => {
    const { folder, clock, deployment, write } = makeRoom(test);
    let calls = 0;
    const watching = await deployment.watch(() => Promise.resolve(void (calls += 1)), 15_000);
    await until("the first look", () => calls === 1);
    // A folder made anew is not watched any more.
    rmSync(join(folder, "synapse-configs"), { recursive: true });
    write(P, "1");
    await until("the change is told", () => {
      clock.advance(15_000);
      return calls >= 2;
    });
    await watching.close();
  });

  it("repeats a call that failed, and is quiet when nothing has changed", async (test) => {
    const { clock, log, deployment, write } = makeRoom(test);
    write(P, "1");
    const outcomes: string[] = [];
    const onChange = async () => {
      outcomes.push(outcomes.length === 0 ? "failed" : "done");
      if (outcomes.length === 1) throw new Error("the repository is down");
    };
    const watching = await deployment.watch(onChange, 15_000);
    await until("the first call", () => log.messages("warn").length === 1);
    await until("the second call", () => {
      clock.advance(15_000);
      return outcomes.length === 2;
    });
    clock.advance(15_000);
    await deployment.scan();
    await watching.close();
    assert.deepEqual(outcomes, ["failed", "done"]);
    assert.match(log.messages("warn").join(), /the repository is down/);
  });

  it("does not take its own writing for a change", async (test) => {
    const { clock, deployment } = makeRoom(test);
    let calls = 0;
    const watching = await deployment.watch(() => Promise.resolve(void (calls += 1)), 15_000);
    await until("the first look", () => calls === 1);
    // Let the first look settle.
    await deployment.scan();
    await deployment.writeRevision(revision({ [P]: "1" }), revision({}));
    clock.advance(15_000);
    await new Promise((resolve) => void setTimeout(resolve, 50));
    clock.advance(15_000);
    await new Promise((resolve) => void setTimeout(resolve, 50));
    await watching.close();
    assert.equal(calls, 1);
  });
});
