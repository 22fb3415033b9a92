import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { generatePassword, Passwords } from "../../../../src/manager/auth/passwords.ts";

const CHEAP = { cost: 16, blockSize: 1, parallelization: 1 } as const;

describe("password hashes", () => {
  it("fit their password and no other", async () => {
    const passwords = new Passwords(CHEAP);
    const hash = await passwords.hash("correct horse");
    assert.equal(await passwords.verify("correct horse", hash), true);
    assert.equal(await passwords.verify("correct hors", hash), false);
    assert.equal(await passwords.verify("", hash), false);
  });

  it("differ for equal passwords and hold their parameters", async () => {
    const passwords = new Passwords(CHEAP);
    const [one, two] = [await passwords.hash("same"), await passwords.hash("same")];
    assert.notEqual(one, two);
    assert.match(one, /^scrypt\$16\$1\$1\$/);
  });

  it("stay valid when the cost is raised", async () => {
    const hash = await new Passwords(CHEAP).hash("old");
    const raised = new Passwords({ ...CHEAP, cost: 32 });
    assert.equal(await raised.verify("old", hash), true);
  });

  it("are never right for a user that does not exist, not even with an empty password", async () => {
    const passwords = new Passwords(CHEAP);
    assert.equal(await passwords.verify("", undefined), false);
  });

  it("turn newcomers away when too many wait", async () => {
    const passwords = new Passwords(CHEAP);
    const all = await Promise.allSettled(Array.from({ length: 60 }, () => passwords.hash("x")));
    const refused = all.filter(({ status }) => status === "rejected");
    assert.equal(refused.length, 8);
  });
});

describe("generated passwords", () => {
  it("have 20 letters and digits and are never the same", () => {
    const made = new Set(Array.from({ length: 100 }, generatePassword));
    assert.equal(made.size, 100);
    for (const password of made) assert.match(password, /^[A-Za-z2-9]{20}$/);
  });
});
