/** Which requests a repository answers, and which it refuses. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  protocolOf,
  readRepositoryRequest,
} from "../../../../src/depsync/http-backend/repository-request.ts";

describe("readRepositoryRequest", () => {
  it("knows git's four smart requests", () => {
    const read = readRepositoryRequest;
    for (const service of ["git-upload-pack", "git-receive-pack"] as const) {
      assert.deepEqual(read("GET", "/info/refs", `service=${service}`), {
        service,
        step: "advertise",
      });
      assert.deepEqual(read("POST", `/${service}`, ""), { service, step: "exchange" });
    }
  });

  for (const [method, path, search, status] of [
    ["GET", "/info/refs", "", 403],
    ["GET", "/info/refs", "service=git-upload-archive", 403],
    ["GET", "/info/refs", "service=git-upload-pack&service=git-receive-pack", 403],
    ["GET", "/info/refs", "service=git%2Dupload%2Dpack", 403],
    ["GET", "/HEAD", "", 403],
    ["GET", "/objects/info/packs", "", 403],
    ["GET", "/objects/ab/cdef", "", 403],
    ["POST", "/info/refs", "service=git-upload-pack", 405],
    ["GET", "/git-upload-pack", "", 405],
    ["GET", "/config", "", 404],
    ["GET", "/../repository.git/config", "", 404],
    ["POST", "/git-upload-archive", "", 404],
    ["GET", "", "", 404],
  ] as const)
    it(`refuses ${method} ${path}?${search} with ${status}`, () => {
      const read = readRepositoryRequest(method, path, search);
      assert.ok("status" in read);
      assert.equal(read.status, status);
    });
});

describe("protocolOf", () => {
  it("hands on nothing but a version that git knows", () => {
    assert.equal(protocolOf("version=2"), "version=2");
    for (const odd of [undefined, "", "version=3", "version=2:x", "version=2\n"])
      assert.equal(protocolOf(odd), "");
  });
});
