import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { deployCommand } from "../../../src/cli/deploy.ts";
import { resetAdminCommand } from "../../../src/cli/reset-admin.ts";
import { undeployCommand } from "../../../src/cli/undeploy.ts";
import { AppError } from "../../../src/errors/app-error.ts";
import { NodeProcess } from "../../helpers/node-process.ts";
import { proxyPath, proxyXml, sequenceXml } from "../../helpers/toy-compile.ts";
import {
  AUTHORITY,
  makeConfig,
  makeHome,
  removeHome,
  start,
  type StartedManager,
} from "./manager-fixture.ts";

/** A folder like the one of `bascule up`, with a manager in it. */
const dir = makeHome();
let started: StartedManager;

before(async () => {
  const home = join(dir, "manager");
  mkdirSync(join(dir, "tls"));
  writeFileSync(join(dir, "tls", "ca.crt"), AUTHORITY);
  started = await start(makeConfig(home));
});

after(async () => {
  await started.manager.close();
  removeHome(dir);
});

function firstPassword(): string {
  const file = join(dir, "manager", "repository", "database", "initial-admin-password");
  return readFileSync(file, "utf8").trim();
}

function write(name: string, text: string): string {
  const file = join(dir, name);
  writeFileSync(file, text);
  return file;
}

/** The command as a process of its own, with what `bascule up` leaves in the folder. */
async function bascule(
  args: readonly string[],
): Promise<{ readonly status: number | string; readonly text: string }> {
  const environment = { BASCULE_MANAGER: started.url, BASCULE_PASSWORD: "" };
  const command = new NodeProcess([...args, "--dir", dir], environment);
  return { status: await command.ended, text: command.text };
}

/** The failure of the command, run in this process. */
async function failureOf(args: readonly string[], password: string): Promise<AppError> {
  process.env["BASCULE_PASSWORD"] = password;
  const [name, ...rest] = args;
  const command = name === "deploy" ? deployCommand : undeployCommand;
  try {
    const outcome = await command.run(rest).catch((error: unknown) => error);
    assert.ok(outcome instanceof AppError, `ended with ${String(outcome)}`);
    return outcome;
  } finally {
    delete process.env["BASCULE_PASSWORD"];
  }
}

describe("bascule deploy and undeploy", () => {
  it("use the cluster's authority and first password", async () => {
    const file = write("P.xml", proxyXml("P"));
    const deployed = await bascule(["deploy", file]);
    assert.equal(deployed.status, 0, deployed.text);
    assert.match(deployed.text, /^Deployed: proxy-service P\nRevision \w{40} is live\.$/);
    assert.equal(started.publisher.commits.at(-1)?.via, "cli");
    const again = await bascule(["deploy", file]);
    assert.match(again.text, /Revision \w{40} has it already\./);
    const undeployed = await bascule(["undeploy", "proxy", "P"]);
    assert.equal(undeployed.status, 0, undeployed.text);
    assert.match(undeployed.text, /^Undeployed: proxy-service P/);
  });

  it("deploy several files together", async () => {
    const files = [
      write("Q.xml", proxyXml("Q", '<sequence key="S"/>')),
      write("S.xml", sequenceXml("S")),
    ];
    const { status, text } = await bascule(["deploy", ...files]);
    assert.equal(status, 0, text);
    assert.ok(started.publisher.commits.at(-1)?.tree.has(proxyPath("Q")));
  });

  it("print each problem of a refusal as file:line: message and end with 1", async () => {
    const file = write("faulty.xml", proxyXml("F", "FAULT"));
    const { status, text } = await bascule(["deploy", file]);
    assert.equal(status, 1);
    assert.equal(text, `${file}:2: this line is faulty\nRefused: nothing was changed.`);
  });

  it("say what to do when the password is wrong, the certificate unknown or nobody answers", async () => {
    const file = write("P.xml", proxyXml("P"));
    const there = ["--manager", started.url, "--dir", dir];
    const wrong = await failureOf(["deploy", file, ...there], "wrong password");
    assert.equal(wrong.code, "AUTH_FAILED");
    assert.match(wrong.message, /does not accept the password of admin; set BASCULE_PASSWORD/);
    assert.doesNotMatch(wrong.message, /wrong password/);
    const elsewhere = ["--manager", started.url, "--dir", join(dir, "nothing")];
    const stranger = await failureOf(["deploy", file, ...elsewhere], "x");
    assert.equal(stranger.code, "MANAGER_UNREACHABLE");
    assert.match(stranger.message, /--ca FILE/);
    const nobody = await failureOf(["deploy", file, "--manager", "https://127.0.0.1:1"], "x");
    assert.equal(nobody.code, "MANAGER_UNREACHABLE");
    assert.match(nobody.message, /https:\/\/127\.0\.0\.1:1: .*bascule up/);
  });

  it("say which artifact is not deployed", async () => {
    const password = firstPassword();
    const there = ["--manager", started.url, "--dir", dir];
    const unknown = await failureOf(["undeploy", "proxy", "Nothing", ...there], password);
    assert.equal(unknown.code, "ARTIFACT_UNKNOWN");
    assert.match(unknown.message, /no proxy-service "Nothing" is deployed/);
  });

  it("take no password and no unencrypted address on the command line", async () => {
    const password = await failureOf(["deploy", "P.xml", "--password", "x"], "x");
    assert.equal(password.code, "USAGE");
    const plain = await failureOf(["deploy", "P.xml", "--manager", "http://127.0.0.1:9763"], "x");
    assert.equal(plain.code, "USAGE");
    assert.match(plain.message, /must be https:/);
  });

  it("need a password from somewhere", async () => {
    const nowhere = ["deploy", "P.xml", "--dir", join(dir, "nothing")];
    const failure = await failureOf(nowhere, "");
    assert.match(failure.message, /set BASCULE_PASSWORD/);
  });
});

describe("bascule reset-admin", () => {
  it("says which home is none", async () => {
    const home = join(dir, "nothing");
    const isHome = (error: Error): boolean => error.message.includes(home);
    await assert.rejects(resetAdminCommand.run(["--home", home]), isHome);
  });

  it("needs one home", async () => {
    const both = resetAdminCommand.run(["--home", "a", "--dir", "b"]);
    await assert.rejects(both, { code: "USAGE", message: /exclude each other/ });
  });
});
