/** XQuery in its real process: what the query may do to that process, and what the node notices of it. */
import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "node:test";
import { FakeClock } from "../../helpers/fake-clock.ts";
import { MediationWorld, proxy } from "../../unit/mediation/mediation-world.ts";
import { queryProcessFlags } from "../../../src/mediation/transform/xquery-process.ts";
import { XQueryRunner } from "../../../src/mediation/transform/xquery-runner.ts";

/** Flattens a string of 400 MB, which ends a process whatever the limits of its threads say. */
const ABORTS =
  "let $f := function($s, $f) { if (string-length($s) < 300000000) then $f(concat($s, $s), $f) else string-length(normalize-space($s)) } return $f('xy ', $f)";
const ENDLESS = "count(for $i in 1 to 1000000000 return $i mod 7)";

function run(runner: XQueryRunner, query: string): Promise<string> {
  return runner.run({ query, payload: "<a><b>1</b></a>", variables: {} });
}

function nodeWith(...queries: readonly string[]): ChildProcess {
  const file = fileURLToPath(new URL("xquery-node.ts", import.meta.url));
  return spawn(process.execPath, [file, ...queries], { stdio: ["ignore", "pipe", "inherit"] });
}

function childrenOf(pid: number | undefined): readonly string[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
  return text.split(" ").filter((id) => id !== "");
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await sleep(20);
}

/** A process that has ended is no process any more, or one that nobody has taken note of. */
function isRunning(pid: string): boolean {
  const file = `/proc/${pid}/stat`;
  return existsSync(file) && !/\) Z /.test(readFileSync(file, "latin1"));
}

test("xquery puts its result in the place of the target", async () => {
  const query =
    "<![CDATA[declare variable $p as document-node() external; <o>{ $p//symbol/text() }</o>]]>";
  const mediator = '<xquery key="q"><variable name="p" type="DOCUMENT"/></xquery><respond/>';
  const world = new MediationWorld(`<localEntry key="q">${query}</localEntry>${proxy(mediator)}`);
  assert.match((await world.ask({})).text, /<soapenv:Body><o>IBM<\/o><\/soapenv:Body>/);
});

test("a query that takes too much memory is a fault and nothing else: the node lives, the next query works", async () => {
  const runner = new XQueryRunner({ clock: new FakeClock() });
  const [aborts, behind] = [run(runner, ABORTS), run(runner, "'behind'")];
  await assert.rejects(aborts, /^MediationFault: it took too much memory: a query has 256 MB$/);
  assert.equal(await behind, "behind");
  assert.equal(await run(runner, "<o>{ //b/text() }</o>"), "<o>1</o>");
});

test("queries without end are stopped while the process goes on, and the ones behind them run", async () => {
  const clock = new FakeClock();
  const runner = new XQueryRunner({ timeMaxMs: 700, clock });
  const other = new XQueryRunner({ clock });
  const endless = [
    ENDLESS,
    "string-length(string-join(for $i in 1 to 1000000000 return 'xxxxxxxxxx'))",
    `replace('${"a".repeat(50)}b', '^(a+)+$', 'x')`,
  ];
  const stopped = endless.map((query) =>
    assert.rejects(run(runner, query), /it took longer than 700 ms/),
  );
  const last = run(runner, "'behind'");
  for (const end of stopped) {
    assert.equal(await run(other, "'beside'"), "beside");
    clock.advance(699);
    assert.equal(await run(other, "'beside'"), "beside");
    clock.advance(1);
    await end;
  }
  assert.equal(await last, "behind");
  assert.equal(clock.pendingCount, 0);
});

test("numbers go in as they are, those that JSON does not know too", async () => {
  const runner = new XQueryRunner({ clock: new FakeClock() });
  const query = "declare variable $n external; $n";
  const variables = { n: { kind: "plain", value: Infinity } } as const;
  assert.equal(await runner.run({ query, payload: "<a/>", variables }), "Infinity");
});

test("a process that is killed in the middle of a query is a fault that says so, and made anew by the next one", async () => {
  const node = nodeWith("1", ENDLESS, "2");
  let text = "";
  node.stdout?.setEncoding("utf8").on("data", (part: string) => {
    text += part;
  });
  await until(() => text.includes("1\n"));
  const [child = ""] = childrenOf(node.pid);
  process.kill(Number(child), "SIGKILL");
  await once(node, "close");
  assert.match(text, /^1\nMediationFault: its process was killed from outside[^\n]*\n2\n$/);
});

test("a node that has nothing else to do ends with its process still there", async () => {
  const node = nodeWith("1 + 1");
  const [status] = (await once(node, "close")) as readonly unknown[];
  assert.equal(status, 0);
});

test("the process ends with a node that was killed, also in the middle of a query, and with nothing that only the node is meant to hear", async () => {
  const node = nodeWith("1", ENDLESS);
  await once(node.stdout ?? node, "data");
  const [child = ""] = childrenOf(node.pid);
  process.kill(Number(child), "SIGINT");
  process.kill(Number(child), "SIGTERM");
  await sleep(100);
  assert.equal(isRunning(child), true);
  node.kill("SIGKILL");
  await once(node, "close");
  await until(() => !isRunning(child));
});

test("the process reads the program and its packages, and no other file; it writes and starts nothing", () => {
  const tries = [
    "fs.readFileSync('/etc/hostname')",
    "fs.readdirSync(process.env.PWD ?? '/')",
    "fs.writeFileSync('/tmp/xquery-wrote', '')",
    "child_process.execFileSync('true')",
  ];
  const script = `for (const action of [${tries.map((text) => `() => ${text}`).join()}])
    try { action(); console.log("done"); } catch (error) { console.log(error.code); }`;
  const printed = execFileSync(process.execPath, [...queryProcessFlags(), "-e", script], {
    encoding: "utf8",
    env: {},
  });
  assert.deepEqual(
    printed.trim().split("\n"),
    tries.map(() => "ERR_ACCESS_DENIED"),
  );
});
