import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { formatProblem } from "../../../../src/errors/config-error.ts";
import { APP_BYTES_MAX } from "../../../../src/mediation/carbonapp/app-archive.ts";
import { CarbonApps } from "../../../../src/mediation/carbonapp/carbon-apps.ts";
import { type ZipEntry, zipOf } from "../../../helpers/zip-writer.ts";
import { type AppPiece, appOf, entriesOf, piece } from "./app-world.ts";

const CAR = "carbonapps/a.car";

async function refusals(content: Buffer): Promise<readonly string[]> {
  const { problems } = await new CarbonApps().expand([{ path: CAR, content }]);
  return problems.errors.map(formatProblem);
}

/** A good application with one entry more. */
function withEntry(entry: Partial<ZipEntry>): Buffer {
  const good = entriesOf("A", [piece("synapse/sequence", "s")]);
  return zipOf([...good, { name: "x", content: "x", ...entry }]);
}

test("a good application with a harmless entry more is read", async () => {
  assert.deepEqual(await refusals(withEntry({})), []);
});

const HOSTILE: readonly (readonly [what: string, entry: Partial<ZipEntry>, sentence: RegExp])[] = [
  [
    "a path that leads out",
    { name: "../../etc/passwd" },
    /invalid relative path: .* in carbonapps/,
  ],
  ["a path that leads out and back", { name: "a/../../x" }, /invalid relative path/],
  ["an absolute path", { name: "/etc/passwd" }, /absolute path/],
  ["a drive letter", { name: "C:/x" }, /absolute path/],
  ["back slashes", { name: "..\\x" }, /invalid characters/],
  ["a control character", { name: "a\nb" }, /"a\\nb" has a name that leads elsewhere/],
  ["a dot segment", { name: "a/./b" }, /has a name that leads elsewhere/],
  [
    "a link",
    { content: "/etc/passwd", mode: 0o120777 },
    /The entry "x" is a link in carbonapps\/a\.car$/,
  ],
  ["a device", { mode: 0o020666 }, /The entry "x" is no file/],
  ["encryption", { flags: 1 }, /The entry "x" is encrypted/],
  ["a method that is not known", { says: { method: 99 } }, /cannot be unpacked/],
  [
    "a name that is there twice",
    { name: "artifacts.xml" },
    /The entry "artifacts.xml" is there twice/,
  ],
  [
    "a bomb by ratio",
    { content: Buffer.alloc(8 * 1024 * 1024) },
    /The entry "x" unpacks to more than 200 times its size/,
  ],
  [
    "a bomb by size",
    { says: { size: APP_BYTES_MAX + 1 } },
    /The archive unpacks to more than 134217728 bytes/,
  ],
];

for (const [what, entry, sentence] of HOSTILE)
  test(`an archive with ${what} is refused`, async () => {
    const found = await refusals(withEntry(entry));
    assert.equal(found.length, 1);
    assert.match(found[0] ?? "", sentence);
  });

test("an archive with too many entries is refused", async () => {
  const entries = Array.from({ length: 10_001 }, (_, index) => ({
    name: `${index}`,
    content: "",
    stored: true,
  }));
  assert.match((await refusals(zipOf(entries))).join(), /holds more than 10000 entries/);
});

test("archives inside share the bounds of the one around them", async () => {
  const many = Array.from({ length: 6_000 }, (_, index) => ({
    name: `${index}`,
    content: "",
    stored: true,
  }));
  const inner = (name: string): AppPiece => ({
    name,
    type: "carbon/application",
    file: "i.car",
    content: zipOf([...entriesOf(name, []), ...many]),
  });
  assert.deepEqual(await refusals(appOf("A", [inner("i")])), []);
  assert.deepEqual(await refusals(appOf("A", [inner("i"), inner("j")])), [
    "The archive holds more than 10000 entries in carbonapps/a.car!/j_1.0.0/i.car",
  ]);
});

test("an entry that is longer than it says, or damaged, is refused with its name", async () => {
  const lying = (says: ZipEntry["says"]): Buffer => {
    const entries = entriesOf("A", [piece("synapse/sequence", "s")]);
    return zipOf(
      entries.map((entry) =>
        /s-1/.test(entry.name) ? { ...entry, ...(says && { says }) } : entry,
      ),
    );
  };
  const place = / in carbonapps\/a\.car!\/s_1\.0\.0\/s-1\.0\.0\.xml$/;
  for (const [says, reason] of [
    [{ size: 3 }, /cannot be unpacked: too many bytes/],
    [{ size: 300 }, /cannot be unpacked: not enough bytes/],
    [{ crc: 1 }, /is damaged/],
  ] as const) {
    const found = await refusals(lying(says));
    assert.equal(found.length, 1);
    assert.match(found[0] ?? "", reason);
    assert.match(found[0] ?? "", place);
  }
});

test("what is no archive, or no application, is refused", async () => {
  assert.match(
    (await refusals(Buffer.from("no zip"))).join(),
    /The archive cannot be read: .* in carbonapps/,
  );
  assert.match((await refusals(Buffer.alloc(0))).join(), /The archive cannot be read/);
  assert.match((await refusals(zipOf([]))).join(), /artifacts\.xml is missing/);
  assert.match(
    (await refusals(zipOf([{ name: "artifacts.xml", content: "<artifacts/>" }]))).join(),
    /no <artifact type="carbon\/application"> in carbonapps\/a\.car!\/artifacts\.xml:1/,
  );
  assert.match(
    (await refusals(zipOf([{ name: "artifacts.xml", content: "<artifacts" }]))).join(),
    /not well-formed.* in carbonapps\/a\.car!\/artifacts\.xml:1/,
  );
  const cut = appOf("A", [piece("synapse/sequence", "s")]);
  assert.match(
    (await refusals(cut.subarray(0, cut.length - 30))).join(),
    /The archive cannot be read/,
  );
});

test("one faulty archive hides no other", async () => {
  const apps = new CarbonApps();
  const content = Buffer.from("x");
  const { problems, files } = await apps.expand([
    { path: "carbonapps/a.car", content },
    { path: "carbonapps/b.car", content: appOf("B", [piece("synapse/sequence", "s")]) },
    { path: "carbonapps/c.car", content },
  ]);
  assert.deepEqual(
    problems.errors.map(({ file }) => file),
    ["carbonapps/a.car", "carbonapps/c.car"],
  );
  assert.equal(files.filter(({ part }) => part).length, 1);
});

/** An application of one artifact, whose registry-info.xml is `info`. */
function withResources(info: string, file: string): Buffer {
  const made = piece("synapse/sequence", "r", "", {
    type: "registry/resource",
    file: "registry-info.xml",
    content: `<resources>${info}</resources>`,
    more: { "resources/d/a.txt": file },
  });
  return appOf("A", [made]);
}

test("one file that is named again and again is not read again and again", async () => {
  const item = "<item><file>d/a.txt</file><path>/_system/config/x</path></item>";
  const random = randomBytes(1024 * 1024).toString("base64");
  assert.deepEqual(await refusals(withResources(item.repeat(2), random)), []);
  const [problem] = await refusals(withResources(item.repeat(400), random));
  assert.match(problem ?? "", /names its files again and again/);
});

test("resources beyond a bound are refused before any is read", async () => {
  const folder = "<collection><directory>d</directory><path>/_system/config/x</path></collection>";
  const [problem] = await refusals(withResources(folder.repeat(10_001), "x"));
  assert.match(problem ?? "", /registry-info.xml names more than 10000 resources/);
});
