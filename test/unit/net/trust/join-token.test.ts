import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatJoinToken, parseJoinToken } from "../../../../src/net/trust/join-token.ts";
import { readTrustMaterial } from "../../../../src/net/trust/trust-material.ts";

const TOKEN = { fingerprint: "f".repeat(43), id: "abcdefghijkl", secret: "s".repeat(43) };

describe("a join token", () => {
  it("is read as it was written, with blanks around it", () => {
    assert.deepEqual(parseJoinToken(` ${formatJoinToken(TOKEN)}\n`), TOKEN);
  });

  it("is refused whole, without being shown, when a part is missing or too much", () => {
    const text = formatJoinToken(TOKEN);
    for (const wrong of ["", text.slice(1), text.slice(0, -1), `${text}x`, `${text}.x`])
      assert.throws(
        () => parseJoinToken(wrong),
        (error: Error) => !error.message.includes("sss"),
      );
  });
});

describe("trust material", () => {
  const whole = {
    generation: 3,
    authority: "-----BEGIN CERTIFICATE-----",
    secrets: ["one"],
    allowedSigners: "",
    members: [{ name: "wrk-1", role: "worker" }],
    revoked: [],
  };

  it("is taken when it is whole", () => {
    assert.deepEqual(readTrustMaterial(whole, "a file"), whole);
  });

  it("is refused when anything is missing, of another type, or without a secret", () => {
    for (const [name, value] of [
      ["generation", "3"],
      ["secrets", []],
      ["secrets", [1]],
      ["members", [{ name: "wrk-1" }]],
      ["revoked", undefined],
    ] as const)
      assert.throws(() => readTrustMaterial({ ...whole, [name]: value }, "a file"), {
        code: "CLUSTER_TRUST",
      });
  });
});
