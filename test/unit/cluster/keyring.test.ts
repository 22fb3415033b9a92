/** Keys that follow the cluster's secrets. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ClusterSecrets } from "../../../src/cluster/secrets.ts";
import { deriveGroupKey } from "../../../src/cluster/swim/group-key.ts";
import { followSecrets } from "../../../src/cluster/swim/keyring.ts";
import { MemoryLog } from "../../helpers/memory-log.ts";

test("secrets are replaced when their keys are in use, not before: a manager lets others seal with them then", async () => {
  const secrets = new ClusterSecrets(["old"]);
  const { keyring, stop } = await followSecrets("d", secrets, new MemoryLog());
  await secrets.replace(["old", "new"]);
  assert.deepEqual(keyring.keys, [
    await deriveGroupKey("d", "old"),
    await deriveGroupKey("d", "new"),
  ]);
  await secrets.replace(["new"]);
  assert.deepEqual(keyring.keys, [await deriveGroupKey("d", "new")]);
  stop();
  await secrets.replace(["other"]);
  assert.deepEqual(keyring.keys, [await deriveGroupKey("d", "new")]);
});
