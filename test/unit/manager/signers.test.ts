/** Edits of the file that says whose pushed commits are deployed. */
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { describe, it } from "node:test";
import {
  ed25519PublicKey,
  formatPublicKey,
  rawEd25519,
} from "../../../src/depsync/signatures/ssh-public-key.ts";
import { wireString } from "../../../src/depsync/signatures/ssh-wire.ts";
import { AppError } from "../../../src/errors/app-error.ts";
import { addSigner, removeSigner } from "../../../src/manager/signers.ts";

const newKey = (): string =>
  `${formatPublicKey(ed25519PublicKey(rawEd25519(generateKeyPairSync("ed25519").privateKey)))} comment`;
const [ALICE, BOB] = [newKey(), newKey()];

function refusal(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    assert.ok(error instanceof AppError);
    return `${error.code}: ${error.message}`;
  }
  return "taken";
}

function weakRsa(): string {
  const bytes = (hex: string): Buffer => wireString(Buffer.from(hex, "hex"));
  const blob = Buffer.concat([
    wireString("ssh-rsa"),
    bytes("010001"),
    bytes(`00${"c3".repeat(128)}`),
  ]);
  return `ssh-rsa ${blob.toString("base64")}`;
}

describe("addSigner", () => {
  it("adds a line, for git only, and leaves the rest as it is", () => {
    const first = addSigner(undefined, "alice", ALICE).toString();
    assert.match(first, /^alice namespaces="git" ssh-ed25519 [A-Za-z0-9+/=]+\n$/);
    const kept = `# people\n${first.trimEnd()}`;
    const both = addSigner(Buffer.from(kept), "bob@esb.test", `\n${BOB}\n`).toString();
    assert.ok(both.startsWith(`${kept}\nbob@esb.test namespaces="git" `));
  });

  it("lets a person have several keys, and a key one person", () => {
    const one = addSigner(undefined, "alice", ALICE);
    assert.equal(
      addSigner(one, "alice", BOB)
        .toString()
        .match(/^alice /gm)?.length,
      2,
    );
    assert.match(
      refusal(() => addSigner(one, "bob", ALICE)),
      /REQUEST_INVALID: the key SHA256:\S+ is known already, as alice/,
    );
  });

  for (const [what, name, key, reason] of [
    [
      "a private key",
      "alice",
      "-----BEGIN OPENSSH PRIVATE KEY-----\nxyz\n",
      /it is a private key: give the file that ends in .pub/,
    ],
    ["a weak key", "alice", weakRsa(), /RSA key needs at least 2048 bits/],
    ["a key of DSA", "alice", "ssh-dss AAAAB3NzaC1kc3M=", /not taken|cut|holds|short/],
    ["a key of hardware", "alice", "sk-ssh-ed25519@openssh.com AAAA", /cannot be taken/],
    ["no key", "alice", "hello", /no line of a .pub file/],
    ["two keys", "alice", `${ALICE}\n${BOB}`, /one key at a time/],
    ["a name that is a pattern", "al ice", ALICE, /is no name for a signer/],
    ["a name with a line break", "alice\nmallory", ALICE, /is no name for a signer/],
  ] as const)
    it(`refuses ${what} with a sentence`, () => {
      assert.match(
        refusal(() => addSigner(undefined, name, key)),
        reason,
      );
    });
});

describe("removeSigner", () => {
  it("removes all keys of the name and nothing else", () => {
    const one = addSigner(addSigner(undefined, "alice", ALICE), "bob", BOB);
    const two = addSigner(one, "alice", newKey());
    assert.equal(
      removeSigner(two, "alice")?.toString(),
      addSigner(undefined, "bob", BOB).toString(),
    );
  });

  it("removes the file with the last one, and says when there is no such signer", () => {
    assert.equal(removeSigner(addSigner(undefined, "alice", ALICE), "alice"), undefined);
    assert.match(
      refusal(() => removeSigner(undefined, "alice")),
      /RESOURCE_UNKNOWN: there is no signer alice/,
    );
  });
});
