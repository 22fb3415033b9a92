/** docs/node-configuration.md knows every element, parameter and attribute that the readers know. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { PACKAGE_ROOT } from "../../../src/runtime/product.ts";

const READERS = [
  "axis2.ts",
  "carbon.ts",
  "catalina.ts",
  "clustering.ts",
  "datasources.ts",
  "deployment-synchronizer.ts",
  "node-presence.ts",
  "registry.ts",
  "service-listeners.ts",
  "swim-settings.ts",
  "transport-settings.ts",
  "well-known-members.ts",
];

/** `Name: leaf(`, `"parameter name": branch(`, `attribute: (setting` and the words of the accepted lists. */
function vocabularyOf(source: string): readonly string[] {
  const rows = source.matchAll(
    /^\s+"?(?:parameter )?([\w-]+)"?: (?:leaf|branch|branches|\(setting)\b/gm,
  );
  const accepted = source.matchAll(/(?:^ +|= )`\n([^`]*)`/gm);
  return [
    ...[...rows].map(([, name = ""]) => name),
    ...[...accepted].flatMap(([, words = ""]) => words.trim().split(/\s+/)),
  ];
}

describe("docs/node-configuration.md", () => {
  const page = readFileSync(join(PACKAGE_ROOT, "docs", "node-configuration.md"), "utf8");
  const documented = new Set(
    [...page.matchAll(/`([^`\n]+)`/g)].flatMap(([, code = ""]) => code.split("/")),
  );

  for (const reader of READERS)
    it(`names all that ${reader} reads and accepts`, () => {
      const source = readFileSync(join(PACKAGE_ROOT, "src", "config", reader), "utf8");
      const vocabulary = vocabularyOf(source);
      assert.notEqual(vocabulary.length, 0);
      const missing = vocabulary.filter((name) => !documented.has(name));
      assert.deepEqual(missing, []);
    });
});
