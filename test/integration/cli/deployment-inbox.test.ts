import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import { DeploymentInbox } from "../../../src/cli/deployment-inbox.ts";
import type {
  DeploymentPublisher,
  FileChange,
} from "../../../src/depsync/deployment-repository.ts";
import { openPublisher } from "../../../src/depsync/git-publisher.ts";
import { createLog } from "../../../src/observability/log.ts";
import { systemClock } from "../../../src/runtime/clock.ts";
import { eventually } from "../../helpers/http-request.ts";

const AUTHOR = { user: "admin", via: "api" } as const;
const PATH = "synapse-configs/default/proxy-services/P.xml";
const log = createLog({ node: "test", sinks: [] });

interface Setting {
  readonly root: string;
  readonly file: (path: string) => string;
  readonly publisher: DeploymentPublisher;
  readonly batches: (readonly FileChange[])[];
  /** Starts an inbox whose handler commits everything, as a manager does with good files. */
  readonly startInbox: () => Promise<DeploymentInbox>;
}

async function setUp(context: TestContext): Promise<Setting> {
  const root = mkdtempSync(join(tmpdir(), "bascule-inbox-"));
  const publisher = await openPublisher({ folder: join(root, "r.git"), log, clock: systemClock });
  const batches: (readonly FileChange[])[] = [];
  const folder = join(root, "server");
  const open: DeploymentInbox[] = [];
  context.after(async () => {
    for (const inbox of open) await inbox.close();
    rmSync(root, { recursive: true, force: true });
  });
  const startInbox = async (): Promise<DeploymentInbox> => {
    const options = {
      folder,
      stateFolder: root,
      publisher,
      log,
      clock: systemClock,
      intervalMs: 200,
    };
    const inbox = new DeploymentInbox(options);
    open.push(inbox);
    await inbox.start(async (batch) => {
      batches.push(batch);
      await deploy(publisher, batch);
    });
    return inbox;
  };
  return { root, file: (path) => join(folder, path), publisher, batches, startInbox };
}

async function deploy(publisher: DeploymentPublisher, batch: readonly FileChange[]): Promise<void> {
  const live = await publisher.live();
  const commit = await publisher.commit(batch, "deploy", AUTHOR);
  await publisher.moveLive(commit, live);
}

function save(file: string, content: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
}

test("reports a file that was saved, once, and its removal", async (context) => {
  const { file, batches, startInbox } = await setUp(context);
  await startInbox();
  save(file(PATH), "<proxy/>");
  await eventually("the saved file is reported", async () =>
    batches.length > 0 ? true : undefined,
  );
  assert.deepEqual(
    batches.flat().map(({ path, content }) => [path, content?.toString()]),
    [[PATH, "<proxy/>"]],
  );
  rmSync(file(PATH));
  await eventually("the removal is reported", async () => (batches.length > 1 ? true : undefined));
  assert.deepEqual(batches[1], [{ path: PATH, content: undefined }]);
});

test("a deploy that is committed but not yet written into the folder is not taken for a removal", async (context) => {
  const { file, publisher, batches, startInbox } = await setUp(context);
  const inbox = await startInbox();
  const change = { path: PATH, content: Buffer.from("<proxy name='api'/>") };
  await deploy(publisher, [change]);
  save(file("synapse-configs/default/sequences/S.xml"), "<sequence/>");
  await eventually("the saved file is reported", async () =>
    batches.length > 0 ? true : undefined,
  );
  await inbox.bringInLine([change]);
  await new Promise((resolve) => setTimeout(resolve, 800));
  assert.equal(batches.flat().length, 1);
  assert.equal(readFileSync(file(PATH), "utf8"), "<proxy name='api'/>");
});

test("a file removed while the manager was down is reported at the next start", async (context) => {
  const { file, batches, startInbox } = await setUp(context);
  const first = await startInbox();
  save(file(PATH), "<proxy/>");
  save(file("synapse-configs/default/sequences/S.xml"), "<sequence/>");
  await eventually("both files are reported", async () =>
    batches.flat().length > 1 ? true : undefined,
  );
  await eventually("the commit is remembered", async () => {
    await new Promise((resolve) => setTimeout(resolve, 300));
    return true;
  });
  await first.close();
  rmSync(file(PATH));
  batches.length = 0;
  await startInbox();
  assert.deepEqual(batches.flat(), [{ path: PATH, content: undefined }]);
});

test("a folder that was lost as a whole is restored, never undeployed", async (context) => {
  const { root, file, batches, startInbox } = await setUp(context);
  const first = await startInbox();
  save(file(PATH), "<proxy/>");
  await eventually("the file is reported", async () => (batches.length > 0 ? true : undefined));
  await new Promise((resolve) => setTimeout(resolve, 500));
  await first.close();
  rmSync(join(root, "server"), { recursive: true });
  batches.length = 0;
  await startInbox();
  assert.deepEqual(batches, []);
  assert.equal(readFileSync(file(PATH), "utf8"), "<proxy/>");
});

test("a new home takes over what the repository holds and adds its own files", async (context) => {
  const { file, publisher, batches, startInbox } = await setUp(context);
  await deploy(publisher, [{ path: PATH, content: Buffer.from("<proxy/>") }]);
  save(file("synapse-configs/default/sequences/S.xml"), "<sequence/>");
  await startInbox();
  assert.ok(existsSync(file(PATH)));
  assert.deepEqual(
    batches.flat().map(({ path }) => path),
    ["synapse-configs/default/sequences/S.xml"],
  );
});

test("registry resources are saved and removed like artifacts, and stay where there is no folder for them", async (context) => {
  const { file, publisher, batches, startInbox } = await setUp(context);
  const resource = "registry/config/formats/quote.txt";
  const change = { path: resource, content: Buffer.from("pushed") };
  await deploy(publisher, [change]);
  rmSync(file("registry"), { recursive: true, force: true });
  await startInbox();
  rmSync(file("registry"), { recursive: true, force: true });
  save(file(PATH), "<proxy/>");
  await eventually("the artifact alone is reported", async () => batches[0]);
  assert.deepEqual(
    batches[0]?.map(({ path }) => path),
    [PATH],
  );

  save(file(resource), "saved");
  await eventually("the resource is reported", async () => batches[1]);
  assert.deepEqual(
    batches[1]?.map(({ path, content }) => [path, content?.toString()]),
    [[resource, "saved"]],
  );
  rmSync(file(resource));
  await eventually("its removal is reported", async () => batches[2]);
  assert.deepEqual(batches[2], [{ path: resource, content: undefined }]);
});

test("carbon applications are saved and removed like artifacts, and stay where there is no folder for them", async (context) => {
  const { file, publisher, batches, startInbox } = await setUp(context);
  const app = "carbonapps/Shop_1.0.0.car";
  const content = Buffer.from([80, 75, 3, 4, 0, 255]);
  await deploy(publisher, [{ path: app, content }]);
  const inbox = await startInbox();
  assert.ok(readFileSync(file(app)).equals(content));
  rmSync(file("carbonapps"), { recursive: true, force: true });
  mkdirSync(dirname(file(PATH)), { recursive: true });
  writeFileSync(file(PATH), "<proxy/>");
  await eventually("the artifact is taken", async () => (batches.length > 0 ? true : undefined));
  assert.deepEqual(
    batches.flat().map(({ path }) => path),
    [PATH],
  );
  mkdirSync(file("carbonapps"));
  writeFileSync(file("carbonapps/Other_1.0.0.car"), content);
  await eventually("the application is taken, the removed one is gone", async () => {
    const live = (await publisher.live()) ?? "";
    const has = async (path: string) => (await publisher.fileAt(live, path)) !== undefined;
    return (await has("carbonapps/Other_1.0.0.car")) && !(await has(app)) ? true : undefined;
  });
  await inbox.close();
});

test("what a killed manager has not written into the folder any more is no edit of somebody", async (context) => {
  const { root, file, publisher, batches, startInbox } = await setUp(context);
  const other = "synapse-configs/default/sequences/S.xml";
  const put = (path: string, content: string): FileChange => ({
    path,
    content: Buffer.from(content),
  });
  await deploy(publisher, [put(other, "<sequence/>")]);
  await (await startInbox()).close();
  const remembered = readFileSync(join(root, "inbox-commit"), "utf8");
  // Deployed and written, but not remembered; then deployed or undeployed, and not written.
  await deploy(publisher, [put(PATH, "<proxy name='1'/>"), put(other, "<sequence name='1'/>")]);
  save(file(PATH), "<proxy name='1'/>");
  save(file(other), "<sequence name='1'/>");
  await deploy(publisher, [put(PATH, "<proxy name='2'/>"), { path: other, content: undefined }]);
  save(file("synapse-configs/default/sequences/Own.xml"), "<sequence name='own'/>");
  assert.equal(readFileSync(join(root, "inbox-commit"), "utf8"), remembered);
  await startInbox();
  await eventually("the look", async () => (batches.length > 0 ? true : undefined));
  assert.deepEqual(
    batches.flat().map(({ path }) => path),
    ["synapse-configs/default/sequences/Own.xml"],
  );
  assert.equal(readFileSync(file(PATH), "utf8"), "<proxy name='2'/>");
  assert.ok(!existsSync(file(other)));
});

test("a revision that the folder does not hold yet is not remembered", async (context) => {
  const { root, file, publisher, batches, startInbox } = await setUp(context);
  const first = { path: PATH, content: Buffer.from("<proxy name='1'/>") };
  await deploy(publisher, [first]);
  const inbox = await startInbox();
  await inbox.bringInLine([first]);
  const remembered = readFileSync(join(root, "inbox-commit"), "utf8");
  await deploy(publisher, [{ path: PATH, content: Buffer.from("<proxy name='2'/>") }]);
  await inbox.close();
  assert.equal(readFileSync(join(root, "inbox-commit"), "utf8"), remembered);
  await startInbox();
  assert.equal(readFileSync(file(PATH), "utf8"), "<proxy name='2'/>");
  assert.deepEqual(batches, []);
});
