/**
 * The style of the project as tests: layers and rooms, sizes, names, headers, and documents that must say the
 * same as the code. Each rule names what to do instead.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join, normalize } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { COMMANDS } from "../src/cli/commands.ts";
import { ERROR_CODES } from "../src/errors/codes.ts";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
  cwd: ROOT,
})
  .toString()
  .split("\n")
  .filter((file) => file !== "" && existsSync(join(ROOT, file)));
const read = (file: string): string => readFileSync(join(ROOT, file), "utf8");
const sources = files.filter((file) => file.startsWith("src/") && file.endsWith(".ts"));
const tests = files.filter((file) => file.startsWith("test/") && file.endsWith(".ts"));
const benchmarks = files.filter((file) => file.startsWith("benchmarks/") && file.endsWith(".ts"));

/** Top to bottom; an import may only point to a lower line, or stay inside its own folder. */
const LAYERS: readonly (readonly string[])[] = [
  ["main", "cli"],
  ["gateway", "manager", "worker"],
  ["mediation", "depsync", "cluster"],
  ["config", "net", "observability"],
  ["errors", "runtime"],
];

/** Outside packages and the folders of src/ that may import them; unlisted packages are refused. */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  "@fastify/cookie": ["manager"],
  "@fastify/type-provider-typebox": ["manager"],
  "ajv-draft-04": ["mediation"],
  ajv: ["mediation"],
  amqplib: ["mediation"],
  bcryptjs: ["gateway"],
  "better-sqlite3": ["manager", "worker"],
  croner: ["mediation"],
  "fast-xml-parser": ["config"],
  fastify: ["manager"],
  fontoxpath: ["mediation"],
  "hazelcast-client": ["cluster"],
  "http-proxy-3": ["manager"],
  ioredis: ["mediation"],
  kysely: ["manager"],
  "libxml2-wasm": ["config", "mediation"],
  "libxslt-wasm": ["mediation"],
  mysql2: ["worker"],
  pg: ["worker"],
  pino: ["observability"],
  "quickjs-emscripten": ["mediation"],
  selfsigned: ["net"],
  "simple-git": ["depsync"],
  typebox: ["manager"],
  undici: ["net"],
  ws: ["net"],
  xpath: ["mediation"],
  yaml: ["mediation"],
  yauzl: ["mediation"],
};

const FILE_LINES_MAX = 500;

function folderOf(file: string): string {
  const [, second = ""] = file.split("/");
  return second.endsWith(".ts") ? second.slice(0, -3) : second;
}

function rankOf(folder: string): number {
  return LAYERS.findIndex((layer) => layer.includes(folder));
}

function importsOf(file: string): readonly string[] {
  const text = read(file);
  const patterns = [
    /^(?:import|export)\b[^;]*?\bfrom\s+"([^"]+)"/gm,
    /^import\s+"([^"]+)"/gm,
    /\bimport\(\s*"([^"]+)"/g,
  ];
  return patterns.flatMap((pattern) => [...text.matchAll(pattern)].map((match) => match[1] ?? ""));
}

/** All offences of one rule, so that a failing run shows the whole list. */
function offences(
  candidates: readonly string[],
  rule: (file: string) => string | undefined,
): readonly string[] {
  return candidates.flatMap((file) => {
    const offence = rule(file);
    return offence === undefined ? [] : [`${file}: ${offence}`];
  });
}

test("imports point down the layers of ARCHITECTURE.md", () => {
  const wrong = sources.flatMap((file) => {
    const from = folderOf(file);
    const targets = importsOf(file)
      .filter((name) => name.startsWith("."))
      .map((name) => folderOf(normalize(join(dirname(file), name))));
    return targets
      .filter(
        (to) => to !== from && !(from === "main" && to === "cli") && rankOf(to) <= rankOf(from),
      )
      .map((to) => `${file}: ${from} must not import ${to}`);
  });
  assert.deepEqual(wrong, []);
});

test("every folder of src/ has its line in the layers", () => {
  assert.deepEqual(
    [...new Set(sources.map(folderOf))].filter((folder) => rankOf(folder) === -1),
    [],
  );
});

test("outside packages stay in their rooms", () => {
  const wrong = sources.flatMap((file) =>
    importsOf(file)
      .filter((name) => !name.startsWith(".") && !name.startsWith("node:"))
      .map((name) =>
        name
          .split("/")
          .slice(0, name.startsWith("@") ? 2 : 1)
          .join("/"),
      )
      .filter((name) => !ROOMS[name]?.includes(folderOf(file)))
      .map((name) => `${file}: ${name} has no room here`),
  );
  assert.deepEqual(wrong, []);
});

test("no source file is beyond the size that one idea needs", () => {
  const long = offences([...sources, ...tests, ...benchmarks], (file) => {
    const lines = read(file).split("\n").length;
    return lines > FILE_LINES_MAX ? `${lines} lines, split it by idea` : undefined;
  });
  assert.deepEqual(long, []);
});

test("every source file says at its top what it owns", () => {
  assert.deepEqual(
    offences([...sources, ...benchmarks], (file) =>
      read(file).startsWith("/**") ? undefined : "no header comment",
    ),
    [],
  );
});

test("files are named after what they hold", () => {
  const vague = /^(utils?|helpers?|common|misc|types|shared|index)\.ts$/;
  assert.deepEqual(
    offences([...sources, ...benchmarks], (file) =>
      vague.test(basename(file)) ? "give it a noun" : undefined,
    ),
    [],
  );
});

test("nothing is left for later in the code", () => {
  const words = /\b(TODO|FIXME|XXX|HACK)\b|\bfor now\b|not implemented/i;
  assert.deepEqual(
    offences([...sources, ...benchmarks], (file) => words.exec(read(file))?.[0]),
    [],
  );
});

test("every source file is used", () => {
  const used = new Set(
    [...sources, ...tests].flatMap((file) =>
      [...read(file).matchAll(/"(\.[^"]+\.ts)"/g)].map((match) =>
        normalize(join(dirname(file), match[1] ?? "")),
      ),
    ),
  );
  assert.deepEqual(
    sources.filter((file) => file !== "src/main.ts" && !used.has(file)),
    [],
  );
});

test("docs/errors.md lists exactly the codes of the table", () => {
  const listed = [...read("docs/errors.md").matchAll(/^\| `([A-Z_]+)` +\|/gm)].map(
    (match) => match[1],
  );
  assert.deepEqual(new Set(listed), new Set(Object.keys(ERROR_CODES)));
});

test("docs/commands.md has a section for each command, with its usage text", async () => {
  const page = read("docs/commands.md");
  for (const { name, load } of COMMANDS) {
    const { usage } = await load();
    assert.ok(page.includes(`## bascule ${name}\n`), `no section "## bascule ${name}"`);
    assert.ok(page.includes(usage), `the usage text of "${name}" differs`);
  }
});

test("every markdown page has one title, at its top", () => {
  const pages = files.filter((file) => file.endsWith(".md"));
  const wrong = offences(pages, (file) => {
    const text = read(file).replace(/^```[\s\S]*?^```/gm, "");
    const titles = text.match(/^# /gm)?.length ?? 0;
    return titles === 1 && text.startsWith("# ") ? undefined : `${titles} titles`;
  });
  assert.deepEqual(wrong, []);
});

test("links between the documents lead to files that are there", () => {
  const pages = files.filter((file) => file.endsWith(".md"));
  const broken = pages.flatMap((file) =>
    [...read(file).matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)]
      .map((match) => match[1] ?? "")
      .filter((target) => !existsSync(join(ROOT, dirname(file), target)))
      .map((target) => `${file}: ${target}`),
  );
  assert.deepEqual(broken, []);
});

test("versions in package.json are exact", () => {
  const manifest: unknown = JSON.parse(read("package.json"));
  assert.ok(typeof manifest === "object" && manifest !== null);
  for (const key of ["dependencies", "devDependencies", "optionalDependencies"]) {
    const versions = Object.entries((Reflect.get(manifest, key) ?? {}) as Record<string, string>);
    for (const [name, version] of versions) assert.match(version, /^\d+\.\d+\.\d+$/, name);
  }
});
