import assert from "node:assert/strict";
import { test } from "node:test";
import { parseServerArguments } from "../../../src/cli/server-arguments.ts";
import { AppError } from "../../../src/errors/app-error.ts";

test("takes -Dname=value, -Dname and --home as WSO2's start script does", () => {
  const parsed = parseServerArguments(
    ["--home", "node", "-DworkerNode=true", "-Dsetup", "-DportOffset=2", "-Durl=a=b"],
    "/srv",
  );
  assert.deepEqual(parsed, {
    home: "/srv/node",
    properties: { workerNode: "true", setup: "true", portOffset: "2", url: "a=b" },
  });
});

test("the current folder is the home when none is named", () => {
  assert.equal(parseServerArguments([], "/srv").home, "/srv");
});

test("refuses what it does not know, with the argument in the sentence", () => {
  for (const args of [["--hom", "x"], ["-D=x"], ["--home"], ["worker"]]) {
    assert.throws(
      () => parseServerArguments(args, "/srv"),
      (error) => error instanceof AppError && error.code === "USAGE",
    );
  }
});
