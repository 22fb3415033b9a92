/** Where a few files of many are exchanged, the rest is not looked at: what can depend on them is found all the same. */
import assert from "node:assert/strict";
import { test } from "node:test";
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
import { seededChance } from "./changing-tree.ts";

function options(log: MemoryLog = new MemoryLog()): EngineOptions {
  return { log, systemProperties: {}, callEndpoint: () => Promise.reject(new Error("none")) };
}

function file(folder: string, name: string, text: string): ArtifactFile {
  const path = `synapse-configs/default/${folder}/${name}.xml`;
  return { path, content: Buffer.from(text), blob: text };
}

const says = (word: string): string =>
  `<payloadFactory media-type="xml"><format><said xmlns="">${word}</said></format><args/></payloadFactory><respond/>`;
const proxyText = (name: string, flow: string, more = ""): string =>
  `<proxy xmlns="${SYNAPSE}" name="${name}" ${more}><target><inSequence>${flow}</inSequence></target></proxy>`;
const proxy = (name: string, flow: string, more?: string): ArtifactFile =>
  file("proxy-services", name, proxyText(name, flow, more));
const sequence = (name: string, flow: string): ArtifactFile =>
  file("sequences", name, `<sequence xmlns="${SYNAPSE}" name="${name}">${flow}</sequence>`);
const entry = (key: string, text: string): ArtifactFile =>
  file("local-entries", key, `<localEntry xmlns="${SYNAPSE}" key="${key}">${text}</localEntry>`);

function engineOf(result: CompileResult): Engine {
  assert.equal(result.kind, "compiled");
  return result.engine;
}

async function answer(engine: Engine, service: string): Promise<string> {
  const response = await engine.handle(requestOf({ path: `/services/${service}` }));
  return `${response.status} ${/<said[^>]*>([^<]*)/.exec(await textOf(response.body))?.[1] ?? ""}`;
}

/** A deployment whose services call each other's sequences, with one file in another version. */
function deployment(versions: readonly number[]): readonly ArtifactFile[] {
  return versions.flatMap((version, index) => [
    proxy(`P${index}`, index % 2 === 0 ? says(`p${version}`) : `<sequence key="S${index}"/>`),
    sequence(`S${index}`, says(`s${version}`)),
  ]);
}

test("one exchange after another, also back and past a faulty one, gives what a whole compilation gives", async () => {
  const chance = seededChance(Number(process.env["SEED"] ?? Math.floor(Math.random() * 1e9)));
  const compiler = new EngineCompiler(options());
  const versions = Array.from({ length: 10 }, () => 0);
  for (let step = 0; step < 30; step += 1) {
    versions[Math.floor(chance() * versions.length)] = Math.floor(chance() * 3);
    const files = deployment(versions);
    if (chance() < 0.2)
      assert.equal(compiler.compile(files.with(0, proxy("P0", "<bogus/>"))).kind, "faulty");
    const kept = engineOf(await compiler.compileSliced(files));
    const whole = engineOf(compileEngine(files, options()));
    const sources = ({ artifacts }: Engine): unknown =>
      artifacts.map(({ kind, name, path, source }) => [kind, name, path, source?.()]);
    assert.deepEqual(sources(kept), sources(whole));
    for (const index of versions.keys())
      assert.equal(await answer(kept, `P${index}`), await answer(whole, `P${index}`));
  }
});

test("generations that run do not see what was exchanged after them", async () => {
  const compiler = new EngineCompiler(options());
  const engines = [0, 1, 2].map((version) =>
    engineOf(compiler.compile(deployment([version, version]))),
  );
  const answers = engines.map(async (engine) => [
    await answer(engine, "P0"),
    await answer(engine, "P1"),
  ]);
  assert.deepEqual(await Promise.all(answers), [
    ["200 p0", "200 s0"],
    ["200 p1", "200 s1"],
    ["200 p2", "200 s2"],
  ]);
});

test("what a generation has read by key stays its own: an entry that has changed is read by the next one", async () => {
  const compiler = new EngineCompiler(options());
  const files = (word: string, other: string): readonly ArtifactFile[] => [
    proxy("P", '<sequence key="held"/>'),
    proxy("Q", says(other)),
    entry("held", `<sequence xmlns="${SYNAPSE}">${says(word)}</sequence>`),
  ];
  const seen: string[] = [];
  for (const [word, other] of [
    ["one", "a"],
    ["one", "b"],
    ["two", "b"],
    ["two", "c"],
  ] as const)
    seen.push(await answer(engineOf(compiler.compile(files(word, other))), "P"));
  assert.deepEqual(seen, ["200 one", "200 one", "200 two", "200 two"]);
});

test("a service that is pinned to other servers by an exchange is not run, and is again once it is not", async () => {
  const log = new MemoryLog();
  const compiler = new EngineCompiler(options(log));
  const seen: string[] = [];
  for (const more of ["", 'pinnedServers="other"', ""]) {
    const engine = engineOf(compiler.compile([proxy("P", says("p"), more), proxy("Q", says("q"))]));
    await engine.activate();
    seen.push(await answer(engine, "P"), await answer(engine, "Q"));
    await engine.retire();
  }
  assert.deepEqual(seen.filter((one) => one === "200 q").length, 3);
  assert.deepEqual([seen[0], seen[4]], ["200 p", "200 p"]);
  assert.notEqual(seen[2], "200 p");
  const said = log.messages().filter((line) => line.includes("not in pinned servers"));
  assert.equal(said.length, 1);
});

test("an artifact that takes another name, or one that is taken, is seen", () => {
  const compiler = new EngineCompiler(options());
  const names = (...files: readonly ArtifactFile[]): readonly string[] | string => {
    const result = compiler.compile(files);
    return result.kind === "faulty" ? "faulty" : result.engine.artifacts.map(({ name }) => name);
  };
  const second = (name: string): ArtifactFile =>
    file("proxy-services", "second", proxyText(name, says("x")));
  const first = file("proxy-services", "first", proxyText("A", says("x")));
  assert.deepEqual(names(first, second("B")), ["A", "B"]);
  assert.deepEqual(names(first, second("C")), ["A", "C"]);
  assert.equal(names(first, second("A")), "faulty");
  assert.deepEqual(names(first, second("C")), ["A", "C"]);
});
