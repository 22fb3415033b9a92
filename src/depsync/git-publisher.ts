/**
 * The manager's side of the deployment repository: makes commits and moves `live`. The truth is either a
 * bare repository of the manager's own, or a remote one, of which a local copy is kept and to
 * which every change is pushed before it counts. Both moves are compare-and-swap.
 */
import { mkdir, readdir } from "node:fs/promises";
import { dirname } from "node:path";
import { AppError, messageOf } from "../errors/app-error.ts";
import type { Log } from "../observability/log.ts";
import type { Clock } from "../runtime/clock.ts";
import type {
  ChangeAuthor,
  CommitInfo,
  DeploymentPublisher,
  FileChange,
  Revision,
} from "./deployment-repository.ts";
import { blobIdOf } from "./git-blobs.ts";
import { prepareCopy } from "./git-copy.ts";
import { effectiveChanges, makeCommit } from "./git-commit.ts";
import { fetchRefs, listRemote } from "./git-fetch.ts";
import { type GitCredentials, type GitLocation, parseGitLocation } from "./git-location.ts";
import { removeLeftovers } from "./git-leftovers.ts";
import { removeStaleLocks } from "./git-locks.ts";
import { runGit } from "./git-process.ts";
import {
  GitRepository,
  LIVE_REF,
  MAIN_REF,
  checkCommitId,
  initRepository,
} from "./git-repository.ts";

export interface PublisherOptions {
  /** Own repository: where it is; remote: where its local copy is. Made when absent. Absolute. */
  readonly folder: string;
  /** Path or URL of a remote repository; undefined: the folder is the truth. */
  readonly remote?: string;
  readonly credentials?: GitCredentials;
  /** Behind the "@" of authors' e-mail addresses. Default: "bascule.invalid". */
  readonly mailDomain?: string;
  readonly log: Log;
  readonly clock: Clock;
}

/** How often a commit is made again on top of what another writer has pushed in between. */
const COMMIT_TRIES_MAX = 3;
/** After so many commits git is asked to tidy up; it does so only when there are thousands of loose objects. */
const TIDY_COMMITS = 50;

class GitPublisher implements DeploymentPublisher {
  readonly location: string;
  readonly #options: PublisherOptions;
  readonly #repository: GitRepository;
  readonly #remote: GitLocation | undefined;
  #untidyCommits = 0;

  constructor(options: PublisherOptions, remote: GitLocation | undefined) {
    this.location = remote?.url ?? options.folder;
    this.#options = options;
    this.#remote = remote;
    this.#repository = new GitRepository(options.folder, options.log);
  }

  async head(): Promise<string | undefined> {
    if (!this.#remote) return this.#repository.resolve(MAIN_REF);
    const remote = this.#remote;
    return this.#repository.write(async () => (await this.#fetch(remote)).main);
  }

  async live(): Promise<string | undefined> {
    if (!this.#remote) return this.#repository.resolve(LIVE_REF);
    const remote = this.#remote;
    return this.#repository.write(async () => (await this.#fetch(remote)).live);
  }

  read(commit: string): Promise<Revision> {
    return this.#repository.read(commit);
  }

  history(countMax: number): Promise<readonly CommitInfo[]> {
    return this.#repository.history(countMax);
  }

  commit(changes: readonly FileChange[], message: string, author: ChangeAuthor): Promise<string> {
    return this.#repository.write(async () => {
      for (let tries = 1; ; tries += 1) {
        const parent = await this.#freshHead();
        const commit = await this.#makeCommit(parent, changes, { message, author });
        if (commit === parent) return commit;
        try {
          await this.#moveMain(commit, parent);
          await this.#tidy();
          return commit;
        } catch (error) {
          // Only when somebody else was quicker is it worth another try.
          const moved = (await this.#freshHead()) !== parent;
          if (!moved || tries >= COMMIT_TRIES_MAX) throw error;
        }
      }
    });
  }

  moveLive(to: string, from: string | undefined): Promise<void> {
    checkCommitId(to);
    if (from !== undefined) checkCommitId(from);
    return this.#repository.write(async () => {
      try {
        // git itself refuses a commit that is not there.
        if (this.#remote) await this.#pushLive(this.#remote, to, from);
        else await this.#repository.moveRef(LIVE_REF, to, from);
      } catch (error) {
        if (await this.#repository.hasCommit(to)) throw await this.#explainLive(from, error);
        throw failure(`live cannot be moved to ${to}: the repository has no such commit`, false);
      }
    });
  }

  async #makeCommit(
    parent: string | undefined,
    changes: readonly FileChange[],
    by: { readonly message: string; readonly author: ChangeAuthor },
  ): Promise<string> {
    const entries = parent === undefined ? [] : await this.#repository.tree(parent);
    const algorithm = parent?.length === 64 ? "sha256" : "sha1";
    const effective = effectiveChanges(entries, changes, (content) => blobIdOf(content, algorithm));
    if (effective.length === 0 && parent !== undefined) return parent;
    return makeCommit(this.#options.folder, {
      parent,
      changes: effective,
      ...by,
      wallSeconds: this.#options.clock.wallMs() / 1000,
      mailDomain: this.#options.mailDomain ?? "bascule.invalid",
    });
  }

  async #tidy(): Promise<void> {
    this.#untidyCommits += 1;
    if (this.#untidyCommits < TIDY_COMMITS) return;
    this.#untidyCommits = 0;
    await this.#repository.git(["gc", "--auto", "--quiet"]).catch((error: unknown) => {
      this.#options.log.warn(`the deployment repository was not tidied up: ${messageOf(error)}`);
    });
  }

  async #freshHead(): Promise<string | undefined> {
    if (this.#remote) return (await this.#fetch(this.#remote)).main;
    return this.#repository.resolve(MAIN_REF);
  }

  async #fetch(remote: GitLocation): ReturnType<typeof listRemote> {
    const refs = await listRemote(remote);
    await fetchRefs(this.#repository, remote, refs);
    return refs;
  }

  async #moveMain(to: string, from: string | undefined): Promise<void> {
    if (!this.#remote) {
      await this.#repository.moveRef(MAIN_REF, to, from);
      return;
    }
    // Without force the other side takes it only as a fast forward: that is the comparison.
    await this.#push(this.#remote, [], `${to}:${MAIN_REF}`);
    await this.#repository.setRef(MAIN_REF, to);
  }

  async #pushLive(remote: GitLocation, to: string, from: string | undefined): Promise<void> {
    // git takes a push that changes nothing for a success, whatever the lease says.
    if ((await listRemote(remote)).live !== from) throw new Error("live is elsewhere");
    // `live` may go back, so it is forced, but only from where it is expected. Empty: it must not exist.
    const lease = `--force-with-lease=${LIVE_REF}:${from ?? ""}`;
    await this.#push(remote, [lease], `${to}:${LIVE_REF}`);
    await this.#repository.setRef(LIVE_REF, to);
  }

  async #push(remote: GitLocation, options: readonly string[], refspec: string): Promise<void> {
    const { url, protocol, config, secrets } = remote;
    const args = ["push", "--quiet", "--porcelain", ...options, "--", url, refspec];
    await this.#repository.git(args, { protocol, config, secrets });
  }

  async #explainLive(from: string | undefined, error: unknown): Promise<AppError> {
    const refs = this.#remote ? await listRemote(this.#remote).catch(() => undefined) : undefined;
    const live = this.#remote ? refs?.live : await this.#repository.resolve(LIVE_REF);
    const unknown = this.#remote !== undefined && refs === undefined;
    if (unknown || live === from) return failure(`live cannot be moved: ${messageOf(error)}`, true);
    return failure(
      `live was not moved: it is at ${live ?? "no commit"} by now, not at ${from ?? "no commit"}; look at what is live and try again`,
      true,
    );
  }
}

function failure(message: string, retryable: boolean): AppError {
  return new AppError("DEPLOYMENT_REPOSITORY", message, { side: "peer", retryable });
}

/**
 * Opens the deployment repository for writing. A remote one need not answer yet.
 * @throws AppError DEPLOYMENT_REPOSITORY when the folder holds something else, or the remote's form is not allowed.
 */
export async function openPublisher(options: PublisherOptions): Promise<DeploymentPublisher> {
  const { folder, log } = options;
  if (options.remote !== undefined) {
    const remote = parseGitLocation(options.remote, options.credentials);
    await prepareCopy(folder, log);
    return new GitPublisher(options, remote);
  }
  await prepareOwn(folder, log);
  return new GitPublisher(options, undefined);
}

/** The truth is never moved aside or made anew: what is wrong with it must be seen by a person. */
async function prepareOwn(folder: string, log: Log): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  if (names.length === 0) {
    await mkdir(dirname(folder), { recursive: true });
    await initRepository(folder);
    log.info(`made the deployment repository ${folder}`);
    return;
  }
  const bare = await runGit({ gitDir: folder, args: ["rev-parse", "--is-bare-repository"] }).catch(
    (error: unknown) => messageOf(error),
  );
  if (bare.trim() !== "true") {
    throw failure(
      `${folder} is not empty and no bare git repository (${bare.trim()}): restore it, or name another folder`,
      false,
    );
  }
  await removeStaleLocks(folder, log);
  await removeLeftovers(folder);
}
