import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { startFixture } from "../../../helpers/management-fixture.ts";
import { makeMember, RecordingCluster } from "../../../helpers/recording-cluster.ts";
import { appOf } from "../../mediation/carbonapp/app-world.ts";
import { proxyPath, proxyXml, sequenceXml } from "../../../helpers/toy-compile.ts";

describe("POST /management/deployments", () => {
  it("commits a good artifact, makes it live and says where it went", async () => {
    const { ask, publisher, changed } = await startFixture();
    const answer = await ask("POST", "/management/deployments", { xml: proxyXml("P") });
    assert.equal(answer.status, 201);
    const { deployment, commit, artifacts } = answer.json();
    assert.deepEqual(artifacts, [{ kind: "proxy-service", name: "P", path: proxyPath("P") }]);
    assert.equal(commit, await publisher.live());
    assert.equal(deployment, 1);
    assert.deepEqual(publisher.commits[0]?.author, "admin");
    assert.equal(publisher.commits[0]?.via, "api");
    assert.deepEqual(
      changed.map(({ path }) => path),
      [proxyPath("P")],
    );
  });

  it("tells the engine's warnings of what was handed in, under the name that the admin gave, in the answer and in the journal", async () => {
    const { ask, log } = await startFixture();
    await ask("POST", "/management/deployments", { xml: proxyXml("Older", "ODD") });
    const xml = proxyXml("P", "ODD");
    const answer = await ask("POST", "/management/deployments?file=mine.xml", { xml });
    const notes = ["warning: this line is odd in mine.xml:2"];
    assert.deepEqual([answer.status, answer.json().notes], [201, notes]);
    const { deployment } = answer.json();
    const kept = await ask("GET", `/management/deployments/${deployment}`);
    assert.deepEqual(kept.json().notes, notes);
    assert.ok(log.messages("warn").includes(notes[0] ?? ""));
  });

  it("tells twenty warnings, and how many more there are", async () => {
    const { ask } = await startFixture();
    const xml = proxyXml("P", Array.from({ length: 23 }, () => "ODD").join("\n"));
    const { notes } = (await ask("POST", "/management/deployments", { xml })).json();
    assert.deepEqual([notes.length, notes[20]], [21, "3 more warnings are in the workers' logs"]);
  });

  it("tells the cluster with WSO2's message and log line", async () => {
    const cluster = new RecordingCluster(makeMember());
    const { ask, log } = await startFixture(cluster);
    const { commit } = (
      await ask("POST", "/management/deployments", { xml: proxyXml("P") })
    ).json();
    assert.deepEqual(cluster.sent, [
      {
        id: "message-1",
        topic: "SynchronizeRepositoryRequest",
        body: { tenantId: -1234, tenantDomain: "carbon.super", commit },
      },
    ]);
    assert.equal(cluster.self.revision, commit);
    assert.ok(
      log
        .messages("info")
        .includes(
          "Sent [SynchronizeRepositoryRequest{tenantId=-1234, tenantDomain='carbon.super', messageId=message-1}]",
        ),
    );
  });

  it("refuses a faulty artifact with every problem, under the name that the admin gave, and changes nothing", async () => {
    const cluster = new RecordingCluster(makeMember());
    const { ask, publisher, changed } = await startFixture(cluster);
    const xml = proxyXml("P", "FAULT");
    const answer = await ask("POST", "/management/deployments?file=mine.xml", { xml });
    assert.equal(answer.status, 422);
    const body = answer.json();
    assert.deepEqual(body.problems, [
      { file: "mine.xml", line: 2, message: "this line is faulty" },
    ]);
    assert.equal(body.code, "ARTIFACT_FAULTY");
    assert.equal(body.Error, "this line is faulty in mine.xml:2");
    assert.deepEqual(publisher.commits, []);
    assert.deepEqual(cluster.sent, []);
    assert.deepEqual(changed, []);
  });

  it("refuses what is not XML, and what is no artifact, with the line", async () => {
    const { ask } = await startFixture();
    const broken = await ask("POST", "/management/deployments?file=b.xml", {
      xml: "<proxy>\n<a></b>",
    });
    assert.equal(broken.status, 422);
    assert.equal(broken.json().problems[0].file, "b.xml");
    assert.equal(broken.json().problems[0].line, 2);
    const other = await ask("POST", "/management/deployments", { xml: "<server/>" });
    assert.equal(other.status, 422);
    assert.match(other.json().problems[0].message, /<server> is no Synapse artifact/);
  });

  it("refuses names that would leave the folder", async () => {
    const { ask, publisher } = await startFixture();
    for (const name of ["../../etc/x", "a/b", ".git", "a\\b", ""]) {
      const answer = await ask("POST", "/management/deployments", { xml: proxyXml(name) });
      assert.equal(answer.status, 422, name);
    }
    assert.deepEqual(publisher.commits, []);
  });

  it("answers 200 and keeps the commit when the same content comes again", async () => {
    const { ask, publisher } = await startFixture();
    const first = await ask("POST", "/management/deployments", { xml: proxyXml("P") });
    const second = await ask("POST", "/management/deployments", { xml: proxyXml("P") });
    assert.equal(second.status, 200);
    assert.equal(second.json().commit, first.json().commit);
    assert.equal(publisher.commits.length, 1);
  });

  it("replaces an artifact in the file that holds it, wherever that is", async () => {
    const { ask, publisher } = await startFixture();
    const path = "synapse-configs/default/proxy-services/other-name.xml";
    const content = Buffer.from(proxyXml("P"));
    const author = { user: "x", via: "file" } as const;
    await publisher.moveLive(await publisher.commit([{ path, content }], "m", author), undefined);
    const xml = proxyXml("P", "<new/>");
    const answer = await ask("POST", "/management/deployments", { xml });
    assert.equal(answer.status, 201);
    assert.deepEqual([...(publisher.commits[1]?.tree.keys() ?? [])], [path]);
  });

  it("takes several artifacts that need one another in one go, or none", async () => {
    const { ask, publisher } = await startFixture();
    const proxy = { name: "P.xml", content: proxyXml("P", '<sequence key="S"/>') };
    const sequence = { name: "S.xml", content: sequenceXml("S") };
    const alone = await ask("POST", "/management/deployments", { json: { files: [proxy] } });
    assert.equal(alone.status, 422);
    const both = await ask("POST", "/management/deployments", {
      json: { files: [proxy, sequence] },
    });
    assert.equal(both.status, 201);
    assert.equal(both.json().artifacts.length, 2);
    assert.equal(publisher.commits.length, 1);
  });

  it("refuses a body that is too large, of another type, or of another form", async () => {
    const { ask } = await startFixture();
    const large = await ask("POST", "/management/deployments", {
      xml: `<proxy name="${"x".repeat(10 * 1024 * 1024)}"/>`,
    });
    assert.equal(large.status, 413);
    const form = await ask("POST", "/management/deployments", {
      xml: "a=b",
      headers: { "content-type": "application/x-www-form-urlencoded" },
    });
    assert.equal(form.status, 415);
    const plain = await ask("POST", "/management/deployments", {
      headers: { "content-type": "text/plain" },
      xml: proxyXml("P"),
    });
    assert.equal(plain.status, 415);
    const empty = await ask("POST", "/management/deployments", { json: { files: [] } });
    assert.equal(empty.status, 400);
    assert.equal(empty.json().code, "REQUEST_INVALID");
  });

  it("takes a carbon application as bytes, or in base64 beside artifacts, and gives it back", async () => {
    const { ask, publisher } = await startFixture();
    const shop = appOf("Shop", []);
    const bytes = { "content-type": "application/octet-stream" };
    const one = await ask("POST", "/management/deployments?file=x.car", {
      xml: shop,
      headers: bytes,
    });
    assert.equal(one.status, 201, one.text);
    const path = "carbonapps/Shop_1.0.0.car";
    assert.deepEqual(one.json().artifacts, [{ kind: "carbonapp", name: "Shop_1.0.0", path }]);
    const { list } = (await ask("GET", "/management/artifacts")).json();
    assert.deepEqual(list, [{ kind: "carbonapp", name: "Shop_1.0.0", path }]);
    const files = [
      { name: "B.car", content: appOf("B", []).toString("base64"), encoding: "base64" },
      { name: "P.xml", content: proxyXml("P") },
    ];
    const both = await ask("POST", "/management/deployments", { json: { files } });
    assert.equal(both.status, 201, both.text);
    assert.ok(publisher.commits.at(-1)?.tree.get(path)?.equals(shop));
    const gone = await ask("DELETE", "/management/artifacts/carbonapp/Shop_1.0.0");
    assert.equal(gone.status, 200);
    assert.equal((await ask("GET", "/management/artifacts/carbonapp/Shop_1.0.0")).status, 404);
    assert.equal((await ask("GET", "/management/artifacts/carbonapp/B_1.0.0")).status, 200);
  });

  it("journals an application that is none as refused", async () => {
    const { ask } = await startFixture();
    const xml = Buffer.from("PK\u0003\u0004 but no more");
    const headers = { "content-type": "application/octet-stream" };
    const answer = await ask("POST", "/management/deployments?file=x.car", { xml, headers });
    assert.equal(answer.status, 422);
    assert.equal(answer.json().problems[0].file, "x.car");
    assert.equal((await ask("GET", "/management/deployments/1")).json().outcome, "refused");
  });

  it("says 503 and journals the reason when the repository does not take the commit", async () => {
    const { ask, publisher, store } = await startFixture();
    publisher.failNext("propose");
    const answer = await ask("POST", "/management/deployments", { xml: proxyXml("P") });
    assert.equal(answer.status, 503);
    assert.equal(answer.json().code, "DEPLOYMENT_REPOSITORY");
    const [row] = await store.journal.list(1);
    assert.equal(row?.outcome, "failed");
    assert.match(row?.problems[0]?.message ?? "", /the remote is down/);
  });

  it("runs deploys one at a time, so that each sees the one before", async () => {
    const { ask, publisher } = await startFixture();
    const names = ["A", "B", "C", "D"];
    const answers = await Promise.all(
      names.map((name) => ask("POST", "/management/deployments", { xml: proxyXml(name) })),
    );
    assert.deepEqual(
      answers.map(({ status }) => status),
      [201, 201, 201, 201],
    );
    assert.equal(publisher.commits.at(-1)?.tree.size, 4);
    assert.equal(await publisher.live(), publisher.commits.at(-1)?.commit);
  });
});

describe("DELETE /management/artifacts/:kind/:name", () => {
  it("undeploys, and answers 404 afterwards", async () => {
    const { ask, publisher } = await startFixture();
    await ask("POST", "/management/deployments", { xml: proxyXml("P") });
    const gone = await ask("DELETE", "/management/artifacts/proxy-service/P");
    assert.equal(gone.status, 200);
    assert.equal(gone.json().commit, await publisher.live());
    assert.equal(publisher.commits.at(-1)?.tree.size, 0);
    const again = await ask("DELETE", "/management/artifacts/proxy-service/P");
    assert.equal(again.status, 404);
    assert.equal(again.json().code, "ARTIFACT_UNKNOWN");
    assert.equal((await ask("DELETE", "/management/artifacts/nonsense/P")).status, 404);
  });

  it("refuses to take away what others need", async () => {
    const { ask, publisher } = await startFixture();
    await ask("POST", "/management/deployments", { xml: sequenceXml("S") });
    await ask("POST", "/management/deployments", { xml: proxyXml("P", '<sequence key="S"/>') });
    const answer = await ask("DELETE", "/management/artifacts/sequence/S");
    assert.equal(answer.status, 422);
    assert.deepEqual(answer.json().problems, [
      { file: proxyPath("P"), line: 2, message: "there is no sequence S" },
    ]);
    assert.equal(publisher.commits.length, 2);
  });
});

describe("GET /management/artifacts", () => {
  it("lists the live artifacts with the revision, and gives the source as it was deployed", async () => {
    const { ask } = await startFixture();
    const nothing = await ask("GET", "/management/artifacts");
    assert.deepEqual(nothing.json(), { revision: null, count: 0, list: [] });
    const xml = proxyXml("P");
    const { commit } = (await ask("POST", "/management/deployments", { xml })).json();
    assert.deepEqual((await ask("GET", "/management/artifacts")).json(), {
      revision: commit,
      count: 1,
      list: [{ kind: "proxy-service", name: "P", path: proxyPath("P") }],
    });
    const source = await ask("GET", "/management/artifacts/proxy-service/P");
    assert.equal(source.text, xml);
    assert.equal(source.headers["content-type"], "application/xml; charset=utf-8");
    assert.equal((await ask("GET", "/management/artifacts/proxy-service/Q")).status, 404);
  });
});

describe("GET /management/deployments", () => {
  it("pages the journal, newest first", async () => {
    const { ask } = await startFixture();
    for (const name of ["A", "B", "C"])
      await ask("POST", "/management/deployments", { xml: proxyXml(name) });
    const first = (await ask("GET", "/management/deployments?limit=2")).json();
    assert.deepEqual(
      first.list.map((row: { id: number }) => row.id),
      [3, 2],
    );
    const rest = (await ask("GET", `/management/deployments?limit=2&before=${first.next}`)).json();
    assert.deepEqual(
      rest.list.map((row: { id: number }) => row.id),
      [1],
    );
    assert.equal(rest.next, null);
  });

  it("tells one deployment, refused ones with their problems", async () => {
    const { ask } = await startFixture();
    await ask("POST", "/management/deployments", { xml: proxyXml("P", "FAULT") });
    const row = (await ask("GET", "/management/deployments/1")).json();
    assert.deepEqual(row, {
      id: 1,
      who: "admin",
      via: "api",
      action: "deploy",
      artifacts: [{ kind: "proxy-service", name: "P", path: proxyPath("P") }],
      at: "2026-11-21T00:00:00.000Z",
      ms: 0,
      commit: null,
      base: null,
      outcome: "refused",
      problems: [{ file: proxyPath("P"), line: 2, message: "this line is faulty" }],
      notes: [],
      phases: [],
      workers: [],
      diff: null,
    });
    assert.equal((await ask("GET", "/management/deployments/2")).status, 404);
    assert.equal((await ask("GET", "/management/deployments/x")).status, 400);
  });

  it("journals how a deploy came: api, command line", async () => {
    const { ask } = await startFixture();
    const headers = { "user-agent": "bascule-cli/0.1.0" };
    await ask("POST", "/management/deployments", { xml: proxyXml("P"), headers });
    assert.equal((await ask("GET", "/management/deployments/1")).json().via, "cli");
  });
});
