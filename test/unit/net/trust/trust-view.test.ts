import assert from "node:assert/strict";
import { test } from "node:test";
import { makeAuthority } from "../../../../src/net/tls/local-certificates.ts";
import type { TrustMaterial } from "../../../../src/net/trust/trust-material.ts";
import { TrustView } from "../../../../src/net/trust/trust-view.ts";
import { FakeClock } from "../../../helpers/fake-clock.ts";

const { certificate: authority } = await makeAuthority("Test");

function materialOf(generation: number, ...names: readonly string[]): TrustMaterial {
  const members = names.map((name) => ({ name, role: "worker" }));
  const lists = { secrets: ["secret"], allowedSigners: "", revoked: [] };
  return { generation, authority, members, ...lists };
}

test("a name that is not registered any more was removed, until it is registered again; a stranger was not", () => {
  const view = new TrustView(new FakeClock());
  const said: boolean[] = [];
  view.take(materialOf(1, "a", "b"));
  const end = view.onChange(() => said.push(view.isRemoved("b")));
  view.take(materialOf(2, "a"));
  assert.deepEqual([view.isRemoved("a"), view.isRemoved("stranger")], [false, false]);
  view.take(materialOf(3, "a", "c"));
  view.take(materialOf(4, "a", "b"));
  assert.equal(view.take(materialOf(2, "a")), false);
  end();
  view.take(materialOf(5, "a"));
  assert.deepEqual(said, [true, true, false]);
});
