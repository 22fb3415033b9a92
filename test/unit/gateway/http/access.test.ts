/** Passwords with bcrypt, keys of limit_conn, and what the ssl variables show. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { cipherNames, offeredCiphers } from "../../../../src/gateway/http/client-hello.ts";
import { ConnectionZone } from "../../../../src/gateway/http/connection-zones.ts";
import { legacyName, rfc2253Name } from "../../../../src/gateway/http/distinguished-name.ts";
import { BcryptChecks, bcryptCost } from "../../../../src/gateway/http/modules/bcrypt-checks.ts";
import { Template } from "../../../../src/gateway/nginx/template.ts";

const HASH = `$2y$05$${"a".repeat(53)}`;

test("knows bcrypt hashes by their form and reads their cost", () => {
  assert.equal(bcryptCost(HASH), 5);
  assert.equal(bcryptCost(HASH.replace("$2y$", "$2x$")), undefined);
  assert.equal(bcryptCost(`${HASH}a`), undefined);
  assert.equal(bcryptCost("{PLAIN}$2y$05$"), undefined);
});

test("compares a bcrypt password once, then remembers that it matched, and never that it did not", async () => {
  let compared = 0;
  const checks = new BcryptChecks((password) => {
    compared++;
    return Promise.resolve(password === "right");
  });
  for (let round = 0; round < 3; round++) assert.equal(await checks.check("right", HASH), true);
  assert.equal(compared, 1);
  for (let round = 0; round < 2; round++) assert.equal(await checks.check("wrong", HASH), false);
  assert.equal(compared, 3);
  assert.equal(await checks.check("right", HASH.replace("05", "06")), true);
  assert.equal(compared, 4);
});

test("checks bcrypt passwords one after the other, and refuses when too many wait", async () => {
  let running = 0;
  const gate = Promise.withResolvers<void>();
  const checks = new BcryptChecks(async () => {
    assert.equal(++running, 1);
    await gate.promise;
    running--;
    return true;
  });
  const all = Array.from({ length: 101 }, (_, at) => checks.check(`password ${at}`, HASH));
  await assert.rejects(() => all[100] ?? Promise.resolve(), /too many password checks/);
  gate.resolve();
  assert.deepEqual(new Set(await Promise.all(all.slice(0, 100))), new Set([true]));
});

test("goes on with the next bcrypt password when a check has failed", async () => {
  const checks = new BcryptChecks((password) =>
    password === "bad" ? Promise.reject(new Error("no thread")) : Promise.resolve(true),
  );
  await assert.rejects(() => checks.check("bad", HASH), /no thread/);
  assert.equal(await checks.check("good", HASH), true);
});

function zoneOf(sizeBytes: number, previous?: ConnectionZone): ConnectionZone {
  const key = new Template("k", { file: "test", line: 1 });
  return new ConnectionZone({ name: "one", key, sizeBytes }, previous);
}

test("counts requests in progress for each key, over a reload too, and forgets keys without any", () => {
  const zone = zoneOf(64 * 2);
  const leave = zone.enter("a", 1);
  assert.ok(leave);
  assert.equal(zone.enter("a", 1), undefined);
  const after = zoneOf(64 * 2, zone);
  assert.equal(after.enter("a", 1), undefined);
  assert.ok(after.enter("b", 1));
  assert.equal(after.enter("c", 1), undefined, "the zone has room for two keys");
  leave();
  assert.equal(after.size, 1);
  assert.ok(after.enter("a", 1));
});

test("writes names of certificates in both forms", () => {
  const lines = "C=DE\nO=Müller\\, Söhne\nOU=a + CN=b\\+c";
  assert.equal(rfc2253Name(lines), "OU=a+CN=b\\+c,O=M\\C3\\BCller\\, S\\C3\\B6hne,C=DE");
  assert.equal(legacyName(lines), "/C=DE/O=M\\xC3\\xBCller, S\\xC3\\xB6hne/OU=a/CN=b+c");
  assert.equal(rfc2253Name(""), "");
  assert.equal(legacyName(""), "");
});

/** The start of a TLS greeting with these ciphers. */
function greeting(ciphers: readonly number[]): Buffer {
  const list = Buffer.concat(ciphers.map((code) => Buffer.of(code >> 8, code & 0xff)));
  const length = Buffer.of(0, list.length);
  return Buffer.concat([Buffer.alloc(43), Buffer.of(2, 9, 9), length, list, Buffer.of(1, 0)]);
}

test("reads the ciphers that a client offers, and nothing from half a greeting", () => {
  const whole = greeting([0x1301, 0x00ff, 0xc02f, 0x0a0a]);
  const list = offeredCiphers(whole);
  assert.ok(list);
  assert.equal(cipherNames(list), "TLS_AES_128_GCM_SHA256:ECDHE-RSA-AES128-GCM-SHA256:0x0a0a");
  for (let length = 0; length < 43 + 3 + 2 + 8; length++) {
    assert.equal(offeredCiphers(whole.subarray(0, length)), undefined);
  }
});
