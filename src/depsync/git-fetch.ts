/**
 * Brings `main` and `live` of another repository into a local one. First asks what the refs are, which costs one
 * small exchange and is all that most looks need; fetches only what differs, by explicit refspecs.
 */
import type { GitLocation } from "./git-location.ts";
import { runGit } from "./git-process.ts";
import { type GitRepository, LIVE_REF, MAIN_REF } from "./git-repository.ts";

export interface RemoteRefs {
  readonly main: string | undefined;
  readonly live: string | undefined;
}

/** What the other repository's refs are now. @throws AppError DEPLOYMENT_REPOSITORY when it cannot be reached. */
export async function listRemote(location: GitLocation): Promise<RemoteRefs> {
  const { url, protocol, config, secrets } = location;
  const args = ["ls-remote", "--refs", "--quiet", "--", url, MAIN_REF, LIVE_REF];
  const output = await runGit({ args, protocol, config, secrets });
  const refs = new Map(
    output.split("\n").map((line) => {
      const [id = "", name = ""] = line.split("\t");
      return [name, id];
    }),
  );
  return { main: refs.get(MAIN_REF), live: refs.get(LIVE_REF) };
}

/** Makes the local refs equal to the other's. Local refs that the other does not have stay as they are. */
export async function fetchRefs(
  repository: GitRepository,
  location: GitLocation,
  remote: RemoteRefs,
): Promise<void> {
  const here = await repository.resolveAll([MAIN_REF, LIVE_REF]);
  const there = [
    [MAIN_REF, remote.main],
    [LIVE_REF, remote.live],
  ] as const;
  const wanted = there
    .filter(([ref, id]) => id !== undefined && here.get(ref) !== id)
    .map(([ref]) => `+${ref}:${ref}`);
  if (wanted.length === 0) return;
  const { url, protocol, config, secrets } = location;
  const args = ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--", url, ...wanted];
  await repository.git(args, { protocol, config, secrets });
}
