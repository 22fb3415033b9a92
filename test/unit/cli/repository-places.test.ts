/** From where a worker fetches what its manager tells. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { locationOf, toldLocation } from "../../../src/cli/repository-places.ts";
import type { Member } from "../../../src/cluster/cluster.ts";
import type { TrustMaterial } from "../../../src/net/trust/trust-material.ts";

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

describe("toldLocation", () => {
  const material: TrustMaterial = {
    generation: 1,
    authority: "",
    secrets: ["secret"],
    allowedSigners: "",
    members: [],
    revoked: [],
  };
  const right = "https://git.example.com/esb.git";
  const [impostor, real] = [
    manager({ deploymentRepository: "https://evil.example.com/esb.git" }, "10.0.0.66"),
    manager({ deploymentRepository: right }),
  ];

  it("is what the first manager tells where nothing is registered", () => {
    for (const trust of [undefined, { material: undefined, repository: undefined }])
      assert.equal(
        toldLocation([impostor, real], trust, here(false)),
        "https://evil.example.com/esb.git",
      );
    assert.equal(toldLocation([], undefined), undefined);
  });

  it("is on a registered node only the URL that the manager has named to it itself", () => {
    const trust = { material, repository: right };
    assert.equal(toldLocation([impostor, real], trust, here(false)), right);
    assert.equal(toldLocation([impostor], trust, here(false)), undefined);
    const notYet = { material, repository: undefined };
    assert.equal(toldLocation([impostor, real], notYet, here(false)), undefined);
  });

  it("may on a registered node be a manager's own folder, whose https port shows a certificate that is looked at", () => {
    const own = manager({ deploymentRepository: PATH });
    assert.equal(
      toldLocation([impostor, own], { material, repository: undefined }, here(false)),
      "https://10.0.0.5:9443/repository.git",
    );
  });
});
