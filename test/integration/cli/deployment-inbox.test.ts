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
      await publisher.commit(batch, "saved files", AUTHOR);
    });
    return inbox;
  };
  return { root, file: (path) => join(folder, path), publisher, batches, startInbox };
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
  await publisher.commit([change], "by the API", AUTHOR);
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
  await publisher.commit([{ path: PATH, content: Buffer.from("<proxy/>") }], "before", AUTHOR);
  save(file("synapse-configs/default/sequences/S.xml"), "<sequence/>");
  await startInbox();
  assert.ok(existsSync(file(PATH)));
  assert.deepEqual(
    batches.flat().map(({ path }) => path),
    ["synapse-configs/default/sequences/S.xml"],
  );
});
