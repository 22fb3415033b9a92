/**
 * What is asked of another repository, and pushed to it: the refs, commits by the names of refs, several refs in one
 * atomic push. Refspecs are explicit, ids are checked.
 */
import { AppError } from "../errors/app-error.ts";
import type { RepositoryRefs } from "./deployment-repository.ts";
import type { GitLocation } from "./git-location.ts";
import { runGit } from "./git-process.ts";
import type { GitRepository } from "./git-repository.ts";
import {
  ANYWHERE,
  LIVE_REF,
  MAIN_REF,
  type RefUpdate,
  SEAL_REF,
  checkCommitId,
} from "./ref-names.ts";

/** The refs that both sides look at. */
export interface RemoteRefs extends RepositoryRefs {
  /** The newest seal of what is live. */
  readonly seal: string | undefined;
}

/** What the other repository's refs are now, by name. @throws AppError DEPLOYMENT_REPOSITORY when it cannot be reached. */
export async function listRemoteRefs(
  location: GitLocation,
  patterns: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const { url, protocol, config, secrets } = location;
  const args = ["ls-remote", "--refs", "--quiet", "--", url, ...patterns];
  const output = await runGit({ args, protocol, config, secrets });
  return new Map(
    output.split("\n").flatMap((line) => {
      const [id = "", name] = line.split("\t");
      return name === undefined ? [] : [[name, id] as const];
    }),
  );
}

/** `main`, `live` and `live-seal` of the other repository. @throws as `listRemoteRefs`. */
export async function listRemote(location: GitLocation): Promise<RemoteRefs> {
  const refs = await listRemoteRefs(location, [MAIN_REF, LIVE_REF, SEAL_REF]);
  return { main: refs.get(MAIN_REF), live: refs.get(LIVE_REF), seal: refs.get(SEAL_REF) };
}

/** Makes the local `main`, `live` and `live-seal` equal to the other's. Local refs that the other does not have stay as they are. */
export async function fetchRefs(
  repository: GitRepository,
  location: GitLocation,
  remote: RemoteRefs,
): Promise<void> {
  const wanted = await staleRefs(repository, remote);
  if (wanted.length > 0) await fetchNamed(repository, location, wanted);
}

/** Which of `main`, `live` and `live-seal` are elsewhere than those of the other repository. */
export async function staleRefs(
  repository: GitRepository,
  remote: RemoteRefs,
): Promise<readonly string[]> {
  const here = await repository.resolveAll([MAIN_REF, LIVE_REF, SEAL_REF]);
  const there = [
    [MAIN_REF, remote.main],
    [LIVE_REF, remote.live],
    [SEAL_REF, remote.seal],
  ] as const;
  return there.filter(([ref, id]) => id !== undefined && here.get(ref) !== id).map(([ref]) => ref);
}

/** Fetches refs by name, without asking first which there are. `options`: fixed words. @throws AppError also when one is not there. */
export async function fetchNamed(
  repository: GitRepository,
  location: GitLocation,
  refs: readonly string[],
  options: readonly string[] = [],
): Promise<void> {
  const { url, protocol, config, secrets } = location;
  const refspecs = refs.map((ref) => `+${ref}:${ref}`);
  // What takes long says so: a silent command is taken for one that hangs.
  const args = ["fetch", "--progress", "--no-tags", "--no-write-fetch-head", ...options];
  await repository.git([...args, "--", url, ...refspecs], { protocol, config, secrets });
}

/** Moves refs of the other repository: all or none, each only from where it is expected. */
export async function pushRefs(
  repository: GitRepository,
  location: GitLocation,
  updates: readonly RefUpdate[],
): Promise<void> {
  const { url, protocol, config, secrets } = location;
  const leases: string[] = [];
  const refspecs = updates.map(({ ref, to, from }) => {
    if (to !== undefined) checkCommitId(to);
    if (from === ANYWHERE) return `${to === undefined ? "" : "+"}${to ?? ""}:${ref}`;
    if (from !== undefined) checkCommitId(from);
    // Empty: it must not exist.
    leases.push(`--force-with-lease=${ref}:${from ?? ""}`);
    return `${to ?? ""}:${ref}`;
  });
  const args = ["push", "--quiet", "--porcelain", "--atomic", ...leases, "--", url, ...refspecs];
  await repository.git(args, { protocol, config, secrets });
}

/** A failure of the deployment repository in words for people. */
export function repositoryFailure(message: string, retryable: boolean): AppError {
  return new AppError("DEPLOYMENT_REPOSITORY", message, { side: "peer", retryable });
}
