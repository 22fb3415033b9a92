/** `bascule gateway` as a process: flags, messages, pid file, signals. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { gatewayCommand } from "../../../src/cli/gateway.ts";
import { PACKAGE_ROOT, PRODUCT_VERSION } from "../../../src/runtime/product.ts";
import { freePort, GatewayFixture, until } from "../../helpers/gateway-fixture.ts";
import { request } from "../../helpers/http-request.ts";

interface Running {
  readonly child: ChildProcess;
  out: string;
  err: string;
}

/** Runs only this command, so that a test does not wait for the parts of all the others. */
const PROGRAM = `
  import { gatewayCommand } from ${JSON.stringify(join(PACKAGE_ROOT, "src", "cli", "gateway.ts"))};
  process.exitCode = await gatewayCommand.run(process.argv.slice(1));`;

function start(args: readonly string[]): Running {
  const child = spawn(process.execPath, ["--input-type=module", "-e", PROGRAM, "--", ...args]);
  const running = { child, out: "", err: "" };
  child.stdout.on("data", (chunk: Buffer) => {
    running.out += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    running.err += chunk.toString();
  });
  return running;
}

/** Runs the command inside this process and keeps what it prints. */
async function run(
  context: TestContext,
  args: readonly string[],
): Promise<{ readonly status: number; readonly out: string; readonly err: string }> {
  const lines = { log: [] as string[], error: [] as string[] };
  const mocks = (["log", "error"] as const).map((name) =>
    context.mock.method(console, name, (line: string) => void lines[name].push(`${line}\n`)),
  );
  try {
    const status = await gatewayCommand.run(args);
    return { status, out: lines.log.join(""), err: lines.error.join("") };
  } finally {
    for (const { mock } of mocks) mock.restore();
  }
}

test("-t prints nginx's sentences under our name", async (context) => {
  await using fixture = new GatewayFixture();
  const good = fixture.write("good.conf", "events {} http { server { listen 8080; ssl off; } }");
  const bad = fixture.write("bad.conf", "http {\n foo;\n server { listen 80;\n bar; }\n}\n");
  const fine = await run(context, ["-t", "-c", good]);
  assert.equal(fine.status, 0);
  assert.equal(
    fine.err,
    `bascule-gateway: [warn] the "ssl" directive is deprecated, use the "listen ... ssl" directive instead in ${good}:1\n` +
      `bascule-gateway: the configuration file ${good} syntax is ok\n` +
      `bascule-gateway: configuration file ${good} test is successful\n`,
  );
  const wrong = await run(context, ["-t", "-c", bad]);
  assert.equal(wrong.status, 1);
  assert.equal(
    wrong.err,
    `bascule-gateway: [emerg] unknown directive "foo" in ${bad}:2\n` +
      `bascule-gateway: [emerg] unknown directive "bar" in ${bad}:4\n` +
      `bascule-gateway: configuration file ${bad} test failed\n`,
  );
  const dump = await run(context, ["-Tq", "-c", good]);
  assert.equal(dump.status, 0);
  assert.match(dump.out, /^# configuration file .*good\.conf:\nevents \{\}/);
});

test("runs with a pid file, reloads, reopens logs and ends by signals", async (context) => {
  await using fixture = new GatewayFixture();
  const port = await freePort();
  const configOf = (text: string): string => `
    daemon off; pid run/gateway.pid; error_log error.log notice;
    http { access_log access.log; access_log away/own.log; server { listen 127.0.0.1:${port}; return 200 ${text}; } }`;
  const file = fixture.write("gateway.conf", configOf("one"));
  const flags = ["-p", fixture.folder, "-c", "gateway.conf"];
  const running = start(flags);
  const ended = once(running.child, "close");
  const pidFile = join(fixture.folder, "run", "gateway.pid");
  await until(() => existsSync(pidFile), "the pid file");
  assert.equal(readFileSync(pidFile, "utf8"), `${running.child.pid}\n`);
  assert.equal((await request(`http://127.0.0.1:${port}/`)).body, "one");
  assert.match(
    running.out,
    new RegExp(`INFO - Bascule Starting Bascule ${PRODUCT_VERSION}, gateway on`),
  );
  fixture.write("gateway.conf", configOf("two"));
  assert.equal((await run(context, [...flags, "-s", "reload"])).status, 0);
  await until(() => running.out.includes("The configuration was reloaded"), "the reload");
  assert.equal((await request(`http://127.0.0.1:${port}/`)).body, "two");
  assert.match(fixture.read("error.log"), /exited with code 0/);
  fixture.write("gateway.conf", "http { nonsense; }");
  running.child.kill("SIGHUP");
  await until(() => running.out.includes('unknown directive "nonsense"'), "the refused reload");
  assert.equal((await request(`http://127.0.0.1:${port}/`)).body, "two");
  fixture.write("gateway.conf", configOf("two"));
  rmSync(join(fixture.folder, "away"), { recursive: true });
  assert.equal((await run(context, [...flags, "-s", "reopen"])).status, 0);
  const failure = `open() "${join(fixture.folder, "away", "own.log")}" failed (2: No such file or directory)`;
  await until(() => running.out.includes(failure), "the log that cannot be opened again");
  assert.match(fixture.read("error.log"), /\[emerg\] .*away\/own\.log" failed/);
  assert.equal((await request(`http://127.0.0.1:${port}/`)).body, "two");
  assert.equal((await run(context, [...flags, "-s", "quit"])).status, 0);
  assert.equal((await ended)[0], 0);
  assert.equal(existsSync(pidFile), false);
  assert.equal((await run(context, ["-s", "stop", "-c", file])).status, 1);
});

test("says which port is busy, and where a configuration was looked for", async (context) => {
  await using fixture = new GatewayFixture();
  const port = await freePort();
  await fixture.start(`server { listen 127.0.0.1:${port}; return 204; }`);
  const file = fixture.write("busy.conf", `http { server { listen 127.0.0.1:${port}; } }`);
  const busy = start(["-c", file]);
  const [status] = await once(busy.child, "close");
  assert.equal(status, 1);
  assert.equal(
    busy.err,
    `bascule-gateway: [emerg] bind() to 127.0.0.1:${port} failed (98: Address already in use)\n`,
  );
  await assert.rejects(
    run(context, ["-p", fixture.folder]),
    /there is no .*conf\/gateway\.conf: name the configuration file with -c/,
  );
});
