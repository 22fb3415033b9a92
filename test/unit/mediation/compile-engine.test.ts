import assert from "node:assert/strict";
import { test } from "node:test";
import { formatProblem } from "../../../src/errors/config-error.ts";
import { compileEngine } from "../../../src/mediation/compile-engine.ts";
import type { CompileResult } from "../../../src/mediation/engine.ts";
import { MemoryLog } from "../../helpers/memory-log.ts";
import { SYNAPSE } from "./mediation-world.ts";

const BASE = "synapse-configs/default/";

function compile(files: Readonly<Record<string, string>>): CompileResult {
  const list = Object.entries(files).map(([path, text]) => ({ path, content: Buffer.from(text) }));
  return compileEngine(list, {
    log: new MemoryLog(),
    callEndpoint: () => Promise.reject(new Error("no back end")),
    systemProperties: {},
  });
}

function problems(files: Readonly<Record<string, string>>): readonly string[] {
  const result = compile(files);
  return result.kind === "faulty" ? result.problems.map(formatProblem) : [];
}

const named = (kind: string, name: string, inner = ""): string =>
  `<${kind} xmlns="${SYNAPSE}" name="${name}">${inner}</${kind}>`;

test("artifacts are listed with kind, name and path; file names do not matter", () => {
  const result = compile({
    [`${BASE}sequences/any.xml`]: named("sequence", "s"),
    [`${BASE}local-entries/e.xml`]: `<localEntry xmlns="${SYNAPSE}" key="le">x</localEntry>`,
    [`${BASE}endpoints/e.xml`]: named("endpoint", "ep", "<default/>"),
    [`${BASE}proxy-services/p.xml`]: named("proxy", "P", '<target inSequence="missing"/>'),
  });
  assert.ok(result.kind === "compiled");
  assert.deepEqual(
    result.engine.artifacts.map(
      ({ kind, name, path }) => `${kind} ${name} ${path.slice(BASE.length)}`,
    ),
    [
      "endpoint ep endpoints/e.xml",
      "local-entry le local-entries/e.xml",
      "proxy-service P proxy-services/p.xml",
      "sequence s sequences/any.xml",
    ],
  );
});

test("definitions hold several artifacts; registry and task manager are ignored", () => {
  const result = compile({
    [`${BASE}synapse.xml`]: `<definitions><registry provider="x"/><taskManager/>${named("sequence", "a")}${named("sequence", "b")}</definitions>`,
  });
  assert.equal(result.kind === "compiled" && result.engine.artifacts.length, 2);
});

test("files that are not the engine's are ignored", () => {
  const broken = "<not xml";
  const result = compile({
    "README.md": broken,
    "registry/x.xml": broken,
    [`${BASE}sequences/.s.xml.swp`]: broken,
    [`${BASE}sequences/.hidden.xml`]: broken,
    [`${BASE}sequences/notes.txt`]: broken,
    [`${BASE}.git/x.xml`]: broken,
  });
  assert.equal(result.kind, "compiled");
});

test("all problems of all files are collected with file and line", () => {
  assert.deepEqual(
    problems({
      [`${BASE}api/a.xml`]: named("api", "A"),
      [`${BASE}proxy-services/p.xml`]: `<proxy xmlns="${SYNAPSE}"/>`,
      [`${BASE}proxy-services/q.xml`]: named("proxy", "Q"),
      [`${BASE}proxy-services/r.xml`]: named("proxy", "R", "<target/>"),
      [`${BASE}sequences/s.xml`]: named("sequence", "s", "\n<bar/>\n<drop/>\n<foo/>"),
      [`${BASE}sequences/t.xml`]: "<sequence",
    }).map((line) =>
      line
        .replace(/Supported mediators.* in/, ".. in")
        .replace(/not well-formed: .* in/, "not well-formed in"),
    ),
    [
      `Attribute 'context' is required for an API definition in ${BASE}api/a.xml:1`,
      `The 'name' attribute is required for a Proxy service definition in ${BASE}proxy-services/p.xml:1`,
      `Target is required for a Proxy service definition in ${BASE}proxy-services/q.xml:1`,
      `Target of the proxy service must declare either an inSequence or endpoint or both in ${BASE}proxy-services/r.xml:1`,
      `Unknown mediator referenced by configuration element : bar. .. in ${BASE}sequences/s.xml:2`,
      `Unknown mediator referenced by configuration element : foo. .. in ${BASE}sequences/s.xml:4`,
      `XML is not well-formed in ${BASE}sequences/t.xml:1`,
    ],
  );
});

test("a name that is taken names both places", () => {
  assert.deepEqual(
    problems({
      [`${BASE}sequences/a.xml`]: named("sequence", "s"),
      [`${BASE}sequences/b.xml`]: named("sequence", "s"),
    }),
    [
      `A sequence with the name s is already defined in ${BASE}sequences/a.xml:1 in ${BASE}sequences/b.xml:1`,
    ],
  );
});

test("kinds may share a name, and unknown attributes are ignored", () => {
  assert.deepEqual(
    problems({
      [`${BASE}sequences/a.xml`]: `<sequence xmlns="${SYNAPSE}" name="s" whatever="1"><log lvl="2"/></sequence>`,
      [`${BASE}endpoints/a.xml`]: named("endpoint", "s", "<default/>"),
    }),
    [],
  );
});

test("faulty expressions and patterns are found at deployment", () => {
  const inner =
    '<filter xpath="//a["/><filter source="." regex="("/><log><property name="p" expression="json-eval($.a[x])"/></log>';
  const found = problems({ [`${BASE}sequences/a.xml`]: named("sequence", "s", inner) });
  assert.equal(found.length, 3, found.join("\n"));
  assert.match(
    found.join("\n"),
    /Invalid expression : .*\n.*Invalid regular expression : .*\n.*JSONPath/,
  );
});
