import assert from "node:assert/strict";
import { test } from "node:test";
import { isQuickScript } from "../../../../src/mediation/script/quick-script.ts";
import { functionProgram, inlineProgram } from "../../../../src/mediation/script/script-program.ts";

const place = { name: "x", firstLine: 1 };

test("plain scripts need nobody who ends them", () => {
  const plain = [
    'mc.setProperty("a", mc.getProperty("b") + 1);',
    "var s = mc.getPayloadXML()..*::symbol.toString(); mc.setPayloadXML(<r><s>{s}</s></r>);",
    "var payload = mc.getPayloadJSON(); payload.items[0].name = 'x'; mc.setPayloadJSON(payload);",
  ];
  for (const text of plain)
    assert.equal(isQuickScript(inlineProgram({ text, ...place }).source), true);
  const text = 'function mediate(mc) { mc.setProperty("a", "b"); return true; }';
  assert.equal(isQuickScript(functionProgram([{ text, ...place }], "mediate").source), true);
});

test("loops, recursion, slow built-in functions and members by computed names do", () => {
  const guarded = [
    "for (var i = 0; i < 3; i++) mc.getProperty('a');",
    "'a'.indexOf('b')",
    "'a'['index' + 'Of']('b'); var k = 'x'; mc[k]()",
    "function f() { f(); } f();",
    "arguments.callee(mc)",
    "[1].sort()",
  ];
  for (const text of guarded)
    assert.equal(isQuickScript(inlineProgram({ text, ...place }).source), false, text);
  const text = "function mediate(mc) { mediate(mc); }";
  assert.equal(isQuickScript(functionProgram([{ text, ...place }], "mediate").source), false);
});
