/**
 * A worker's mirror of the deployment repository. It opens and answers `lastGood` and `read` with the other
 * repository down, heals itself when its folder is damaged, and never writes to the other side.
 */
import { AppError, messageOf } from "../errors/app-error.ts";
import type { Log } from "../observability/log.ts";
import type { DeploymentMirror, Revision } from "./deployment-repository.ts";
import { prepareCopy, renewCopy } from "./git-copy.ts";
import { type RemoteRefs, fetchRefs, listRemote } from "./git-fetch.ts";
import { type GitCredentials, type GitLocation, parseGitLocation } from "./git-location.ts";
import { GOOD_REF, GitRepository } from "./git-repository.ts";

export interface MirrorOptions {
  /** Folder of the bare mirror; made when absent. Absolute. */
  readonly folder: string;
  /**
   * Path or URL to fetch from, asked for at each fetch: workers learn it from the cluster, and it may
   * change. Undefined: not known yet, `fetchLive` rejects.
   */
  readonly location: () => string | undefined;
  readonly credentials?: GitCredentials;
  readonly log: Log;
}

/** Remembered names, at most; they are all forgotten then, which only delays a repair. */
const NAMED_MAX = 100;

class GitMirror implements DeploymentMirror {
  readonly #options: MirrorOptions;
  readonly #repository: GitRepository;
  /** Why the folder must be made anew at the next fetch. */
  #damage: string | undefined;
  /** The other side's refs after the last fetch: most looks find them unchanged, and then ask git nothing more. */
  #fetched: RemoteRefs | undefined;
  /** Commits that this object has named; they must be readable. */
  readonly #named = new Set<string>();

  constructor(options: MirrorOptions) {
    this.#options = options;
    this.#repository = new GitRepository(options.folder, options.log);
  }

  fetchLive(): Promise<string | undefined> {
    return this.#repository.write(async () => {
      const { location, credentials } = this.#options;
      const text = location();
      if (text === undefined) {
        throw new AppError(
          "DEPLOYMENT_REPOSITORY",
          "where the deployment repository is, is not known yet: no manager has told it",
          { side: "peer", retryable: true },
        );
      }
      const source = parseGitLocation(text, credentials);
      const refs = await listRemote(source);
      // Only now, when the other side is known to answer: a damaged mirror may still hold the last good revision.
      const good = this.#damage === undefined ? undefined : await this.#renew(this.#damage);
      if (!isSame(refs, this.#fetched)) await this.#fetch(source, refs);
      if (good !== undefined && (await this.#repository.hasCommit(good))) {
        await this.#repository.setRef(GOOD_REF, good);
      }
      this.#name(refs.live);
      return refs.live;
    });
  }

  async read(commit: string): Promise<Revision> {
    try {
      return await this.#repository.read(commit);
    } catch (error) {
      if (this.#named.has(commit)) this.#noteDamage(error);
      throw error;
    }
  }

  async rememberGood(commit: string): Promise<void> {
    await this.#repository.write(() => this.#repository.setRef(GOOD_REF, commit));
  }

  async lastGood(): Promise<string | undefined> {
    const good = await this.#repository.resolve(GOOD_REF).catch(() => undefined);
    this.#name(good);
    return good;
  }

  async #fetch(source: GitLocation, refs: RemoteRefs): Promise<void> {
    this.#fetched = undefined;
    try {
      await fetchRefs(this.#repository, source, refs);
      this.#fetched = refs;
    } catch (error) {
      this.#noteDamage(error);
      throw error;
    }
  }

  /** Makes the folder anew and returns what was good, if that can still be read. */
  async #renew(reason: string): Promise<string | undefined> {
    const good = await this.lastGood();
    await renewCopy(this.#options.folder, reason, this.#options.log);
    this.#damage = undefined;
    this.#fetched = undefined;
    return good;
  }

  #name(commit: string | undefined): void {
    if (this.#named.size >= NAMED_MAX) this.#named.clear();
    if (commit !== undefined) this.#named.add(commit);
  }

  #noteDamage(error: unknown): void {
    const message = messageOf(error);
    if (isDamage(message)) this.#damage = message;
  }
}

function isSame(refs: RemoteRefs, fetched: RemoteRefs | undefined): boolean {
  return fetched !== undefined && refs.main === fetched.main && refs.live === fetched.live;
}

/** Whether git's words say that the local objects or refs are broken, and not the other side. */
function isDamage(message: string): boolean {
  return /is missing or damaged|not a git repository|not a tree object|not a valid object|bad object|bad tree|missing object|corrupt|too short|unable to read|could not read|is empty|inflate|did not send all necessary|packed object/i.test(
    message,
  );
}

/** Opens the mirror, whether or not the other repository answers. @throws AppError DEPLOYMENT_REPOSITORY when the folder cannot be written. */
export async function openMirror(options: MirrorOptions): Promise<DeploymentMirror> {
  try {
    await prepareCopy(options.folder, options.log);
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError(
      "DEPLOYMENT_REPOSITORY",
      `the mirror ${options.folder} cannot be made: ${messageOf(error)}`,
      { cause: error },
    );
  }
  return new GitMirror(options);
}
