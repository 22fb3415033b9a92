import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import { MEMBER_PROPERTIES } from "../../../src/cluster/member-properties.ts";
import { formatAllowedSigner } from "../../../src/depsync/signatures/allowed-signers.ts";
import { ed25519PublicKey, rawEd25519 } from "../../../src/depsync/signatures/ssh-public-key.ts";
import type { TrustMaterial } from "../../../src/net/trust/trust-material.ts";
import { ManagerKeys } from "../../../src/worker/manager-keys.ts";
import { makeMember, RecordingCluster } from "../../helpers/recording-cluster.ts";

function makeKey(): Buffer {
  return rawEd25519(generateKeyPairSync("ed25519").publicKey);
}

function member(role: "manager" | "worker", signingKey: string) {
  return makeMember({ role, properties: { [MEMBER_PROPERTIES.signingKey]: signingKey } });
}

function fingerprints(keys: ManagerKeys): readonly string[] {
  return keys.keys().map(({ fingerprint }) => fingerprint);
}

test("without a registration the managers' member records tell their keys, and nobody else's do", () => {
  const key = makeKey();
  const cluster = new RecordingCluster(makeMember({ role: "worker" }), [
    member("manager", key.toString("base64")),
    member("worker", makeKey().toString("base64")),
    member("manager", "no key"),
    member("manager", makeKey().subarray(1).toString("base64")),
  ]);
  const keys = new ManagerKeys({ members: () => cluster.members(), trust: undefined });
  assert.deepEqual(fingerprints(keys), [ed25519PublicKey(key).fingerprint]);
});

test("a registered node knows the keys of its trust material, whatever member records say", () => {
  const [first, second] = [ed25519PublicKey(makeKey()), ed25519PublicKey(makeKey())];
  const material: TrustMaterial = {
    generation: 1,
    authority: "",
    secrets: ["secret"],
    allowedSigners: formatAllowedSigner({ name: "manager", key: first }),
    members: [],
    revoked: [],
  };
  const trust = { material };
  const cluster = new RecordingCluster(member("manager", makeKey().toString("base64")));
  const keys = new ManagerKeys({ members: () => cluster.members(), trust });
  assert.deepEqual(fingerprints(keys), [first.fingerprint]);
  const allowedSigners = formatAllowedSigner({ name: "manager", key: second });
  trust.material = { ...material, generation: 2, allowedSigners };
  assert.deepEqual(fingerprints(keys), [second.fingerprint]);
});

test("nobody knows a key while there is neither a registration nor a manager", () => {
  assert.deepEqual(new ManagerKeys({ members: () => [], trust: undefined }).keys(), []);
});
