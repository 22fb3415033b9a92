import assert from "node:assert/strict";
import { test } from "node:test";
import { findCrowdedTag } from "../../../src/config/xml-attribute-count.ts";
import { parseXml } from "../../../src/config/xml.ts";
import { ConfigError } from "../../../src/errors/config-error.ts";

test("finds the tag with too many attributes, not what only looks like one", () => {
  const cases: readonly (readonly [text: string, offset: number | undefined])[] = [
    [`<a x="1" y="2"/>`, undefined],
    [`<a><b x='1' y='2' z='3'/></a>`, 3],
    [`<a><!-- <b x="1" y="2" z="3"/> --></a>`, undefined],
    [`<a><![CDATA[<b x="1" y="2" z="3"/>]]></a>`, undefined],
    [`<?p x="1" y="2" z="3"?><a/>`, undefined],
    [`<a x="'1' '2' '3'" y='"<">'/>`, undefined],
    [`<a>"1" "2" "3"</a>`, undefined],
  ];
  for (const [text, offset] of cases) assert.equal(findCrowdedTag(text, 2), offset, text);
});

test("a file with 200,000 attributes on one element is refused with its line", () => {
  const attributes = Array.from({ length: 200_000 }, (_, index) => `a${index}="1"`).join(" ");
  assert.throws(
    () => parseXml(`<x>\n<y ${attributes}/>\n</x>`, "big.xml"),
    (error) =>
      error instanceof ConfigError &&
      error.message.endsWith("more than 1000 attributes in big.xml:2"),
  );
});
