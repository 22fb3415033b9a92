/** /management/signers: who may push, changed by deploys. */
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { after, before, describe, it } from "node:test";
import {
  ed25519PublicKey,
  formatPublicKey,
  rawEd25519,
} from "../../../../src/depsync/signatures/ssh-public-key.ts";
import {
  basic,
  type ManagementFixture,
  READER,
  startFixture,
} from "../../../helpers/management-fixture.ts";

const PUBLIC = ed25519PublicKey(rawEd25519(generateKeyPairSync("ed25519").privateKey));
const KEY = `${formatPublicKey(PUBLIC)} alice@laptop\n`;
const PATH = "/management/signers";

describe(PATH, () => {
  let fixture: ManagementFixture;
  before(async () => {
    fixture = await startFixture();
  });
  after(() => fixture.store.close());

  it("is empty at first", async () => {
    const { status, json } = await fixture.ask("GET", PATH);
    assert.equal(status, 200);
    assert.deepEqual(json(), { count: 0, list: [], problems: [] });
  });

  it("takes a key by a deploy that the journal tells", async () => {
    const added = await fixture.ask("POST", PATH, { json: { name: "alice", key: KEY } });
    assert.equal(added.status, 201, added.text);
    const { deployment, commit } = added.json();
    assert.equal(await fixture.publisher.live(), commit);
    const row = await fixture.store.journal.find(deployment);
    assert.equal(row?.who, "admin");
    assert.equal(row?.outcome, "deployed");
    assert.deepEqual((await fixture.ask("GET", PATH)).json().list, [
      { name: "alice", kind: "ssh-ed25519", fingerprint: PUBLIC.fingerprint },
    ]);
  });

  it("refuses a key that is known, a private one, and what is none, with a sentence, and changes nothing", async () => {
    const live = await fixture.publisher.live();
    for (const [key, reason] of [
      [KEY, /is known already, as alice/],
      ["-----BEGIN OPENSSH PRIVATE KEY-----\nabc", /it is a private key/],
      ["hello", /no line of a .pub file/],
    ] as const) {
      const { status, json } = await fixture.ask("POST", PATH, { json: { name: "bob", key } });
      assert.equal(status, 400);
      assert.match(json().Error, reason);
    }
    assert.equal(await fixture.publisher.live(), live);
  });

  it("lets every user see it and only admins change it", async () => {
    const headers = { authorization: basic(READER) };
    assert.equal((await fixture.ask("GET", PATH, { headers })).status, 200);
    const json = { name: "bob", key: KEY };
    assert.equal((await fixture.ask("POST", PATH, { headers, json })).status, 403);
    assert.equal((await fixture.ask("DELETE", `${PATH}/alice`, { headers })).status, 403);
  });

  it("removes a signer, and says when there is none", async () => {
    assert.equal((await fixture.ask("DELETE", `${PATH}/nobody`)).status, 404);
    assert.equal((await fixture.ask("DELETE", `${PATH}/alice`)).status, 200);
    assert.equal((await fixture.ask("GET", PATH)).json().count, 0);
  });
});

describe("/repository.git", () => {
  it("is not there where the repository is a remote one, and asks for nothing else first", async () => {
    const fixture = await startFixture();
    const url = "/repository.git/info/refs?service=git-upload-pack";
    const { status, text } = await fixture.ask("GET", url, { isAnonymous: true });
    assert.equal(status, 404);
    assert.match(text, /no repository of its own/);
    await fixture.store.close();
  });
});
