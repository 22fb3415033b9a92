/** The program that stands in for a Hazelcast member beside a node: started, restarted, stopped, with few rights. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { openHazelcastStore } from "../../../src/cluster/hazelcast/hazelcast-store.ts";
import { startHazelcast } from "../../../src/cluster/hazelcast/start-hazelcast.ts";
import { MemberSupervisor } from "../../../src/cluster/hazelcast/member-supervisor.ts";
import { systemClock } from "../../../src/runtime/clock.ts";
import { HazelcastDouble } from "../../helpers/hazelcast-double/hazelcast-double.ts";
import { MemoryLog } from "../../helpers/memory-log.ts";

async function until(what: string, condition: () => boolean, withinMs = 8000): Promise<void> {
  const endMs = performance.now() + withinMs;
  while (!condition()) {
    assert.ok(performance.now() < endMs, `${what} within ${withinMs} ms`);
    await new Promise((resolve) => void setTimeout(resolve, 20));
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe("the Hazelcast member beside a node", () => {
  const folder = mkdtempSync(join(tmpdir(), "bascule-hazelcast-"));
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** A program that writes its environment into a file and stays; "end" makes it end. */
  const script = join(folder, "member.mjs");
  writeFileSync(
    script,
    `import { writeFileSync, existsSync } from "node:fs";
     const [, , file, config] = process.argv;
     writeFileSync(file, JSON.stringify({ pid: process.pid, env: process.env, cwd: process.cwd(), config }));
     setInterval(() => existsSync(file + ".end") && process.exit(3), 50);`,
  );

  const facts = (
    file: string,
  ): { pid: number; env: Record<string, string>; cwd: string; config: string } =>
    JSON.parse(readFileSync(file, "utf8"));

  it("gets no secrets and no shell, is started again when it ends, and stops with the node", async () => {
    const file = join(folder, "$(supervised)");
    const log = new MemoryLog();
    const supervisor = new MemberSupervisor({
      words: [process.execPath, script, file],
      folder,
      environment: { PATH: process.env["PATH"], BASCULE_SECRET: "s", HOME: folder },
      log,
      clock: systemClock,
    });
    supervisor.start();
    await until("it runs", () => existsSync(file) && facts(file).pid === supervisor.pid);
    const first = facts(file);
    assert.deepEqual(
      [first.env["BASCULE_SECRET"], first.env["HOME"], first.cwd],
      [undefined, folder, folder],
    );
    writeFileSync(`${file}.end`, "");
    await until("it ended", () => !isAlive(first.pid));
    rmSync(`${file}.end`);
    await until("it runs again", () => facts(file).pid !== first.pid && isAlive(facts(file).pid));
    assert.match(
      log.messages("warn").join(),
      /member of this node ended with status 3; it is started again in 1 s/,
    );
    const { pid } = facts(file);
    await supervisor.close();
    assert.equal(isAlive(pid), false);
  });

  it("says that a command cannot be started, and tries again", async () => {
    const log = new MemoryLog();
    const supervisor = new MemberSupervisor({
      words: ["/nonexistent/java"],
      folder,
      environment: {},
      log,
      clock: systemClock,
    });
    supervisor.start();
    await until("it says so", () => log.messages("warn").length === 1);
    await supervisor.close();
  });

  it("ends when the node is killed", { skip: !existsSync("/usr/bin/setpriv") }, async () => {
    const file = join(folder, "orphan");
    const source = (name: string): string => join(import.meta.dirname, "../../../src", name);
    const node = spawn(process.execPath, [
      "--input-type=module",
      "--eval",
      `const { MemberSupervisor } = await import(${JSON.stringify(source("cluster/hazelcast/member-supervisor.ts"))});
       const { systemClock } = await import(${JSON.stringify(source("runtime/clock.ts"))});
       const { MemoryLog } = await import(${JSON.stringify(join(import.meta.dirname, "../../helpers/memory-log.ts"))});
       new MemberSupervisor({ words: ${JSON.stringify([process.execPath, script, file])}, folder: ${JSON.stringify(folder)},
         environment: {}, log: new MemoryLog(), clock: systemClock }).start();`,
    ]);
    await until("it runs", () => existsSync(file));
    const { pid } = facts(file);
    node.kill("SIGKILL");
    await once(node, "exit");
    await until("it is gone", () => !isAlive(pid));
  });

  it("gets its XML from the node, at the node's own address, readable by nobody else", async () => {
    const double = new HazelcastDouble("beside.double");
    await double.start();
    const file = join(folder, "beside");
    const home = join(folder, "home");
    const cluster = await startHazelcast({
      settings: {
        members: [double.address],
        command: `"${process.execPath}" "${script}" ${file} {config}`,
        folder: home,
      },
      domain: "beside.double",
      local: { host: "127.0.0.1", port: 0 },
      wellKnown: [{ host: "127.0.0.1", port: 4001 }],
      secrets: undefined,
      self: { role: "worker", subDomain: "worker", ports: {}, properties: {} },
      registered: undefined,
      openStore: openHazelcastStore,
      environment: process.env,
      log: new MemoryLog(),
      clock: systemClock,
      newId: () => crypto.randomUUID(),
    });
    await until("the member runs", () => existsSync(file));
    const { pid, config, cwd } = facts(file);
    assert.deepEqual([config, cwd], [join(home, "hazelcast.xml"), home]);
    assert.equal(statSync(config).mode & 0o777, 0o600);
    const xml = readFileSync(config, "utf8");
    assert.ok(xml.includes(`>${cluster.self.port}</port>`) && xml.includes("127.0.0.1:4001"));
    await cluster.close();
    assert.equal(isAlive(pid), false);
    await double.stop();
  });
});
