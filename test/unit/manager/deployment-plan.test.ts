/** Where carbon applications go, and what they take the place of; the plans of single artifacts are tested through the API. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ArtifactSummary } from "../../../src/mediation/engine.ts";
import { readAppUpload } from "../../../src/manager/app-upload.ts";
import {
  artifactsIn,
  namedAsUploaded,
  planDeploy,
  planUndeploy,
} from "../../../src/manager/deployment-plan.ts";
import type { CompiledTree } from "../../../src/manager/revisions.ts";
import { EngineCompiler } from "../../../src/mediation/engine-compiler.ts";
import { MemoryLog } from "../../helpers/memory-log.ts";
import { proxyXml } from "../../helpers/toy-compile.ts";
import { appOf, piece } from "../mediation/carbonapp/app-world.ts";

const OLD = "carbonapps/Shop_0.9.0.car";
const OTHER = "carbonapps/Shop_Tools_1.0.0.car";

/** A tree with the application Shop 0.9.0, and another whose name begins alike. */
function treeWithApps(): CompiledTree {
  const file = (path: string) => [path, { path, content: Buffer.from("PK") }] as const;
  const part = (app: string, path: string, name: string): ArtifactSummary => ({
    kind: "proxy-service",
    name,
    path: `${path}!/${name}_1.0.0/${name}-1.0.0.xml`,
    app,
  });
  const artifacts = [part("Shop", OLD, "P"), part("Shop_Tools", OTHER, "T")];
  return { files: new Map([file(OLD), file(OTHER)]), artifacts, problems: [], warnings: [] };
}

describe("the plan of a carbon application", () => {
  it("goes by what the application calls itself, and takes the place of its other versions only", async () => {
    const content = appOf("Shop", []);
    const upload = await readAppUpload(content, "whatever.car");
    const { changes, artifacts } = planDeploy([upload], treeWithApps());
    assert.deepEqual(changes, [
      { path: OLD, content: undefined },
      { path: "carbonapps/Shop_1.0.0.car", content },
    ]);
    assert.deepEqual(artifacts, [
      { kind: "carbonapp", name: "Shop_1.0.0", path: "carbonapps/Shop_1.0.0.car" },
    ]);
  });

  it("replaces what the engine has listed of its older version, wherever somebody has put that", async () => {
    const compiler = new EngineCompiler({
      log: new MemoryLog(),
      systemProperties: {},
      callEndpoint: () => Promise.reject(new Error("nothing is sent")),
    });
    const content = appOf("Shop", [piece("synapse/proxy-service", "P", "<respond/>")]);
    const file = { path: "carbonapps/by-hand.car", content };
    const result = await compiler.compileSliced([file]);
    assert.equal(result.kind, "compiled");
    const artifacts = result.kind === "compiled" ? result.engine.artifacts : [];
    const tree = { files: new Map([[file.path, file]]), artifacts, problems: [], warnings: [] };
    const { changes } = planDeploy([await readAppUpload(content, "new.car")], tree);
    assert.deepEqual(
      changes.map((one) => [one.path, one.content === undefined]),
      [
        [file.path, true],
        ["carbonapps/Shop_1.0.0.car", false],
      ],
    );
  });

  it("goes in together with single artifacts, and not twice", async () => {
    const upload = await readAppUpload(appOf("New", []), "a.car");
    const xml = { name: "Q.xml", content: Buffer.from(proxyXml("Q")) };
    const both = planDeploy([upload, xml], treeWithApps());
    assert.equal(both.changes.length, 2);
    const twice = () => planDeploy([upload, upload], treeWithApps());
    assert.throws(twice, /carbonapp "New_1.0.0" is given twice/);
  });

  it("is refused with every problem when it is no application, or its name cannot be a file's", async () => {
    const odd = await readAppUpload(appOf("../up", []), "odd.car");
    const broken = await readAppUpload(Buffer.from("PK\u0003\u0004 but no more"), "broken.car");
    const plan = () => planDeploy([odd, broken], treeWithApps());
    assert.throws(plan, (error: Error) => {
      assert.match(error.message, /"\.\.\/up" and version "1\.0\.0" cannot be used.* in odd\.car/);
      assert.match(error.message, /cannot be read.* in broken\.car/);
      return true;
    });
  });

  it("names problems inside of it by the admin's name of the file", async () => {
    const upload = await readAppUpload(appOf("Shop", []), "mine.car");
    const plan = planDeploy([upload], treeWithApps());
    const problem = { line: 3, severity: "error", message: "no" } as const;
    const files = ["carbonapps/Shop_1.0.0.car!/P_1.0.0/P.xml", "carbonapps/Shop_1.0.0.car", OTHER];
    const named = namedAsUploaded(
      files.map((file) => ({ ...problem, file })),
      plan,
    );
    assert.deepEqual(
      named.map(({ file }) => file),
      ["mine.car!/P_1.0.0/P.xml", "mine.car", OTHER],
    );
  });

  it("is told as an application also where it came as a saved or pushed file", () => {
    const tree = treeWithApps();
    assert.deepEqual(artifactsIn([{ path: OLD, content: undefined }], tree, tree), [
      { kind: "carbonapp", name: "Shop_0.9.0", path: OLD },
    ]);
  });

  it("undeploys an application whole, and names it where only a part is meant", () => {
    const tree = treeWithApps();
    const plan = planUndeploy("carbonapp", "Shop_0.9.0", tree);
    assert.deepEqual(plan?.changes, [{ path: OLD, content: undefined }]);
    assert.equal(planUndeploy("carbonapp", "Shop_7.0.0", tree), undefined);
    assert.throws(() => planUndeploy("proxy-service", "P", tree), {
      code: "ARTIFACT_FAULTY",
      message: /came with the carbon application carbonapps\/Shop_0\.9\.0\.car/,
    });
  });
});
