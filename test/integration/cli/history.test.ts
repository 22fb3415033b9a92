/** The commands about revisions, as people and scripts run them, against a manager with real sockets and told workers. */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it, mock } from "node:test";
import { runCommandLine } from "../../../src/cli/command-line.ts";
import { ToldWorker } from "../../helpers/told-worker.ts";
import { proxyPath, proxyXml, sequenceXml } from "../../helpers/toy-compile.ts";
import { appOf } from "../../unit/mediation/carbonapp/app-world.ts";
import {
  AUTHORITY,
  makeConfig,
  makeHome,
  removeHome,
  start,
  type StartedManager,
} from "../manager/manager-fixture.ts";

const worker = new ToldWorker();
const home = makeHome();
let started: StartedManager;
let shared: readonly string[];

before(async () => {
  started = await start(makeConfig(home), { ownStage: () => worker, healthWindowMs: 0 });
  const ca = write("ca.crt", AUTHORITY);
  shared = ["--manager", started.url, "--ca", ca];
  const file = join(home, "repository", "database", "initial-admin-password");
  process.env["BASCULE_PASSWORD"] = readFileSync(file, "utf8").trim();
});

after(async () => {
  delete process.env["BASCULE_PASSWORD"];
  await started.manager.close();
  removeHome(home);
});

function write(name: string, content: string | Buffer): string {
  const file = join(home, name);
  writeFileSync(file, content);
  return file;
}

interface Ran {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

async function bascule(...args: readonly string[]): Promise<Ran> {
  const printed = { log: [] as string[], error: [] as string[] };
  const mocks = (["log", "error"] as const).map((name) =>
    mock.method(console, name, (line: string) => void printed[name].push(line)),
  );
  try {
    const status = await runCommandLine([...args, ...shared]);
    return { status, out: printed.log.join("\n"), err: printed.error.join("\n") };
  } finally {
    for (const { mock: one } of mocks) one.restore();
  }
}

/** What it prints, as the command ends well. */
async function told(...args: readonly string[]): Promise<string> {
  const { status, out, err } = await bascule(...args);
  assert.equal(status, 0, `${args.join(" ")}: ${err}\n${out}`);
  return out;
}

describe("bascule deploy", () => {
  it("takes a folder with artifacts and applications whole, and says who runs it", async () => {
    const folder = join(home, "change");
    mkdirSync(join(folder, "inner", ".git"), { recursive: true });
    write("change/P.xml", proxyXml("P", '<sequence key="S"/>'));
    write("change/inner/S.xml", sequenceXml("S"));
    write("change/inner/shop.car", appOf("Shop", []));
    write("change/inner/.git/hidden.xml", "no XML at all");
    write("change/README.md", "not deployed");
    const out = await told("deploy", folder, "--message", "the first change");
    assert.match(
      out,
      /^Deployed: proxy-service P\nDeployed: sequence S\nDeployed: carbonapp Shop_1\.0\.0\nRevision \w{40} is live\.\n1 worker runs it \(manager; the last after \d+ ms\)\.$/,
    );
    assert.equal(started.publisher.commits.at(-1)?.subject, "the first change");
  });

  it("names the workers that refuse, and where the candidate is", async () => {
    const problems = [{ file: proxyPath("P"), line: 2, message: "no such \u001b[31mclass" }];
    worker.answer = { kind: "faulty", problems };
    const { status, err } = await bascule("deploy", write("P.xml", proxyXml("P", "<other/>")));
    assert.equal(status, 1);
    assert.match(
      err,
      /^\S+P\.xml:2: no such \?\[31mclass\nRefused by manager: nothing was changed\./,
    );
    assert.match(err, /The candidate is kept: `bascule diff live \w{10}`/);
    worker.answer = { kind: "failed", reason: "the disk is full" };
    const failed = await bascule("deploy", write("P.xml", proxyXml("P", "<third/>")));
    assert.equal(failed.status, 1);
    assert.match(failed.err, /the disk is full/);
    assert.match(failed.err, /Nothing was changed\./);
    worker.answer = { kind: "ready" };
    const without = ["deploy", join(home, "P.xml"), "--without", "manager"];
    assert.match(await told(...without), /0 workers run it/);
  });

  it("says which file cannot be read, and which folder holds nothing", async () => {
    const missing = await bascule("deploy", join(home, "nothing.xml"));
    assert.equal(missing.status, 2);
    assert.match(missing.err, /cannot read .*nothing\.xml/);
    mkdirSync(join(home, "empty"));
    const empty = await bascule("deploy", join(home, "empty"));
    assert.match(empty.err, /there is no \.xml, no \.car file and no registry\/ in the folder/);
  });
});

describe("bascule history", () => {
  it("lists deployments, newest first, and those of one artifact", async () => {
    const rows = (await told("history")).split("\n");
    assert.match(rows[0] ?? "", /^NUMBER +WHEN +WHO +VIA +WHAT +OUTCOME +REVISION$/);
    assert.equal(rows.length, 5);
    assert.match(rows[1] ?? "", /^4 .* admin +cli +deploy proxy-service P +deployed +\w{10}$/);
    assert.match(rows[3] ?? "", /^2 .* refused /);
    assert.equal((await told("history", "--limit", "1")).split("\n").length, 2);
    const { list } = JSON.parse(await told("history", "--artifact", "S", "--json"));
    assert.deepEqual(
      list.map(({ id }: { id: number }) => id),
      [1],
    );
  });

  it("tells everything about one, as text that moves no cursor", async () => {
    const text = await told("history", "2");
    assert.match(text, /^Deployment 2: deploy, refused\n {2}by admin \(cli\) at /);
    assert.match(text, /\nmanager +faulty +[\d.]+ ms +- +/);
    assert.match(text, /\nSteps\n.*stage [\d.]+ ms/);
    assert.match(text, /\nchanged +proxy-service P /);
    assert.ok(!text.includes("\u001b"));
    const unknown = await bascule("history", "99");
    assert.equal(unknown.status, 1);
    assert.match(unknown.err, /there is no deployment 99/);
  });
});

describe("bascule diff and candidates", () => {
  it("show by artifact and then by line how a revision differs", async () => {
    const text = await told("diff", "1");
    assert.match(text, /^\w{10} → \w{10}: 1 file differs\n/);
    assert.match(text, /\nchanged +proxy-service P +synapse-configs\S+P\.xml\n/);
    assert.match(text, /\n--- changed: proxy-service P \(.*\)\n@@/);
    assert.match(text, /\n- {2}<sequence key="S"\/>\n/);
    assert.match(text, /\n\+ {2}<third\/>\n/);
    const names = await told("diff", "1", "live", "--names");
    assert.doesNotMatch(names, /@@/);
    assert.match(await told("diff", "live", "main"), /: no difference$/);
    assert.equal(JSON.parse(await told("diff", "live", "candidate", "--json")).count, 0);
  });

  it("show what was refused, and why", async () => {
    const text = await told("candidates");
    assert.match(text, /deployment 3: deploy proxy-service P by admin \(cli\) at \S+: failed/);
    assert.match(text, /the disk is full/);
    assert.match(text, /deployment 2: .*: refused\n {2}synapse-configs\S+:2: no such \?\[31mclass/);
    const { list } = JSON.parse(await told("candidates", "--json"));
    assert.equal(list.length, 2);
  });

  it("say which word is no revision, before anybody is asked", async () => {
    for (const args of [["diff", "--all"], ["diff", "HEAD~1"], ["diff", "abc"], ["rollback"]]) {
      const { status } = await bascule(...args);
      assert.equal(status, 2, args.join(" "));
    }
    const unknown = await bascule("diff", "0123456789");
    assert.equal(unknown.status, 1);
    assert.match(unknown.err, /there is no revision 0123456789/);
  });
});

describe("bascule rollback", () => {
  it("makes the content of an earlier deployment live by a new revision", async () => {
    const out = await told("rollback", "1", "--message", "as it was");
    assert.match(out, /^Rolled back: proxy-service P\nRevision \w{40} is live\./);
    assert.equal(started.publisher.commits.at(-1)?.subject, "as it was");
    assert.match(await told("diff", "1", "live"), /: no difference$/);
    const unknown = await bascule("rollback", "77");
    assert.equal(unknown.status, 1);
    assert.match(unknown.err, /there is no deployment 77/);
  });
});

describe("registry resources", () => {
  it("come with a folder that is laid out as the repository, or one by one with a key", async () => {
    const folder = join(home, "laid-out");
    mkdirSync(join(folder, "registry/config/formats"), { recursive: true });
    mkdirSync(join(folder, "registry/governance"), { recursive: true });
    writeFileSync(join(folder, "registry/config/formats/a.txt"), "text");
    writeFileSync(join(folder, "registry/governance/b.bin"), Buffer.from([0, 0xff, 0xfe]));
    writeFileSync(join(folder, "R.xml"), sequenceXml("R"));
    const out = await told("deploy", folder);
    assert.match(out, /Deployed: registry-resource conf:\/formats\/a\.txt/);
    assert.match(out, /Deployed: registry-resource gov:\/b\.bin/);
    assert.match(out, /Deployed: sequence R/);
    const live = (await started.publisher.live()) ?? "";
    const binary = await started.publisher.fileAt(live, "registry/governance/b.bin");
    assert.deepEqual(binary?.content, Buffer.from([0, 0xff, 0xfe]));
    const one = write("one.xslt", "<a/>");
    assert.match(
      await told("deploy", one, "--key", "gov:/one.xslt"),
      /Deployed: registry-resource gov:\/one\.xslt/,
    );
    assert.match(await told("diff", live, "live"), /added +registry-resource gov:\/one\.xslt/);
    assert.match(
      await told("undeploy", "registry-resource", "gov:/one.xslt"),
      /Undeployed: registry-resource gov:\/one\.xslt/,
    );
  });

  it("are refused with a key that is none, and for several files at once", async () => {
    const file = write("two.txt", "text");
    const wrong = await bascule("deploy", file, "--key", "conf:/../x");
    assert.equal(wrong.status, 1);
    assert.match(wrong.err, /two\.txt:1: "conf:\/\.\.\/x" is no key of a registry resource/);
    const several = await bascule("deploy", file, file, "--key", "conf:/x");
    assert.match(several.err, /--key is for one file/);
    const gone = await bascule("undeploy", "registry-resource", "conf:/nothing");
    assert.match(gone.err, /no registry-resource "conf:\/nothing" is deployed/);
    assert.equal(gone.status, 1);
  });
});

describe("bascule status --revision", () => {
  it("ends with 0 when all nodes run it, and with 1 and who does not otherwise", async () => {
    const all = await told("status", "--revision");
    assert.match(all, /^Revision \w{10} \(live\)\n/);
    assert.match(all, /\nmanager +standalone +active +\w{10} +yes\n/);
    assert.match(all, /\nAll nodes have it\.$/);
    const old = await bascule("status", "--revision", "1", "--wait", "5s");
    assert.equal(old.status, 1);
    assert.match(old.out, /is not live any more/);
    const json = await bascule("status", "--revision", "2", "--json");
    assert.equal(json.status, 1);
    assert.equal(JSON.parse(json.out).arrived, false);
    assert.equal((await bascule("status", "--revision", "--wait", "1h")).status, 2);
  });
});
