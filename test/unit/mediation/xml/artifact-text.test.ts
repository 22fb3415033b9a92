import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { parseXml, type XmlElement } from "../../../../src/config/xml.ts";
import { ConfigError } from "../../../../src/errors/config-error.ts";
import { artifactText } from "../../../../src/mediation/xml/write/artifact-text.ts";
import { MediationWorld } from "../mediation-world.ts";

const ROOT = join(import.meta.dirname, "..", "..", "..", "..");
const CONFIGS = join(ROOT, "..", "shared", "acceptance", "synapse", "configs");

/** What matters of an element: everything but its place and its text in the file. */
function essence(element: XmlElement): unknown {
  const { name, prefix, namespace, attributes, namespaces, children } = element;
  return {
    name: [prefix, name, namespace],
    attributes: attributes.map((item) => [item.prefix, item.name, item.namespace, item.value]),
    scope: Object.fromEntries([...namespaces].filter(([, uri]) => uri !== "")),
    children: joined(children),
  };
}

/** Texts that stand side by side (a comment was between them) are one. */
function joined(children: XmlElement["children"]): unknown[] {
  const parts: unknown[] = [];
  for (const child of children) {
    const last = parts.at(-1);
    if (child.kind === "element") parts.push(essence(child));
    else if (typeof last === "string") parts[parts.length - 1] = last + child.value;
    else parts.push(child.value);
  }
  return parts;
}

function roundTrip(text: string): void {
  const first = parseXml(text, "a.xml");
  const second = parseXml(artifactText(first), "b.xml");
  assert.deepEqual(essence(second), essence(first));
}

test("what is written reads back as it was", () => {
  for (const text of [
    '<a xmlns="urn:a" b="1"><c/>text<d xmlns=""/></a>',
    '<x:a xmlns:x="urn:x" xmlns:y="urn:y"><y:b y:c="&lt;&amp;&quot;&#10;&#9;"/></x:a>',
    "<a><![CDATA[<b> ]] & ]]>]]&gt;</a>",
    "<a>&#13;\n line &gt; <b/> tail </a>",
    '<a xmlns:x="1"><b xmlns:x="2" expr="x:c"/><c expr="x:c"/></a>',
  ])
    roundTrip(text);
});

test("an artifact inside definitions keeps the prefixes that only its expressions use", () => {
  const world = new MediationWorld(
    '<sequence name="s" xmlns:m="urn:m"><filter xpath="//m:x"><drop/></filter></sequence>',
  );
  const artifact = world.engine.artifacts.find(({ name }) => name === "s");
  const text = artifact?.source?.() ?? "";
  assert.match(text, /^<sequence .*xmlns:m="urn:m"/);
  assert.equal(parseXml(text, "s.xml").namespaces.get("m"), "urn:m");
});

test("CDATA stays CDATA", () => {
  assert.equal(
    artifactText(parseXml("<a><![CDATA[1 < 2]]></a>", "a.xml")),
    "<a><![CDATA[1 < 2]]></a>",
  );
});

const absent = !existsSync(CONFIGS);
describe(
  "the configurations of the acceptance cases",
  {
    skip: absent ? `no folder ${CONFIGS}` : false,
  },
  () => {
    test("lose nothing that matters when they are read and written back", () => {
      const files = readdirSync(CONFIGS, { recursive: true, encoding: "utf8" });
      let read = 0;
      for (const file of files.filter((name) => name.endsWith(".xml"))) {
        const text = readFileSync(join(CONFIGS, file), "utf8");
        if (!isWellFormed(text)) continue;
        roundTrip(text);
        read += 1;
      }
      assert.ok(read > 150, `only ${read} configurations were read`);
    });
  },
);

function isWellFormed(text: string): boolean {
  try {
    parseXml(text, "a.xml");
    return true;
  } catch (error) {
    if (error instanceof ConfigError) return false;
    throw error;
  }
}
