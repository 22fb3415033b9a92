/** User and password of a remote repository: they reach the server and nothing else. */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { it } from "node:test";
import { openMirror } from "../../../src/depsync/git-mirror.ts";
import { MemoryLog } from "../../helpers/memory-log.ts";
import { startGitHttpServer } from "./git-http-server.ts";
import {
  ADMIN,
  PROXY,
  contents,
  git,
  publisherIn,
  put,
  temporaryFolder,
} from "./repository-room.ts";

const USER = "depsync";
const PASSWORD = "s3cret/pass word";
const BASIC = Buffer.from(`${USER}:${PASSWORD}`).toString("base64");

/** Puts a `git` before the real one that notes every argument, its own and of all that it starts. */
function spyOnGit(folder: string): () => string {
  const real = git("/", "--exec-path").trim();
  mkdirSync(join(folder, "bin"));
  const argumentsFile = join(folder, "arguments");
  const script = `#!/bin/sh\nprintf '%s\\n' "$@" >> ${argumentsFile}\nGIT_TRACE=${argumentsFile} exec ${real}/git "$@"\n`;
  writeFileSync(join(folder, "bin", "git"), script, { mode: 0o755 });
  process.env["PATH"] = `${join(folder, "bin")}${delimiter}${process.env["PATH"]}`;
  return () => readFileSync(argumentsFile, "utf8");
}

it("sends the password to the server, and shows it in no argument, file, log line or error", async (test) => {
  const folder = temporaryFolder(test);
  const { location } = await publisherIn(folder);
  git(location, "config", "http.receivepack", "true");
  const server = await startGitHttpServer(test, folder, USER, PASSWORD);
  const remote = `http://127.0.0.1:${server.port}/repository.git`;
  const credentials = { user: USER, password: PASSWORD };
  const log = new MemoryLog();
  const seenArguments = spyOnGit(folder);

  const publisher = await publisherIn(folder, {
    folder: join(folder, "copy.git"),
    remote,
    credentials,
    log,
  });
  const first = await publisher.commit([put(PROXY, "1")], "one", ADMIN);
  await publisher.moveLive(first, undefined);
  const mirror = await openMirror({
    folder: join(folder, "mirror.git"),
    location: () => remote,
    credentials,
    log,
  });
  assert.equal(await mirror.fetchLive(), first);
  assert.deepEqual(contents(await mirror.read(first)), { [PROXY]: "1" });
  assert.ok(server.authorizations.includes(`Basic ${BASIC}`));

  const places = [
    seenArguments(),
    readFileSync(join(folder, "copy.git", "config"), "utf8"),
    readFileSync(join(folder, "mirror.git", "config"), "utf8"),
    log.messages().join("\n"),
    publisher.location,
  ];
  for (const place of places) {
    assert.ok(!place.includes(PASSWORD) && !place.includes(BASIC), place);
  }
  // The spy saw the helper that talks http, so it would have seen the password.
  assert.match(seenArguments(), /git-remote-http|remote-http/);
});

it("fails with a sentence that hides the password when the server refuses it", async (test) => {
  const folder = temporaryFolder(test);
  await publisherIn(folder);
  const server = await startGitHttpServer(test, folder, USER, PASSWORD);
  const remote = `http://${USER}:wrong-password@127.0.0.1:${server.port}/repository.git`;
  const publisher = await publisherIn(folder, { folder: join(folder, "copy.git"), remote });
  await assert.rejects(publisher.head(), (error: Error) => {
    assert.match(error.message, /git ls-remote failed/);
    assert.ok(!error.message.includes("wrong-password"));
    return true;
  });
  assert.ok(!publisher.location.includes("wrong-password"));
});
