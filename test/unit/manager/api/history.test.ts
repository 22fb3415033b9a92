/** What the management API tells of revisions: differences, who runs them, ways back, candidates that were refused. */
import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import type { Member } from "../../../../src/cluster/cluster.ts";
import type { StageAnswer } from "../../../../src/depsync/barrier/revision-stage.ts";
import { eventually } from "../../../helpers/http-request.ts";
import { startFixture, type ManagementFixture } from "../../../helpers/management-fixture.ts";
import { makeMember, RecordingCluster } from "../../../helpers/recording-cluster.ts";
import { toldWorkers } from "../../../helpers/told-worker.ts";
import { proxyPath, proxyXml } from "../../../helpers/toy-compile.ts";

async function deploy({ ask }: ManagementFixture, xml: string, query = ""): Promise<string> {
  const answer = await ask("POST", `/management/deployments${query}`, { xml });
  assert.equal(answer.status, 201, answer.text);
  return answer.json().commit;
}

const FAULTY: StageAnswer = {
  kind: "faulty",
  problems: [{ file: proxyPath("P"), line: 2, message: "no such class mediator" }],
};
const FULL: StageAnswer = { kind: "failed", reason: "the disk is full" };

describe("the answer to a deploy", () => {
  it("lists each worker with its answer and times, and so does the journal", async () => {
    const workers = toldWorkers({ "worker-1": { kind: "ready" }, "worker-2": { kind: "ready" } });
    const fixture = await startFixture(undefined, { workers, healthWindowMs: 0 });
    const xml = proxyXml("P");
    const answer = await fixture.ask("POST", "/management/deployments?message=why", { xml });
    assert.equal(answer.status, 201);
    const [first, second] = answer.json().workers;
    assert.deepEqual([first.node, first.answer, first.late], ["worker-1", "ready", false]);
    assert.equal(second.node, "worker-2");
    assert.equal(fixture.publisher.commits.at(-1)?.subject, "why");
    const detail = (await fixture.ask("GET", "/management/deployments/1")).json();
    assert.equal(detail.workers.length, 2);
    assert.equal(detail.workers[0].answer, "ready");
    assert.equal(typeof detail.workers[0].stageMs, "number");
    assert.ok(detail.phases.some(({ phase }: { phase: string }) => phase === "stage"));
    assert.deepEqual(detail.diff.list, [
      { change: "added", kind: "proxy-service", name: "P", path: proxyPath("P") },
    ]);
  });

  it("is 422 with the problems by worker when one refuses the artifacts, and the candidate is kept", async () => {
    const workers = toldWorkers({ "worker-1": { kind: "ready" }, "worker-2": FAULTY });
    const fixture = await startFixture(undefined, { workers });
    const answer = await fixture.ask("POST", "/management/deployments?file=P.xml", {
      xml: proxyXml("P"),
    });
    assert.equal(answer.status, 422);
    const body = answer.json();
    assert.equal(body.code, "ARTIFACT_FAULTY");
    assert.match(body.Error, /no such class mediator/);
    const refusing = body.workers.find(({ node }: { node: string }) => node === "worker-2");
    assert.equal(refusing.answer, "faulty");
    assert.equal(refusing.problems[0].line, 2);
    assert.equal(await fixture.publisher.live(), undefined);
    const { list } = (await fixture.ask("GET", "/management/candidates")).json();
    assert.equal(list.length, 1);
    assert.equal(list[0].commit, body.candidate);
    assert.equal(list[0].deployment.outcome, "refused");
    assert.equal(list[0].deployment.problems[0].message, "no such class mediator");
    assert.equal(list[0].workers.length, 2);
  });

  it("is 503 when a worker cannot, says which and why, and nobody has switched", async () => {
    const workers = toldWorkers({ "worker-1": { kind: "ready" }, "worker-2": FULL });
    const fixture = await startFixture(undefined, { workers });
    const answer = await fixture.ask("POST", "/management/deployments", { xml: proxyXml("P") });
    assert.equal(answer.status, 503);
    const body = answer.json();
    assert.equal(body.code, "DEPLOY_FAILED");
    assert.match(body.Error, /worker-2.*the disk is full/);
    assert.equal(await fixture.publisher.live(), undefined);
    const without = "/management/deployments?without=worker-2";
    const again = await fixture.ask("POST", without, { xml: proxyXml("P") });
    assert.equal(again.status, 201, again.text);
    const left = again.json().workers.find(({ node }: { node: string }) => node === "worker-2");
    assert.equal(left.answer, "without");
  });

  it("is 400 when a worker that is to be left out is nobody", async () => {
    const workers = toldWorkers({ "worker-1": { kind: "ready" } });
    const { ask } = await startFixture(undefined, { workers });
    const answer = await ask("POST", "/management/deployments?without=worker-9", {
      xml: proxyXml("P"),
    });
    assert.equal(answer.status, 400);
    assert.match(answer.json().Error, /no live worker worker-9.*worker-1/);
  });
});

describe("GET /management/revisions/:from/diff/:to", () => {
  it("tells what was added, changed and removed, by kind and name, with lines", async () => {
    const fixture = await startFixture();
    await deploy(fixture, proxyXml("P"));
    const from = await deploy(fixture, proxyXml("Q"));
    await deploy(fixture, proxyXml("P", "<new/>"));
    await deploy(fixture, proxyXml("R"));
    await fixture.ask("DELETE", "/management/artifacts/proxy/Q");
    const path = `/management/revisions/${from.slice(0, 12)}/diff/live`;
    const body = (await fixture.ask("GET", path)).json();
    assert.equal(body.from, from);
    assert.equal(body.to, await fixture.publisher.live());
    assert.deepEqual(
      body.list.map((one: Record<string, string>) => [one["change"], one["kind"], one["name"]]),
      [
        ["changed", "proxy-service", "P"],
        ["removed", "proxy-service", "Q"],
        ["added", "proxy-service", "R"],
      ],
    );
    assert.match(body.list[0].lines, /^-.*<target\/>$/m);
    assert.match(body.list[0].lines, /^\+.*<new\/>$/m);
    const names = (await fixture.ask("GET", `${path}?lines=false`)).json();
    assert.equal(names.list[0].lines, undefined);
    assert.equal(names.count, 3);
  });

  it("takes numbers of deployments, and says which revision is none", async () => {
    const fixture = await startFixture();
    await deploy(fixture, proxyXml("P"));
    await deploy(fixture, proxyXml("Q"));
    // What is live is no candidate, also when it is deployed once more.
    await fixture.ask("POST", "/management/deployments", { xml: proxyXml("F", "FAULT") });
    await fixture.ask("POST", "/management/deployments", { xml: proxyXml("Q") });
    const body = (await fixture.ask("GET", "/management/revisions/1/diff/2")).json();
    assert.deepEqual(
      body.list.map(({ name }: { name: string }) => name),
      ["Q"],
    );
    for (const [from, sentence] of [
      ["3", /deployment 3 made no revision: it ended as refused/],
      ["77", /there is no deployment 77/],
      ["candidate", /no candidate is kept/],
      ["abcdef0123", /there is no revision abcdef0123/],
    ] as const) {
      const answer = await fixture.ask("GET", `/management/revisions/${from}/diff/live`);
      assert.equal(answer.status, 404, from);
      assert.match(answer.json().Error, sentence);
    }
    const odd = await fixture.ask("GET", "/management/revisions/--all/diff/live");
    assert.equal(odd.status, 400);
  });
});

describe("rollback", () => {
  it("makes a new commit whose tree is the old one's", async () => {
    const fixture = await startFixture();
    const first = await deploy(fixture, proxyXml("P"));
    await deploy(fixture, proxyXml("Q"));
    const answer = await fixture.ask("POST", "/management/deployments/rollback", {
      json: { revision: first.slice(0, 12) },
    });
    assert.equal(answer.status, 201, answer.text);
    const live = await fixture.publisher.live();
    assert.equal(answer.json().commit, live);
    assert.notEqual(live, first);
    assert.deepEqual([...(fixture.publisher.commits.at(-1)?.tree.keys() ?? [])], [proxyPath("P")]);
    const row = (await fixture.ask("GET", "/management/deployments/3")).json();
    assert.equal(row.action, "rollback");
  });

  it("goes to what a deployment made live, and answers 404 for one that made nothing", async () => {
    const fixture = await startFixture();
    await deploy(fixture, proxyXml("P"));
    await deploy(fixture, proxyXml("P", "<new/>"));
    const answer = await fixture.ask("POST", "/management/deployments/1/rollback");
    assert.equal(answer.status, 201, answer.text);
    const source = await fixture.ask("GET", "/management/artifacts/proxy-service/P");
    assert.equal(source.text, proxyXml("P"));
    const unknown = await fixture.ask("POST", "/management/deployments/99/rollback");
    assert.equal(unknown.status, 404);
  });
});

describe("GET /management/deployments?artifact=", () => {
  it("lists only deployments of that artifact, whatever its name looks like", async () => {
    const fixture = await startFixture();
    for (const name of ["A", "A_B", "A%B", "A"])
      await deploy(fixture, proxyXml(name, `<v${fixture.publisher.commits.length}/>`));
    const ids = async (name: string): Promise<readonly number[]> => {
      const query = new URLSearchParams({ artifact: name });
      const answer = await fixture.ask("GET", `/management/deployments?${query}`);
      return answer.json().list.map(({ id }: { id: number }) => id);
    };
    assert.deepEqual(await ids("A"), [4, 1]);
    assert.deepEqual(await ids("A_B"), [2]);
    assert.deepEqual(await ids("A%B"), [3]);
    assert.deepEqual(await ids("%"), []);
  });
});

describe("GET /management/revision/:revision", () => {
  const MANAGER = makeMember();

  function worker(name: string, given: Partial<Member> = {}): Member {
    return makeMember({ id: name, name, role: "worker", subDomain: "worker", ...given });
  }

  /** A cluster whose other members the test changes. */
  async function startCluster(others: Member[]) {
    const cluster = new RecordingCluster(MANAGER, others);
    return { fixture: await startFixture(cluster, { healthWindowMs: 0 }), others };
  }

  it("is 200 when every worker, gateway and manager has it, 202 with who is missing before", async () => {
    const { fixture, others } = await startCluster([]);
    const commit = await deploy(fixture, proxyXml("P"));
    others.push(worker("w1", { revision: commit }), worker("w2"));
    others.push(makeMember({ id: "g", name: "g", role: "gateway", revision: commit }));
    others.push(worker("going", { state: "leaving" }));
    const before = await fixture.ask("GET", "/management/revision/live");
    assert.equal(before.status, 202);
    assert.deepEqual(before.json().missing, ["w2"]);
    others[1] = worker("w2", { revision: commit });
    const after = await fixture.ask("GET", `/management/revision/${commit}`);
    assert.equal(after.status, 200, after.text);
    assert.equal(after.json().arrived, true);
    others[2] = makeMember({ id: "g", name: "g", role: "gateway" });
    const unconfirmed = await fixture.ask("GET", `/management/revision/${commit}`);
    assert.equal(unconfirmed.status, 202);
    assert.deepEqual(unconfirmed.json().missing, ["g"]);
  });

  it("waits until all have it, or answers 408 with who has not", async (test: TestContext) => {
    const { fixture, others } = await startCluster([worker("w1")]);
    const commit = await deploy(fixture, proxyXml("P"));
    const path = `/management/revision/${commit}?wait=all&timeout=2s`;
    let isDone = false;
    const waiting = fixture.ask("GET", path).finally(() => (isDone = true));
    await eventually("somebody waits", async () =>
      fixture.clock.pendingCount > 0 ? true : undefined,
    );
    fixture.clock.advance(1_000);
    assert.equal(isDone, false);
    others[0] = worker("w1", { revision: commit });
    test.after(() => waiting);
    await eventually("the answer", async () => {
      fixture.clock.advance(100);
      return isDone ? true : undefined;
    });
    assert.equal((await waiting).status, 200);
    others[0] = worker("w1");
    isDone = false;
    const vain = fixture.ask("GET", path).finally(() => (isDone = true));
    await eventually("the answer", async () => {
      fixture.clock.advance(500);
      return isDone ? true : undefined;
    });
    const answer = await vain;
    assert.equal(answer.status, 408);
    assert.equal(answer.json().code, "REVISION_NOT_EVERYWHERE");
    assert.match(answer.json().Error, /after 2s revision \w{10} is not everywhere: w1 has it not/);
  });

  it("is 409 at once for one that was replaced or refused: it will not come", async () => {
    const workers = toldWorkers({ "worker-1": FAULTY });
    const fixture = await startFixture(undefined, { workers });
    const faulty = await fixture.ask("POST", "/management/deployments", { xml: proxyXml("P") });
    const { candidate } = faulty.json();
    const refused = await fixture.ask("GET", `/management/revision/${candidate}?wait=all`);
    assert.equal(refused.status, 409);
    assert.match(refused.json().Error, /was refused: no such class mediator .*deployment 1/);

    const other = await startFixture();
    const first = await deploy(other, proxyXml("P"));
    await deploy(other, proxyXml("Q"));
    const replaced = await other.ask("GET", `/management/revision/${first}?wait=all&timeout=30s`);
    assert.equal(replaced.status, 409);
    assert.match(replaced.json().Error, /is not live any more/);
  });

  it("refuses other times and words", async () => {
    const { ask } = await startFixture();
    for (const query of ["wait=some", "timeout=11m", "timeout=forever", "timeout=-1s"]) {
      const answer = await ask("GET", `/management/revision/live?${query}`);
      assert.ok([400, 404].includes(answer.status), `${query}: ${answer.status}`);
    }
  });
});
