import assert from "node:assert/strict";
import { test } from "node:test";
import { parseGatewayArguments } from "../../../src/cli/gateway-arguments.ts";

const parse = (...args: readonly string[]) => parseGatewayArguments(args, "/here");

test("finds file and prefix as nginx does", () => {
  const places = (...args: readonly string[]) => {
    const { file, prefix } = parse(...args);
    return [file, prefix];
  };
  assert.deepEqual(places("-c", "a/g.conf"), ["/here/a/g.conf", "/here/a"]);
  assert.deepEqual(places("-p", "/home/g", "-c", "g.conf"), ["/home/g/g.conf", "/home/g"]);
  assert.deepEqual(places("-p", "/home/g/"), ["/home/g/conf/gateway.conf", "/home/g"]);
  assert.deepEqual(places(), ["/here/conf/gateway.conf", "/here"]);
});

test("reads joined letters and values without a space", () => {
  const given = parse("-tq", "-cx.conf", "-e", "e.log", "-g", "daemon off;");
  assert.deepEqual(
    [given.mode, given.quiet, given.file, given.errorLogFile, given.extraDirectives],
    ["test", true, "/here/x.conf", "/here/e.log", "daemon off;"],
  );
  assert.equal(parse("-T").mode, "dump");
  assert.equal(parse("-V").mode, "build");
  assert.equal(parse("-s", "reload").signal, "reload");
});

const FAULTS: readonly (readonly [args: readonly string[], sentence: string])[] = [
  [["-z"], 'invalid option: "z"'],
  [["conf"], 'invalid option: "conf"'],
  [["-c"], 'option "-c" requires file name'],
  [["-s", "pause"], 'invalid option: "-s pause"'],
];

for (const [args, message] of FAULTS) {
  test(`refuses ${args.join(" ")}`, () => {
    assert.throws(() => parse(...args), { code: "USAGE", message });
  });
}
