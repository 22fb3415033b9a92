/** What every command has in common: its help, what it says to a wrong command line, and its exit status. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mock, test, type TestContext } from "node:test";
import { runCommandLine } from "../../../src/cli/command-line.ts";
import { COMMANDS } from "../../../src/cli/commands.ts";

/** Runs inside this process and keeps what is printed. */
async function run(
  ...args: readonly string[]
): Promise<{ readonly status: number; readonly out: string; readonly err: string }> {
  const printed = { log: [] as string[], error: [] as string[] };
  const mocks = (["log", "error"] as const).map((name) =>
    mock.method(console, name, (line: string) => void printed[name].push(line)),
  );
  try {
    const status = await runCommandLine(args);
    return { status, out: printed.log.join("\n"), err: printed.error.join("\n") };
  } finally {
    for (const { mock: one } of mocks) one.restore();
  }
}

function temporaryFolder(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "bascule-command-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test("every command has --help, which begins with its usage", async () => {
  for (const { name } of COMMANDS) {
    const { status, out } = await run(name, "--help");
    assert.deepEqual([name, status], [name, 0]);
    assert.ok(out.startsWith(`Usage: bascule ${name}`), out);
  }
});

test("a wrong command line is answered by the error and one line that names the help, with status 2", async () => {
  for (const { name } of COMMANDS) {
    const { status, out, err } = await run(name, "--nonsense");
    const [error, advice, ...more] = err.split("\n");
    assert.deepEqual([name, status, out, more], [name, 2, "", []]);
    assert.match(error ?? "", /^bascule: .{10,120}$/);
    assert.equal(advice, `Run \`bascule ${name} --help\` to see how it is used.`);
  }
});

test("the words of a command are looked at before a password is asked for", async (context) => {
  const dir = ["--dir", temporaryFolder(context)];
  const wrong = [
    ["deploy"],
    ["undeploy", "api"],
    ["cluster"],
    ["cluster", "leave"],
    ["cluster", "members", "all"],
    ["join-token", "now"],
    ["node"],
    ["node", "remove"],
    ["secret"],
    ["certs", "show"],
  ];
  for (const words of wrong) {
    const { status, err } = await run(...words, ...dir);
    assert.deepEqual([words, status], [words, 2], err);
  }
});

test("an unknown command is status 2, also in help", async () => {
  for (const args of [["fly"], ["help", "fly"]]) {
    const { status, err } = await run(...args);
    assert.equal(status, 2);
    assert.match(err, /there is no command "fly"/);
  }
});

test("what cannot be reached or made is status 1, without a word about the usage", async (context) => {
  const folder = temporaryFolder(context);
  process.env["BASCULE_PASSWORD"] = "unused";
  context.after(() => delete process.env["BASCULE_PASSWORD"]);
  const manager = ["--manager", "https://127.0.0.1:9", "--dir", folder];
  const failures: readonly (readonly [readonly string[], RegExp])[] = [
    [["cluster", "members", ...manager], /cannot reach the manager/],
    [["join-token", ...manager], /cannot reach the manager/],
    [["status", "--dir", folder], /there is no cluster/],
    [["up", "--dir", "/proc/bascule"], /the folder \/proc\/bascule cannot be used \(ENOENT\)/],
    [["server", "--home", join(folder, "none")], /none/],
    [["init-cluster", "--home", join(folder, "none")], /none/],
  ];
  for (const [args, sentence] of failures) {
    const { status, err } = await run(...args);
    assert.deepEqual([args, status], [args, 1], err);
    assert.match(err, sentence);
    assert.doesNotMatch(err, /--help/);
  }
});

test("a cluster that ends while it is asked is no cluster any more", async (context) => {
  const folder = temporaryFolder(context);
  const server = createServer((socket) => socket.once("data", () => socket.destroy()));
  context.after(() => server.close());
  server.listen(join(folder, "control.sock"));
  await once(server, "listening");
  const { status, out } = await run("down", "--dir", folder);
  assert.equal(status, 0);
  assert.match(out, /No cluster is up/);
});

test("the sample is what the flags say, and they exclude each other", async () => {
  const { status, err } = await run("up", "--sample", "--no-sample");
  assert.equal(status, 2);
  assert.match(err, /--sample and --no-sample exclude each other/);
});
