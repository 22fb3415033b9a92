import assert from "node:assert/strict";
import { test } from "node:test";
import type { CaseResult } from "../../../benchmarks/gateway/case-run.ts";
import { replaceFigures } from "../../../benchmarks/gateway/figures-page.ts";
import { parseOptions } from "../../../benchmarks/gateway/options.ts";
import {
  asMarkdown,
  asText,
  caseTable,
  faultLines,
  figuresMarkdown,
  targetTable,
} from "../../../benchmarks/gateway/report.ts";

const SIDES = { gateway: "bascule", baseline: "nginx" };
const sample = { seconds: 1, p50Ms: 1, p99Ms: 2.5, faults: [], rssBytes: 20 * 2 ** 20 };
const result: CaseResult = {
  name: "post-10k",
  title: "POST, 10 KB",
  idle: false,
  results: [
    { proxy: "nginx", samples: [{ ...sample, done: 20_000, cpuSeconds: 1 }], failure: undefined },
    { proxy: "bascule", samples: [{ ...sample, done: 9000, cpuSeconds: 0.5 }], failure: undefined },
    { proxy: "haproxy", samples: [], failure: "haproxy does not listen" },
  ],
};

test("the table of a case compares all proxies with nginx, per CPU-second", () => {
  assert.deepEqual(caseTable(result, SIDES).slice(1), [
    ["nginx", "20,000", "20,000", "1.00", "1.00", "2.50", "20"],
    ["bascule", "9,000", "18,000", "0.90", "1.00", "2.50", "20"],
    ["haproxy", "-", "-", "-", "-", "-", "-"],
  ]);
});

test("the table of idle connections shows memory only", () => {
  const idle = [{ ...sample, done: 10, cpuSeconds: 0, bytesPerConnection: 670.4 }];
  const results = [{ proxy: "nginx", samples: idle, failure: undefined }];
  const table = caseTable({ ...result, idle: true, results }, SIDES);
  assert.deepEqual(table[1], ["nginx", "670", "20"]);
});

test("a proxy that failed is named with its reason", () => {
  assert.deepEqual(faultLines(result), ["haproxy: haproxy does not listen"]);
  assert.match(figuresMarkdown([result], SIDES, ["a machine"]), /- haproxy: haproxy does not/);
});

test("the table of targets says what was reached and whether it suffices", () => {
  assert.deepEqual(targetTable([result], SIDES)[1], [
    "POST, 10 KB",
    "≥ 0.80 of nginx per CPU-second",
    "0.90 of nginx per CPU-second",
    "met",
  ]);
});

test("tables are aligned in the terminal and have a rule in Markdown", () => {
  const table = [
    ["proxy", "n"],
    ["a", "1,000"],
  ];
  assert.equal(asText(table), "proxy      n\na      1,000");
  assert.equal(asMarkdown(table), "| proxy | n |\n| --- | ---: |\n| a | 1,000 |");
});

test("only what stands between the markers of the page is replaced", () => {
  const start = "<!-- figures of npm run bench:gateway -- --write: start -->";
  const page = `# A\n\n${start}\n\nold\n\n<!-- figures: end -->\n\nrest\n`;
  assert.equal(replaceFigures(page, "new\n"), page.replace("old", "new"));
  assert.throws(() => replaceFigures("# A\n", "new"), /needs the lines/);
});

const KNOWN = { cases: ["small-get", "post-10k"], proxies: ["nginx", "bascule"] };

test("without options everything is measured for 4 s in 3 rounds", () => {
  assert.deepEqual(parseOptions([], KNOWN), {
    cases: [],
    proxies: [],
    seconds: 4,
    rounds: 3,
    write: false,
  });
});

test("cases and proxies may be named several times", () => {
  const args = ["--case", "small-get", "--case", "post-10k", "--proxy", "nginx", "--seconds", "1"];
  const options = parseOptions(args, KNOWN);
  assert.deepEqual(options.cases, ["small-get", "post-10k"]);
  assert.deepEqual(options.proxies, ["nginx"]);
  assert.equal(options.seconds, 1);
});

test("what is not known or not a number is refused with a sentence", () => {
  assert.throws(() => parseOptions(["--case", "big"], KNOWN), /--case big is not known/);
  assert.throws(() => parseOptions(["--rounds", "0"], KNOWN), /--rounds 0 must be a whole number/);
  assert.throws(() => parseOptions(["--write", "--proxy", "nginx"], KNOWN), /whole run/);
});
