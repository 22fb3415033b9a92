/**
 * How a worker's mirror fetches. One that holds nothing yet takes the newest commits only: the whole history of a large repository
 * takes the manager, and then the worker, as long as a thousand deploys. From then on git brings what is new, and leaves
 * the mirror shallow; where a verification needs more, the history is fetched further down. What is whole stays whole.
 */
import { messageOf } from "../errors/app-error.ts";
import type { Log } from "../observability/log.ts";
import type { GitLocation } from "./git-location.ts";
import { isLockFailure } from "./git-locks.ts";
import { fetchNamed, listRemoteRefs } from "./git-remote.ts";
import type { GitRepository } from "./git-repository.ts";
import { GOOD_REFS, LIVE_REF, MAIN_REF, candidateRef } from "./ref-names.ts";
import { readShallowText } from "./shallow-edges.ts";

/**
 * Commits that a first fetch brings, from each ref down: more than a verification looks at first, so that only a history of as many
 * commits of people without one of a manager needs another fetch. Each costs the manager some 3 ms of CPU with 10,000 artifacts.
 */
export const FIRST_DEPTH = 100;
/** How far a history is deepened before all of it is fetched, in first depths. */
const DEEPER = 10;

/** Also from a repository that is shallow itself: else git would leave out what comes from there. */
const FROM_SHALLOW = "--update-shallow";

export class MirrorFetch {
  readonly #repository: GitRepository;
  readonly #log: Log;
  readonly #depth: number;
  /** The file `shallow` as git has left it; undefined: nobody has looked yet. */
  #left: string | undefined;
  #fetches = 0;

  constructor(repository: GitRepository, log: Log, depth: number = FIRST_DEPTH) {
    this.#repository = repository;
    this.#log = log;
    this.#depth = depth;
  }

  /** Fetches refs by name. @throws AppError DEPLOYMENT_REPOSITORY. */
  async fetch(source: GitLocation, refs: readonly string[]): Promise<void> {
    if (!(await this.#isEmpty())) return this.#fetch(source, refs, []);
    try {
      await this.#fetch(source, refs, [`--depth=${this.#depth}`]);
    } catch (error) {
      if (!this.#isForbidden(error)) throw error;
      this.#log.info(
        `${source.url} does not give a part of its history, all of it is fetched: ${messageOf(error)}`,
      );
      await this.#fetch(source, refs, []);
    }
  }

  /**
   * Fetches more of the history: first some, in later attempts the rest. False: there is no more to be had.
   * @throws AppError DEPLOYMENT_REPOSITORY.
   */
  async deepen(source: GitLocation, commit: string, attempt: number): Promise<boolean> {
    const before = await this.#text();
    if (before === "") return true;
    const there = await listRemoteRefs(source, [MAIN_REF, LIVE_REF, candidateRef(commit)]);
    const refs = [...there.keys()];
    if (refs.length === 0) return false;
    const count = this.#depth * DEEPER;
    this.#log.info(
      `The history of ${commit} goes further down than what was fetched of it: fetching ${attempt === 0 ? `${count} commits more` : "all of it"}`,
    );
    if (attempt === 0) {
      await this.#deepenBy(source, refs, count);
      return true;
    }
    await this.#fetch(source, refs, ["--unshallow"]);
    return (await this.#text()) !== before;
  }

  /** Whether somebody else has changed where the history ends. */
  async isTampered(): Promise<boolean> {
    const text = await this.#text();
    if (this.#fetches > 0) return false;
    this.#left ??= text;
    return text !== this.#left;
  }

  /** The folder was made anew. */
  reset(): void {
    this.#left = undefined;
  }

  async #deepenBy(source: GitLocation, refs: readonly string[], count: number): Promise<void> {
    try {
      await this.#fetch(source, refs, [`--deepen=${count}`]);
    } catch (error) {
      // The next attempt asks for what older servers can do.
      if (!this.#isForbidden(error)) throw error;
    }
  }

  async #fetch(
    source: GitLocation,
    refs: readonly string[],
    options: readonly string[],
  ): Promise<void> {
    this.#fetches += 1;
    try {
      await fetchNamed(this.#repository, source, refs, [FROM_SHALLOW, ...options]);
    } finally {
      this.#left = await this.#text().catch(() => undefined);
      this.#fetches -= 1;
    }
  }

  async #isEmpty(): Promise<boolean> {
    return (await this.#repository.resolveAll([MAIN_REF, LIVE_REF, ...GOOD_REFS])).size === 0;
  }

  #text(): Promise<string> {
    return readShallowText(this.#repository.gitDir);
  }

  /** Whether git's words say that the other side, or the way to it, knows no shallow histories. */
  #isForbidden(error: unknown): boolean {
    const message = messageOf(error).replaceAll(this.#repository.gitDir, "");
    if (isLockFailure(message) || message.includes("bad shallow line")) return false;
    return /shallow|deepen|--depth/i.test(message);
  }
}
