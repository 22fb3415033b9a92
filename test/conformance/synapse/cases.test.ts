/**
 * The acceptance cases of Synapse configurations, as far as the engine knows their artifacts, mediators and endpoint
 * kinds. Each configuration is compiled and asked in process; back ends are doubles. The cases lie outside
 * the repository: where they are absent the suite says that it skipped.
 */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { MEDIATOR_READERS } from "../../../src/mediation/xml/read/mediator-readers.ts";
import { type Case, checkExpectation, runCase } from "./case-runner.ts";
import { KNOWN_DIFFERENCES } from "./known-differences.ts";

const root = join(import.meta.dirname, "..", "..", "..");
const folder = join(root, "..", "shared", "acceptance", "synapse");
const absent = !existsSync(join(folder, "cases.json"));

const ARTIFACTS = ["proxy", "sequence", "endpoint", "localEntry", "registry", "taskManager"];
const MEDIATORS = MEDIATOR_READERS.map((reader) => reader.name);
const OTHER_ENDPOINTS =
  /<(?:\w+:)?(?:wsdl|loadbalance|failover|recipientlist|dynamicLoadbalance)[\s>]/;

function readCases(): readonly Case[] {
  return JSON.parse(readFileSync(join(folder, "cases.json"), "utf8")) as readonly Case[];
}

function isSupported(item: Case): boolean {
  const files = [item.config, ...item.dependsOn];
  return (
    item.artifacts.every(({ type }) => ARTIFACTS.includes(type)) &&
    item.mediators.every((name) => MEDIATORS.includes(name)) &&
    !files.some((file) => OTHER_ENDPOINTS.test(readFileSync(join(folder, file), "utf8")))
  );
}

describe("Synapse acceptance cases", { skip: absent ? `no cases in ${folder}` : false }, () => {
  const selected = absent ? [] : readCases().filter(isSupported);

  it("selects the cases that the engine can run", () => {
    assert.ok(selected.length >= 90, `only ${selected.length} cases are selected`);
  });

  it("lists only selected cases as known differences", () => {
    const ids = new Set(selected.map((item) => item.id));
    for (const id of KNOWN_DIFFERENCES.keys()) assert.ok(ids.has(id), `${id} is no selected case`);
  });

  for (const item of selected) {
    const reason = KNOWN_DIFFERENCES.get(item.id);
    it(reason === undefined ? item.id : `${item.id} differs: ${reason}`, async () => {
      const check = async (): Promise<void> => {
        checkExpectation(item, await runCase(item, folder));
      };
      if (reason === undefined) await check();
      else await assert.rejects(check, `${item.id} passes now: take it out of the table`);
    });
  }
});
