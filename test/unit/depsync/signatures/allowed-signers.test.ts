/** Which lines of `.bascule/allowed_signers` and of .pub files are taken. */
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { describe, it } from "node:test";
import {
  formatAllowedSigner,
  readAllowedSigners,
} from "../../../../src/depsync/signatures/allowed-signers.ts";
import {
  ed25519PublicKey,
  formatPublicKey,
  rawEd25519,
  readPublicKeyLine,
} from "../../../../src/depsync/signatures/ssh-public-key.ts";
import { allowedSignerLine, makeSigningKey } from "../../../../src/net/trust/signing-key.ts";

const key = ed25519PublicKey(rawEd25519(generateKeyPairSync("ed25519").publicKey));
const KEY = formatPublicKey(key);

describe("a hostile line of 100 KB", () => {
  const size = 100_000;
  const lines = {
    "kinds without an end": "bob " + "ssh-a ".repeat(size / 6),
    spaces: `bob ${" ".repeat(size)}x`,
    "tabs and kinds": "bob \tssh-\t".repeat(size / 10),
    quotes: `bob ${'"'.repeat(size + 1)}`,
    options: `bob ${",a=".repeat(size / 3)} ${KEY}`,
    "quoted options": `bob ${',a="b'.repeat(size / 5)} ${KEY}`,
    "one word": "b".repeat(size),
    "a key that goes on": `bob ssh-ed25519 ${"A".repeat(size)}!`,
    commas: `bob ${",".repeat(size)} ${KEY}`,
  };
  for (const [what, line] of Object.entries(lines)) {
    it(`of ${what} is passed over in a moment, and its problem is short`, () => {
      const before = process.cpuUsage();
      const { signers, problems } = readAllowedSigners(`${line}\ngood ${KEY}\n`);
      const { user, system } = process.cpuUsage(before);
      assert.deepEqual(
        signers.map(({ name }) => name),
        ["good"],
      );
      assert.ok((problems[0]?.message.length ?? 0) < 400);
      assert.ok((user + system) / 1000 < 200, `${(user + system) / 1000} ms of CPU`);
    });
  }
});

describe("readAllowedSigners", () => {
  it("takes lines with and without options, comments and quotes", () => {
    const text = [
      "# people",
      "",
      `bob@esb.test ${KEY}`,
      `eve,eve@esb.test namespaces="file,git" ${KEY} her laptop`,
      `"carol" namespaces="git" ${KEY}`,
      formatAllowedSigner({ name: "dave", key }).trim(),
      allowedSignerLine(makeSigningKey(), "manager-1"),
    ].join("\r\n");
    const { signers, problems } = readAllowedSigners(text);
    assert.deepEqual(problems, []);
    const names = ["bob@esb.test", "eve,eve@esb.test", "carol", "dave", "manager-1"];
    assert.deepEqual(
      signers.map(({ name }) => name),
      names,
    );
    assert.ok(signers[0]?.key.blob.equals(key.blob));
  });

  const refused: readonly (readonly [string, string, RegExp])[] = [
    ["certificate authorities", `ca cert-authority ${KEY}`, /authorities are not taken/],
    [
      "an authority behind another option",
      `ca namespaces="git",cert-authority ${KEY}`,
      /authorities/,
    ],
    ["an end of validity", `bob valid-before="20300101" ${KEY}`, /valid-before is not taken/],
    ["a begin of validity", `bob valid-after=20200101Z ${KEY}`, /valid-after is not taken/],
    ["keys for something else", `bob namespaces="file" ${KEY}`, /for file, not for git/],
    ["options that it does not know", `bob no-touch ${KEY}`, /option no-touch is not known/],
    ["a line without a key", "bob", /no line of the form/],
    ["keys of another kind", `bob ssh-dss AAAAB3NzaC1kc3MAAACBAP1`, /cut short|not taken/],
    ["a key whose kind is another", `bob ssh-rsa ${KEY.split(" ")[1]}`, /says ssh-rsa but holds/],
  ];
  for (const [what, line, reason] of refused) {
    it(`passes over ${what}, with a sentence, and reads on`, () => {
      const { signers, problems } = readAllowedSigners(`${line}\ngood ${KEY}\n`);
      assert.deepEqual(
        signers.map(({ name }) => name),
        ["good"],
      );
      assert.equal(problems[0]?.line, 1);
      assert.match(problems[0]?.message ?? "", reason);
    });
  }

  it("writes no name that would be read as something else", () => {
    for (const name of ["", "a b", 'a"', "a,b", "#a", "a\n", "a<b>"]) {
      assert.throws(() => formatAllowedSigner({ name, key }), /is no name for a signer/);
    }
  });
});

describe("readPublicKeyLine", () => {
  it("says what is wrong with a file that is no public key", () => {
    assert.throws(() => readPublicKeyLine("-----BEGIN OPENSSH PRIVATE KEY-----"), /private key/);
    assert.throws(() => readPublicKeyLine(`command="x" ${KEY}`), /without options/);
    assert.throws(() => readPublicKeyLine("ssh-ed25519 !!"), /not base64/);
    assert.throws(
      () => readPublicKeyLine("ssh-ed25519-cert-v01@openssh.com AAAA"),
      /only plain keys/,
    );
    assert.equal(readPublicKeyLine(`${KEY} bob@laptop\n`).fingerprint, key.fingerprint);
  });

  it("takes no RSA key that is short", () => {
    const { publicKey } = generateKeyPairSync("rsa", { modulusLength: 1024 });
    const { n = "", e = "" } = publicKey.export({ format: "jwk" });
    const field = (bytes: Buffer): Buffer => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      return Buffer.concat([length, bytes]);
    };
    const modulus = Buffer.concat([Buffer.alloc(1), Buffer.from(n, "base64url")]);
    const parts = [Buffer.from("ssh-rsa"), Buffer.from(e, "base64url"), modulus];
    const line = `ssh-rsa ${Buffer.concat(parts.map(field)).toString("base64")}`;
    assert.throws(() => readPublicKeyLine(line), /at least 2048 bits/);
  });
});
