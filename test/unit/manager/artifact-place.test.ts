/** What the manager reads of an artifact has to be what the engine then lists: else a second deploy makes a second file. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  artifactKindOf,
  artifactKinds,
  readArtifact,
} from "../../../src/manager/artifact-place.ts";
import {
  planDeploy,
  planUndeploy,
  sharedFileProblems,
} from "../../../src/manager/deployment-plan.ts";
import type { CompiledTree } from "../../../src/manager/revisions.ts";
import { compileEngine } from "../../../src/mediation/compile-engine.ts";
import type { ArtifactFile } from "../../../src/mediation/engine.ts";
import { MemoryLog } from "../../helpers/memory-log.ts";

const NS = 'xmlns="http://ws.apache.org/ns/synapse"';
const PROXY = `<proxy ${NS} name="P"><target><inSequence/></target></proxy>`;
const api = (version: string): string =>
  `<api ${NS} name="Q" context="/q" ${version}><resource methods="GET"><inSequence/></resource></api>`;

/** One artifact of each kind, with the file that it goes to. */
const ARTIFACTS: readonly (readonly [string, string])[] = [
  [PROXY, "proxy-services/P.xml"],
  [`<sequence ${NS} name="S"/>`, "sequences/S.xml"],
  [`<endpoint ${NS} name="E"><address uri="http://a"/></endpoint>`, "endpoints/E.xml"],
  [`<localEntry ${NS} key="L">text</localEntry>`, "local-entries/L.xml"],
  [api(""), "api/Q.xml"],
  [api('version="1.0" version-type="url"'), "api/Q_v1.0.xml"],
  [api('version="2.0" version-type="url"'), "api/Q_v2.0.xml"],
  [`<template ${NS} name="T"><sequence/></template>`, "templates/T.xml"],
  [
    `<template ${NS} name="ET"><endpoint name="$name"><address uri="$uri"/></endpoint></template>`,
    "templates/ET.xml",
  ],
  [
    `<task ${NS} name="K" class="org.apache.synapse.startup.tasks.MessageInjector" group="g"><trigger interval="5"/><property xmlns:task="http://www.wso2.org/products/wso2commons/tasks" name="message"><a/></property></task>`,
    "tasks/K.xml",
  ],
  [`<messageStore ${NS} name="M"/>`, "message-stores/M.xml"],
  [
    `<messageProcessor ${NS} name="MP" class="org.apache.synapse.message.processor.impl.sampler.SamplingProcessor" messageStore="M"><parameter name="sequence">S</parameter></messageProcessor>`,
    "message-processors/MP.xml",
  ],
  [
    `<inboundEndpoint ${NS} name="I" protocol="http" sequence="S" onError="S"><parameters><parameter name="inbound.http.port">8199</parameter></parameters></inboundEndpoint>`,
    "inbound-endpoints/I.xml",
  ],
  [
    `<priority-executor ${NS} name="X"><queues><queue size="1" priority="1"/></queues></priority-executor>`,
    "priority-executors/X.xml",
  ],
];

function treeOf(files: readonly ArtifactFile[]): CompiledTree {
  const result = compileEngine(files, {
    log: new MemoryLog(),
    systemProperties: {},
    callEndpoint: () => Promise.reject(new Error("nothing is sent")),
  });
  const problems = result.kind === "faulty" ? result.problems : [];
  assert.deepEqual(problems, []);
  return {
    files: new Map(files.map((file) => [file.path, file])),
    artifacts: result.kind === "compiled" ? result.engine.artifacts : [],
    problems,
    warnings: [],
  };
}

test("every kind has the name, kind and file under which the engine lists it, and can be taken out by them", () => {
  const uploads = ARTIFACTS.map(([xml]) => ({ name: undefined, content: Buffer.from(xml) }));
  const { changes, artifacts } = planDeploy(uploads, treeOf([]));
  assert.deepEqual(
    changes.map(({ path }) => path),
    ARTIFACTS.map(([, path]) => `synapse-configs/default/${path}`),
  );
  const tree = treeOf(
    changes.map(({ path, content }) => ({ path, content: content ?? Buffer.alloc(0) })),
  );
  const listed = tree.artifacts.map(({ kind, name, path }) => `${kind} ${name} ${path}`);
  const planned = artifacts.map(({ kind, name, path }) => `${kind} ${name} ${path}`);
  assert.deepEqual(listed.toSorted(), planned.toSorted());
  for (const { kind, name, path } of tree.artifacts) {
    assert.equal(artifactKindOf(kind), kind);
    assert.deepEqual(planUndeploy(kind, name, tree)?.changes, [{ path, content: undefined }]);
  }
  assert.deepEqual(
    [...new Set(tree.artifacts.map(({ kind }) => kind))].toSorted(),
    // Applications and registry resources are no artifacts of the engine's.
    artifactKinds()
      .filter((kind) => kind !== "carbonapp" && kind !== "registry-resource")
      .toSorted(),
  );
  const again = planDeploy(uploads, tree);
  assert.deepEqual(
    again.changes.map(({ path }) => path),
    changes.map(({ path }) => path),
  );
});

test("the versions of an API are artifacts of their own: neither replaces the other", () => {
  const one = readArtifact(Buffer.from(api('version="1.0"')), "a.xml");
  const other = readArtifact(Buffer.from(api('version="2.0"')), "b.xml");
  assert.deepEqual([one.name, other.name], ["Q:v1.0", "Q:v2.0"]);
  assert.notEqual(one.path, other.path);
  assert.throws(() => readArtifact(Buffer.from(api('version="../x"')), "c.xml"), /version/);
});

test("a file with several artifacts is neither replaced nor taken out for the sake of one", () => {
  const path = "synapse-configs/default/synapse.xml";
  const content = Buffer.from(`<definitions ${NS}>${PROXY}<sequence name="S"/></definitions>`);
  const tree = treeOf([{ path, content }]);
  const taken = planUndeploy("proxy-service", "P", tree);
  const replaced = planDeploy([{ name: "P.xml", content: Buffer.from(PROXY) }], tree);
  for (const plan of [taken, replaced]) {
    assert.ok(plan);
    assert.match(
      sharedFileProblems(plan, tree)[0]?.message ?? "",
      /holds sequence "S" too \(2 artifacts\)/,
    );
  }
});
