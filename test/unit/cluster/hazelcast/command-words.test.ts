import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { commandWords } from "../../../../src/cluster/hazelcast/command-words.ts";

describe("the words of hazelcastCommand", () => {
  const rows: readonly (readonly [command: string, words: readonly string[]])[] = [
    ["java -Dc={config} Main", ["java", "-Dc=/h/a b.xml", "Main"]],
    ["  java   {config}  ", ["java", "/h/a b.xml"]],
    [`"/opt/my java" '{config}' a"b c"d`, ["/opt/my java", "/h/a b.xml", "ab cd"]],
    [
      "java {config} ; rm -rf $HOME `x` | y > z",
      ["java", "/h/a b.xml", ";", "rm", "-rf", "$HOME", "`x`", "|", "y", ">", "z"],
    ],
    [`java {config} ""`, ["java", "/h/a b.xml", ""]],
  ];
  for (const [command, words] of rows)
    it(`splits ${command}`, () => assert.deepEqual(commandWords(command, "/h/a b.xml"), words));

  for (const command of [`java "{config}`, "java 'it {config}", "java Main", ""])
    it(`refuses ${JSON.stringify(command)}`, () =>
      assert.throws(() => commandWords(command, "/f"), { code: "CLUSTER_START" }));
});
