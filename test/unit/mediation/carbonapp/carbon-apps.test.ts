import assert from "node:assert/strict";
import { test } from "node:test";
import { formatProblem } from "../../../../src/errors/config-error.ts";
import { compileEngine } from "../../../../src/mediation/compile-engine.ts";
import { EngineCompiler } from "../../../../src/mediation/engine-compiler.ts";
import type {
  ArtifactFile,
  CompileResult,
  Engine,
  EngineOptions,
} from "../../../../src/mediation/engine.ts";
import { MemoryLog } from "../../../helpers/memory-log.ts";
import { requestOf, SYNAPSE, textOf } from "../mediation-world.ts";
import { type AppPiece, appOf, piece } from "./app-world.ts";

const OPTIONS: EngineOptions = {
  log: new MemoryLog(),
  systemProperties: {},
  callEndpoint: () => Promise.reject(new Error("no back end")),
};
const CAR = "carbonapps/A_1.0.0.car";

const fileOf = (path: string, content: string | Buffer): ArtifactFile => ({
  path,
  content: Buffer.from(content as Buffer),
});

function compile(
  pieces: readonly AppPiece[],
  others: readonly ArtifactFile[] = [],
  options: Partial<EngineOptions> = {},
): Promise<CompileResult> {
  const compiler = new EngineCompiler({ ...OPTIONS, ...options });
  return compiler.compileSliced([fileOf(CAR, appOf("A", pieces)), ...others]);
}

function engineOf(result: CompileResult): Engine {
  if (result.kind === "faulty") assert.fail(result.problems.map(formatProblem).join("\n"));
  return result.engine;
}

function problems(result: CompileResult): readonly string[] {
  return result.kind === "faulty" ? result.problems.map(formatProblem) : [];
}

function warnings(result: CompileResult): readonly string[] {
  engineOf(result);
  return result.kind === "compiled" ? result.warnings.map(formatProblem) : [];
}

const SAYS = `<payloadFactory media-type="xml"><format><said xmlns="">hello</said></format><args/></payloadFactory><respond/>`;

async function answer(engine: Engine, path: string): Promise<string> {
  return textOf((await engine.handle(requestOf({ path }))).body);
}

test("the artifacts of a .car run, and tell the application that they came from", async () => {
  const engine = engineOf(
    await compile(
      [
        piece("synapse/proxy-service", "P", '<sequence key="s"/>', { needs: ["s"] }),
        piece("synapse/sequence", "s", SAYS),
      ],
      [fileOf("synapse-configs/default/sequences/own.xml", '<sequence name="own"/>')],
    ),
  );
  assert.match(await answer(engine, "/services/P"), /hello/);
  assert.deepEqual(
    engine.artifacts.map(({ kind, name, path, app }) => [kind, name, path, app]),
    [
      ["proxy-service", "P", `${CAR}!/P_1.0.0/P-1.0.0.xml`, "A"],
      ["sequence", "s", `${CAR}!/s_1.0.0/s-1.0.0.xml`, "A"],
      ["sequence", "own", "synapse-configs/default/sequences/own.xml", undefined],
    ],
  );
  const sequence = { name: "s", version: "1.0.0", type: "synapse/sequence" };
  const proxy = { name: "P", version: "1.0.0", type: "synapse/proxy-service" };
  assert.deepEqual(engine.apps, [
    { name: "A", version: "1.0.0", path: CAR, artifacts: [sequence, proxy], skipped: [] },
  ]);
});

test("every kind of Synapse may come in a .car", async () => {
  const root = (type: string, name: string, element: string): AppPiece => ({
    name,
    type,
    content: element.replace(" ", ` xmlns="${SYNAPSE}" `),
  });
  const engine = engineOf(
    await compile([
      piece("synapse/proxy-service", "p"),
      piece("synapse/sequence", "q"),
      piece("synapse/endpoint", "e"),
      root("synapse/api", "a", '<api name="a" context="/a"><resource/></api>'),
      root("synapse/local-entry", "l", '<localEntry key="l">x</localEntry>'),
      root("synapse/template", "t", '<template name="t"><sequence/></template>'),
      root("synapse/sequenceTemplate", "t2", '<template name="t2"><sequence/></template>'),
      root(
        "synapse/endpointTemplate",
        "t3",
        '<template name="t3"><endpoint><default/></endpoint></template>',
      ),
      root(
        "synapse/task",
        "k",
        '<task name="k" class="org.apache.synapse.startup.tasks.MessageInjector" group="synapse.simple.quartz"><trigger once="true"/><property xmlns:task="x" name="message"><a/></property></task>',
      ),
      root("synapse/message-store", "m", '<messageStore name="m"/>'),
      root(
        "synapse/message-processors",
        "mp",
        '<messageProcessor name="mp" class="org.apache.synapse.message.processor.impl.sampler.SamplingProcessor" messageStore="m"><parameter name="sequence">q</parameter></messageProcessor>',
      ),
      root(
        "synapse/inbound-endpoint",
        "i",
        '<inboundEndpoint name="i" protocol="http" sequence="q"><parameters><parameter name="inbound.http.port">9999</parameter></parameters></inboundEndpoint>',
      ),
      root(
        "synapse/priority-executor",
        "x",
        '<priorityExecutor name="x"><queues><queue size="1" priority="1"/><queue size="1" priority="2"/></queues></priorityExecutor>',
      ),
    ]),
  );
  assert.deepEqual(engine.artifacts.map(({ kind }) => kind).sort(), [
    "api",
    "endpoint",
    "inbound-endpoint",
    "local-entry",
    "message-processor",
    "message-store",
    "priority-executor",
    "proxy-service",
    "sequence",
    "task",
    "template",
    "template",
    "template",
  ]);
});

const registry = (info: string, more: Readonly<Record<string, string>>): AppPiece => ({
  name: "R",
  type: "registry/resource",
  file: "registry-info.xml",
  content: `<resources>${info}</resources>`,
  more,
});

test("registry resources are found under the path that registry-info.xml says", async () => {
  const info =
    "<item><file>f.xml</file><path>/_system/config/deep</path><mediaType>application/xml</mediaType></item>" +
    "<collection><directory>set</directory><path>/_system/governance</path></collection>";
  const resources = registry(info, {
    "resources/f.xml": "<said>from a file</said>",
    "resources/set/in/g.xml": "<said>from a folder</said>",
  });
  const format = (key: string): string =>
    `<payloadFactory media-type="xml"><format key="${key}"/><args/></payloadFactory><respond/>`;
  const engine = engineOf(
    await compile([
      piece("synapse/proxy-service", "F", format("conf:deep/f.xml")),
      piece("synapse/proxy-service", "G", format("gov:in/g.xml")),
      resources,
    ]),
  );
  assert.match(await answer(engine, "/services/F"), /from a file/);
  assert.match(await answer(engine, "/services/G"), /from a folder/);
});

test("what registry-info.xml asks for and cannot be done is said with its line", async () => {
  const place = `${CAR}!/R_1.0.0/registry-info.xml:1`;
  const result = await compile([
    registry(
      "<item><file>gone</file><path>/_system/config</path></item><item><file>f</file><path>/etc</path></item>" +
        "<item><file>f</file><path>/_system/config/../../x</path></item><dump><path>/_system/config</path></dump>",
      { "resources/f": "x" },
    ),
  ]);
  assert.deepEqual(problems(result), [
    `The file ${CAR}!/R_1.0.0/resources/gone is missing in ${place}`,
    `The path /etc cannot be used: resources lie under /_system/config or /_system/governance in ${place}`,
    `The path /_system/config/../../x cannot be used: resources lie under /_system/config or /_system/governance in ${place}`,
    `<dump> of registry-info.xml is not supported: name each file with <item>, or a folder with <collection> in ${place}`,
  ]);
});

test("a faulty artifact refuses the whole application, with the .car, the file inside and its line, and hides no other", async () => {
  const result = await compile(
    [
      piece("synapse/sequence", "good", "<drop/>"),
      piece("synapse/sequence", "bad", "\n<bogus/>"),
      { name: "j", type: "lib/synapse/mediator", file: "j.jar", content: "PK" },
    ],
    [fileOf("synapse-configs/default/sequences/worse.xml", "<sequence")],
  );
  const found = problems(result);
  assert.equal(found.length, 3);
  assert.match(
    found[0] ?? "",
    /^The artifact j of type lib\/synapse\/mediator is not supported: class mediators are Java.* in carbonapps\/A_1\.0\.0\.car!\/j_1\.0\.0\/artifact\.xml:1$/,
  );
  assert.match(
    found[1] ?? "",
    /Unknown mediator .* : bogus.* in carbonapps\/A_1\.0\.0\.car!\/bad_1\.0\.0\/bad-1\.0\.0\.xml:2$/,
  );
  assert.match(found[2] ?? "", /worse\.xml:1$/);
});

test("an artifact whose file is of another kind than artifact.xml says is refused", async () => {
  const result = await compile([{ ...piece("synapse/sequence", "s"), type: "synapse/endpoint" }]);
  assert.deepEqual(problems(result), [
    `artifact.xml calls this file a <endpoint>, but it holds a <sequence> in ${CAR}!/s_1.0.0/s-1.0.0.xml:1`,
  ]);
});

test("artifacts for servers of another role are left out with a warning; a role may be a regular expression", async () => {
  const pieces = [
    piece("synapse/sequence", "esb", "", { serverRole: "EnterpriseServiceBus" }),
    piece("synapse/sequence", "listed", "", {
      serverRole: "X",
      listedRole: "EnterpriseIntegrator",
    }),
    { name: "dss", type: "service/dataservice", serverRole: "DataServicesServer", content: "x" },
  ];
  const result = await compile(pieces);
  assert.deepEqual(
    engineOf(result).artifacts.map(({ name }) => name),
    ["esb", "listed"],
  );
  assert.deepEqual(warnings(result), [
    `The artifact dss is left out: it is for servers of the role DataServicesServer, which this one has not (carbon.xml, ServerRoles) in ${CAR}!/dss_1.0.0/artifact.xml:1`,
  ]);
  assert.deepEqual(engineOf(result).apps[0]?.skipped, [
    { name: "dss", version: "1.0.0", type: "service/dataservice" },
  ]);
  const all = await compile(pieces, [], { serverRoles: ["Enterprise.*", "Data.*"] });
  assert.match(problems(all).join(), /dss of type service\/dataservice is not supported/);
});

test("dependencies come before what needs them; what is missing, unlisted or needs itself is said", async () => {
  const names = async (pieces: readonly AppPiece[]): Promise<readonly string[] | undefined> =>
    engineOf(await compile(pieces)).apps[0]?.artifacts.map(({ name }) => name);
  const needing = (name: string, ...needs: string[]): AppPiece =>
    piece("synapse/sequence", name, "", { needs });
  assert.deepEqual(await names([needing("a", "b", "c"), needing("b", "c"), needing("c")]), [
    "c",
    "b",
    "a",
  ]);
  assert.deepEqual(await names([needing("a"), { ...needing("b"), include: false }]), ["a"]);
  assert.match(
    problems(await compile([needing("a", "gone")])).join(),
    /gone 1\.0\.0 is not in the/,
  );
  assert.match(
    problems(await compile([needing("a", "b"), needing("b", "a")])).join(),
    /The artifact a depends on itself/,
  );
  assert.match(
    warnings(await compile([needing("a"), { ...needing("b"), listed: false }])).join(),
    /The artifact b is left out: artifacts\.xml does not list it/,
  );
});

test("an application may hold another one; that one may hold none", async () => {
  const nested = (name: string, content: Buffer): AppPiece => ({
    name,
    type: "carbon/application",
    file: `${name}.car`,
    content,
  });
  const inner = appOf("Inner", [piece("synapse/sequence", "s", SAYS)]);
  const engine = engineOf(await compile([nested("Inner", inner)]));
  const path = `${CAR}!/Inner_1.0.0/Inner.car`;
  assert.deepEqual(
    engine.artifacts.map((artifact) => [artifact.name, artifact.app, artifact.path]),
    [["s", "Inner", `${path}!/s_1.0.0/s-1.0.0.xml`]],
  );
  assert.deepEqual(
    engine.apps.map(({ name, path: place }) => [name, place]),
    [
      ["Inner", path],
      ["A", CAR],
    ],
  );
  const deeper = await compile([nested("Middle", appOf("Middle", [nested("Inner", inner)]))]);
  assert.match(
    problems(deeper).join(),
    /The application Inner lies in an application that lies in/,
  );
});

test("an artifact that another application or the repository has already is an error with both places", async () => {
  const own = fileOf("synapse-configs/default/sequences/s.xml", '<sequence name="s"/>');
  assert.deepEqual(problems(await compile([piece("synapse/sequence", "s")], [own])), [
    `A sequence with the name s is already defined in ${CAR}!/s_1.0.0/s-1.0.0.xml:1 in synapse-configs/default/sequences/s.xml:1`,
  ]);
  const again = fileOf("carbonapps/B.car", appOf("A", [piece("synapse/sequence", "t")]));
  assert.deepEqual(problems(await compile([piece("synapse/sequence", "s")], [again])), [
    `The application A 1.0.0 is already there: ${CAR} in carbonapps/B.car`,
  ]);
});

test("two applications may bring the same registry resource; another content is refused", async () => {
  const item = "<item><file>f</file><path>/_system/config</path></item>";
  const other = (text: string): ArtifactFile =>
    fileOf("carbonapps/B.car", appOf("B", [registry(item, { "resources/f": text })]));
  const one = registry(item, { "resources/f": "same" });
  engineOf(await compile([one], [other("same")]));
  assert.deepEqual(problems(await compile([one], [other("another")])), [
    `The registry resource registry/config/f is already defined in ${CAR}!/R_1.0.0/resources/f, with another content in carbonapps/B.car!/R_1.0.0/resources/f:1`,
  ]);
});

test("an application that has not changed is neither unpacked nor read again; a change of it is seen", async () => {
  const compiler = new EngineCompiler(OPTIONS);
  const car = (word: string): ArtifactFile =>
    fileOf(CAR, appOf("A", [piece("synapse/sequence", "s"), piece("synapse/sequence", word)]));
  const first = engineOf(await compiler.compileSliced([car("one")]));
  const second = engineOf(await compiler.compileSliced([car("one")]));
  assert.ok(second.artifacts.every((artifact) => first.artifacts.includes(artifact)));
  const third = engineOf(await compiler.compileSliced([car("two")]));
  assert.deepEqual(
    third.artifacts.map(({ name }) => name),
    ["s", "two"],
  );
  assert.deepEqual(engineOf(await compiler.compileSliced([])).artifacts, []);
});

test("the whole compilation in one go refuses a .car instead of leaving it out", () => {
  const result = compileEngine([fileOf(CAR, appOf("A", []))], OPTIONS);
  assert.match(problems(result).join(), /^Carbon applications .* in carbonapps\/A_1\.0\.0\.car$/);
});
