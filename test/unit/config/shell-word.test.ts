import assert from "node:assert/strict";
import { test } from "node:test";
import { shellWord } from "../../../src/config/shell-word.ts";

test("quotes for a shell only what needs it", () => {
  assert.equal(shellWord("/opt/esb/conf-1/a.jks"), "/opt/esb/conf-1/a.jks");
  assert.equal(shellWord("/opt/my esb"), "'/opt/my esb'");
  assert.equal(shellWord("it's $5"), "'it'\\''s $5'");
  assert.equal(shellWord(""), "''");
});
