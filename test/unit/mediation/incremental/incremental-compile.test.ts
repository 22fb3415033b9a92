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
import { responseOf } from "../../../helpers/stock-quote-backend.ts";
import { requestOf, soap, textOf } from "../mediation-world.ts";
import { ChangingTree, seededChance } from "./changing-tree.ts";

function options(): EngineOptions {
  return {
    log: new MemoryLog(),
    systemProperties: {},
    newMessageId: () => "urn:uuid:1",
    clock: {
      wallMs: () => 1_700_000_000_000,
      monotonicMs: () => 0,
      after: () => ({ cancel: () => undefined }),
      every: () => ({ cancel: () => undefined }),
    },
    callEndpoint: ({ url }) =>
      Promise.resolve(responseOf(200, "text/xml", soap(`<from>${url}</from>`))),
  };
}

/** Files as git hands them over: sometimes with a blob id, never the same buffer. */
function filesOf(
  texts: ReadonlyMap<string, string>,
  chance: () => number,
): readonly ArtifactFile[] {
  return Array.from(texts, ([path, text]) => ({
    path,
    content: Buffer.from(text),
    ...(chance() < 0.5 && { blob: `id of ${text}` }),
  }));
}

const ASKED = ["/services/A", "/services/B", "/services/W", "/one", "/two", "/three", "/none"];

/** Everything that can be seen of a result. */
async function picture(result: CompileResult): Promise<unknown> {
  if (result.kind === "faulty") return result.problems.map(formatProblem);
  const { engine, warnings } = result;
  const answers: unknown[] = [];
  for (const path of ASKED)
    for (const method of ["POST", "GET"]) {
      const query = method === "GET" ? "?wsdl" : "";
      const response = await engine.handle(requestOf({ method, path: `${path}${query}` }));
      answers.push([path, method, response.status, await textOf(response.body)]);
    }
  return {
    warnings: warnings.map(formatProblem),
    artifacts: engine.artifacts.map(({ source, ...facts }) => ({ ...facts, source: source?.() })),
    answers,
    outcomes: engine.outcomes(),
  };
}

test("any sequence of changes, compiled one by one, gives what a whole compilation gives", async () => {
  const seed = Number(process.env["SEED"] ?? Math.floor(Math.random() * 1e9));
  const chance = seededChance(seed);
  let good = 0;
  let faulty = 0;
  for (let run = 0; run < 6; run += 1) {
    const tree = new ChangingTree(chance);
    const compiler = new EngineCompiler(options());
    for (let step = 0; step < 40; step += 1) {
      const files = filesOf(tree.texts, chance);
      const kept = step % 2 === 0 ? compiler.compile(files) : await compiler.compileSliced(files);
      const whole = compileEngine(files, options());
      assert.deepEqual(await picture(kept), await picture(whole), `seed ${seed}, step ${step}`);
      if (whole.kind === "compiled") good += 1;
      else faulty += 1;
      tree.change();
    }
  }
  assert.ok(good > 20 && faulty > 20, `seed ${seed}: ${good} good and ${faulty} faulty trees`);
});

function compiled(result: CompileResult): Engine {
  if (result.kind === "faulty") assert.fail(result.problems.map(formatProblem).join("\n"));
  return result.engine;
}

test("what has not changed is not read anew: the same text of 500 artifacts, compiled again, is the same objects", () => {
  const texts = new Map<string, string>();
  for (let index = 0; index < 500; index += 1)
    texts.set(`synapse-configs/default/sequences/s${index}.xml`, `<sequence name="s${index}"/>`);
  const compiler = new EngineCompiler(options());
  const first = compiled(compiler.compile(filesOf(texts, () => 0)));
  texts.set("synapse-configs/default/sequences/s7.xml", '<sequence name="s7"><drop/></sequence>');
  const second = compiled(compiler.compile(filesOf(texts, () => 0)));
  const kept = second.artifacts.filter((artifact) => first.artifacts.includes(artifact));
  assert.equal(kept.length, 499);
});

test("a blob id that is another, or a content that is another without ids, is read anew", () => {
  const path = "synapse-configs/default/sequences/s.xml";
  const compiler = new EngineCompiler(options());
  const content = Buffer.from('<sequence name="s"/>');
  const names = (file: ArtifactFile): readonly string[] =>
    compiled(compiler.compile([file])).artifacts.map(({ name }) => name);
  assert.deepEqual(names({ path, content, blob: "1" }), ["s"]);
  assert.deepEqual(names({ path, content: Buffer.from('<sequence name="t"/>'), blob: "2" }), ["t"]);
  assert.deepEqual(names({ path, content: Buffer.from('<sequence name="u"/>') }), ["u"]);
});

test("problems of all faulty files are said each time, those of unchanged files too", () => {
  const compiler = new EngineCompiler(options());
  const file = (name: string, text: string): ArtifactFile => ({
    path: `synapse-configs/default/sequences/${name}.xml`,
    content: Buffer.from(text),
  });
  const faults = (...files: readonly ArtifactFile[]): readonly string[] => {
    const result = compiler.compile(files);
    return result.kind === "faulty" ? result.problems.map(({ file: path }) => path.slice(34)) : [];
  };
  const one = file("one", '<sequence name="one"><bogus/></sequence>');
  const two = file("two", "<sequence");
  assert.deepEqual(faults(one, two), ["one.xml", "two.xml"]);
  assert.deepEqual(faults(one, two, file("three", '<sequence name="3"/>')), ["one.xml", "two.xml"]);
  assert.deepEqual(faults(file("one", '<sequence name="one"/>'), two), ["two.xml"]);
  assert.deepEqual(faults(file("one", '<sequence name="one"/>')), []);
});

test("compilations that overlap on one compiler do not disturb each other", async () => {
  const compiler = new EngineCompiler(options());
  const tree = (word: string): readonly ArtifactFile[] =>
    Array.from({ length: 300 }, (_, index) => ({
      path: `synapse-configs/default/sequences/s${index}.xml`,
      content: Buffer.from(`<sequence name="${word}${index}"/>`),
    }));
  const results = await Promise.all(
    ["a", "b", "c"].map((word) => compiler.compileSliced(tree(word))),
  );
  const firsts = results.map((result) => compiled(result).artifacts[0]?.name);
  assert.deepEqual(firsts, ["a0", "b0", "c0"]);
});

/** A clock on which each look takes 4 ms. */
function tickingOptions(): EngineOptions {
  let nowMs = 0;
  const { clock, ...others } = options();
  assert.ok(clock);
  return { ...others, clock: { ...clock, monotonicMs: () => (nowMs += 4) } };
}

const SEQUENCES: readonly ArtifactFile[] = Array.from({ length: 300 }, (_, index) => ({
  path: `synapse-configs/default/sequences/s${index}.xml`,
  content: Buffer.from(`<sequence name="s${index}"/>`),
}));

test("a sliced compilation lets others in whenever its time is over", async () => {
  let turns = 0;
  let watch = setImmediate(function turn() {
    turns += 1;
    watch = setImmediate(turn);
  });
  const result = await new EngineCompiler(tickingOptions()).compileSliced(SEQUENCES);
  clearImmediate(watch);
  assert.equal(compiled(result).artifacts.length, 300);
  assert.ok(turns >= 100, `${turns} turns`);
});

test("a sliced compilation that is not wanted any more ends, at its start and in the middle", async () => {
  const reason = new Error("not wanted");
  const compiler = new EngineCompiler(tickingOptions());
  const app = { path: "carbonapps/a.car", content: Buffer.from("x") };
  await assert.rejects(compiler.compileSliced([app], AbortSignal.abort(reason)), reason);
  const abort = new AbortController();
  const work = compiler.compileSliced(SEQUENCES, abort.signal);
  setImmediate(() => abort.abort(reason));
  await assert.rejects(work, reason);
  assert.equal(compiled(await compiler.compileSliced(SEQUENCES)).artifacts.length, 300);
});
