/**
 * Every kind of artifact as an admin meets it: deployed with the command and in the console, listed, working, changed, refused with
 * file and line, and undeployed. One cluster for the file; the tests build on one another.
 */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";
import { eventually, request } from "../helpers/http-request.ts";
import { PRODUCT_ROOT, runBascule } from "../helpers/node-process.ts";
import { RunningCluster } from "../helpers/running-cluster.ts";
import { FAULTY_SAMPLES, type Sample, SAMPLES, type SampleWorld } from "./artifact-samples.ts";

const CHROMIUM = process.env["BASCULE_CHROMIUM"] ?? "/usr/bin/chromium";
const isWithout = !existsSync(CHROMIUM) && "needs chromium, or BASCULE_CHROMIUM";

let cluster: RunningCluster;

before(async () => {
  cluster = await RunningCluster.start(["--no-sample"], 1);
});
after(async () => {
  await cluster[Symbol.asyncDispose]();
});

function worldOf(word: string): SampleWorld {
  const { offset } = cluster;
  return { word, workerPort: 8280 + offset, inboundPort: 8390 + offset };
}

const RESOURCE = "registry-resource conf:/word.txt";

/** @returns the paths of the files. */
function writeSamples(word: string): string[] {
  const folder = join(cluster.dir, word);
  mkdirSync(folder);
  return SAMPLES.map(({ name, xml }) => {
    const file = join(folder, `${name}.xml`);
    writeFileSync(file, xml(worldOf(word)));
    return file;
  });
}

function saveResource(word: string): void {
  const folder = join(cluster.home, "manager/repository/deployment/server/registry/config");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "word.txt"), word);
}

async function deployResource(word: string): Promise<void> {
  const file = join(cluster.dir, "word.txt");
  writeFileSync(file, word);
  const { status, text } = await bascule("deploy", file, "--key", "conf:word.txt");
  assert.equal(status, 0, text);
  assert.ok(text.includes(`Deployed: ${RESOURCE}`), text);
}

function bascule(...args: readonly string[]): ReturnType<typeof runBascule> {
  return runBascule([...args, "--dir", cluster.home]);
}

function firstPassword(): string {
  const file = "manager/repository/database/initial-admin-password";
  return readFileSync(join(cluster.home, file), "utf8").trim();
}

function manage(method: string, path: string): ReturnType<typeof request> {
  const login = Buffer.from(`admin:${firstPassword()}`).toString("base64");
  return request(`https://127.0.0.1:${9443 + cluster.offset}/management/${path}`, {
    method,
    ca: cluster.authority,
    headers: { authorization: `Basic ${login}` },
  });
}

async function listed(): Promise<readonly string[]> {
  const { body } = await manage("GET", "artifacts");
  const { list } = JSON.parse(body) as { list: { kind: string; name: string }[] };
  return list.map(({ kind, name }) => `${kind} ${name}`).toSorted();
}

const allNames = (): readonly string[] =>
  SAMPLES.map(({ kind, name }) => `${kind} ${name}`).toSorted();
const allListed = (): readonly string[] => [...allNames(), RESOURCE].toSorted();

async function answers({ name, proof }: Sample, word: string): Promise<void> {
  if (proof.by === "list") return;
  if (proof.by === "log") {
    await eventually(`${name} logs ${word}`, async () =>
      cluster.up.countOf(new RegExp(`${proof.line} = ${word}$`)) > 0 ? true : undefined,
    );
    return;
  }
  const { workerPort, inboundPort } = worldOf(word);
  const places = {
    service: () => cluster.quote(proof.by === "service" ? proof.name : ""),
    path: () => request(`http://127.0.0.1:${workerPort}${proof.by === "path" ? proof.path : ""}`),
    port: () => request(`http://127.0.0.1:${inboundPort}/any`),
  };
  await eventually(`${name} answers ${word}`, async () => {
    const { body } = await places[proof.by]().catch(() => ({ body: "" }));
    return body.includes(`"answer":"${word}"`) ? true : undefined;
  });
}

async function allAnswer(word: string): Promise<void> {
  await eventually("the registry resource is there", async () =>
    (await cluster.quote("UseRegistry")).body.includes(word) ? true : undefined,
  );
  const logging = SAMPLES.filter(({ proof }) => proof.by === "log");
  const others = SAMPLES.filter((sample) => !logging.includes(sample));
  await Promise.all(others.map((sample) => answers(sample, word)));
  // Only now: the version before would have taken the message.
  await cluster.quote("UseStore");
  await Promise.all(logging.map((sample) => answers(sample, word)));
}

test("every kind goes in with one command, is listed, and works", async () => {
  await deployResource("one");
  const { status, text } = await bascule("deploy", ...writeSamples("one"));
  assert.equal(status, 0, text);
  for (const name of allNames()) assert.ok(text.includes(`Deployed: ${name}`), name);
  assert.deepEqual(await listed(), allListed());
  await allAnswer("one");
});

test("every kind is replaced by what is deployed under its name", async () => {
  saveResource("second");
  const { status, text } = await bascule("deploy", ...writeSamples("second"));
  assert.equal(status, 0, text);
  assert.deepEqual(await listed(), allListed());
  await allAnswer("second");
});

test(
  "the same in the console: chosen together, deployed, listed, working",
  { skip: isWithout },
  async (context) => {
    const browser = await chromium.launch({ executablePath: CHROMIUM, chromiumSandbox: false });
    context.after(() => browser.close());
    const page = await browser.newPage({ ignoreHTTPSErrors: true });
    page.setDefaultTimeout(10_000);
    await page.goto(`${cluster.consoleOrigin}/carbon/`);
    await page.getByLabel("User name").fill("admin");
    await page.getByLabel("Password").fill(firstPassword());
    await page.getByRole("button", { name: "Log in" }).click();
    await deployResource("third");
    await page.getByLabel("Choose XML files").setInputFiles(writeSamples("third"));
    await page.getByRole("button", { name: "Deploy", exact: true }).click();
    await page.getByText(/ more are deployed; revision /).waitFor();
    await eventually("all are in the table", async () => {
      const rows = await page.locator("#artifacts tbody tr").count();
      return rows === allListed().length ? true : undefined;
    });
    await allAnswer("third");
  },
);

test("a faulty one of every kind is refused with file, line and what to do, and nothing changes", async () => {
  const running = await listed();
  for (const { kind, xml, line, message } of FAULTY_SAMPLES) {
    const file = join(cluster.dir, "Faulty.xml");
    writeFileSync(file, xml);
    const { status, text } = await bascule("deploy", file);
    assert.equal(status, 1, `${kind}: ${text}`);
    const [problem = "", last] = text.split("\n");
    assert.ok(problem.startsWith(`${file}:${line}: `), `${kind}: ${text}`);
    assert.match(problem, message, kind);
    assert.match(last ?? "", /Refused: nothing was changed|Faulty\.xml:/, kind);
  }
  assert.deepEqual(await listed(), running);
});

test("every kind is undeployed by kind and name", async () => {
  const one = new Map(SAMPLES.map((sample) => [sample.kind, sample]));
  for (const sample of SAMPLES.toReversed()) {
    const { kind, name } = sample;
    if (one.get(kind) !== sample) {
      assert.equal((await manage("DELETE", `artifacts/${kind}/${name}`)).status, 200, name);
      continue;
    }
    const { status, text } = await bascule("undeploy", kind, name);
    assert.equal(status, 0, text);
    assert.ok(text.includes(`Undeployed: ${kind} ${name}`), text);
  }
  const { status, text } = await bascule("undeploy", "registry-resource", "conf:/word.txt");
  assert.equal(status, 0, text);
  assert.deepEqual(await listed(), []);
  await eventually("the inbound endpoint's port is closed", async () => {
    const { inboundPort } = worldOf("");
    const answer = await request(`http://127.0.0.1:${inboundPort}/any`).catch(() => undefined);
    return answer ? undefined : true;
  });
  const gone = await bascule("undeploy", "api", "Greeting");
  assert.equal(gone.status, 1);
  assert.match(gone.text, /no api "Greeting" is deployed/);
});

test("the examples of docs/artifacts.md can be deployed as they are, and its API answers", async () => {
  const page = readFileSync(join(PRODUCT_ROOT, "docs", "artifacts.md"), "utf8");
  const examples = [...page.matchAll(/```xml\n([^]*?)```/g)].map(([, xml = ""]) => xml);
  const files = examples.map((xml, index) => {
    const file = join(cluster.dir, `example-${index}.xml`);
    writeFileSync(file, xml);
    return file;
  });
  const { status, text } = await bascule("deploy", ...files);
  assert.equal(status, 0, text);
  assert.equal(text.match(/^Deployed: /gm)?.length, files.length);
  await eventually("the example's API answers", async () => {
    const { body } = await request(`http://127.0.0.1:${8280 + cluster.offset}/hello/you`);
    return body === '{"hello": "you"}' ? true : undefined;
  });
});
