/**
 * A program for the tests of full disks, run with a limit on the size of files: proposes or fetches what does not fit, and
 * says what came of it as one line of JSON. Arguments: "propose" or "fetch", folder, location, commit.
 */
import { randomBytes } from "node:crypto";
import { messageOf } from "../../../src/errors/app-error.ts";
import { ADMIN, mirrorIn, publisherIn, put } from "./repository-room.ts";

const [, , what = "", folder = "", location = "", commit = ""] = process.argv;
const LARGE = randomBytes(500_000);

async function propose(): Promise<string> {
  const publisher = await publisherIn(folder);
  const base = commit;
  const changes = [{ path: "large.bin", content: LARGE }];
  const failure = await publisher
    .propose({ base, changes, message: "large", author: ADMIN })
    .catch(messageOf);
  const small = { base, changes: [put("small.xml", "s")], message: "small", author: ADMIN };
  await publisher.propose(small);
  return failure;
}

async function fetchCandidate(): Promise<string> {
  const mirror = await mirrorIn(folder, location);
  const failure = await mirror.fetchCandidate(commit).then(() => "fetched", messageOf);
  const good = await mirror.lastGood();
  return `${failure} ${(await mirror.read(good ?? "")).files.length} files`;
}

const outcome = what === "propose" ? await propose() : await fetchCandidate();
process.stdout.write(JSON.stringify(outcome));
