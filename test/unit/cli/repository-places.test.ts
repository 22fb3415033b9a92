/** From where a worker fetches what its manager tells. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { locationOf } from "../../../src/cli/repository-places.ts";
import type { Member } from "../../../src/cluster/cluster.ts";

const PATH = "/home/esb/repository/depsync/repository.git";

function manager(properties: Readonly<Record<string, string>>, host = "10.0.0.5"): Member {
  const ports = { management: 9443 };
  // Only what the choice looks at.
  return {
    id: "m",
    name: "manager",
    role: "manager",
    host,
    ports,
    properties,
  } as unknown as Member;
}

const here = (isUsable: boolean) => ({ machine: "here", isUsable: () => isUsable });

describe("locationOf", () => {
  it("is the path on the manager's own machine, where the folder may be read", () => {
    const told = manager({ deploymentRepository: PATH, machine: "here" });
    assert.equal(locationOf(told, here(true)), PATH);
  });

  it("is the manager's https port where the folder may not be read, and on every other machine", () => {
    const url = "https://10.0.0.5:9443/repository.git";
    assert.equal(
      locationOf(manager({ deploymentRepository: PATH, machine: "here" }), here(false)),
      url,
    );
    assert.equal(
      locationOf(manager({ deploymentRepository: PATH, machine: "there" }), here(true)),
      url,
    );
    assert.equal(locationOf(manager({ deploymentRepository: PATH }), here(true)), url);
    const six = manager({ deploymentRepository: PATH }, "fd00::5");
    assert.equal(locationOf(six, here(true)), "https://[fd00::5]:9443/repository.git");
  });

  it("is a remote repository's URL as it stands, and nothing where nothing is told", () => {
    const remote = "ssh://git@git.example.com/esb.git";
    assert.equal(locationOf(manager({ deploymentRepository: remote }), here(true)), remote);
    assert.equal(locationOf(manager({}), here(true)), undefined);
  });
});
