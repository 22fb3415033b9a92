/**
 * A manager's memory of what is live: the newest seal that it has made or accepted, kept beside its repository, and the one that
 * the repository shows. Makes the next one. Used by `git-publisher.ts` inside of its queue of writes; what follows when the
 * two differ is for `LiveGuard` to decide.
 */
import type { KeyObject } from "node:crypto";
import { AppError, messageOf } from "../errors/app-error.ts";
import type { Log } from "../observability/log.ts";
import type { Clock } from "../runtime/clock.ts";
import type { LiveSeals } from "./deployment-repository.ts";
import { repositoryFailure } from "./git-remote.ts";
import type { GitRepository } from "./git-repository.ts";
import type { GitObject } from "./objects/object-id.ts";
import { SEAL_REF, type RefUpdate } from "./ref-names.ts";
import { readSealFile, sealFileOf, writeSealFile } from "./seal-file.ts";
import { type LiveSeal, claimedNumber, makeSeal, readSeal } from "./signatures/live-seal.ts";
import type { SshPublicKey } from "./signatures/ssh-public-key.ts";

export interface LiveSealsOptions {
  readonly repository: GitRepository;
  /** Undefined: nothing is sealed. */
  readonly signingKey: KeyObject | undefined;
  readonly managerKeys: () => readonly SshPublicKey[];
  readonly mailDomain: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** A seal that is not in the repository yet. */
export interface PendingSeal {
  readonly seal: LiveSeal;
  readonly object: GitObject;
  readonly update: RefUpdate;
}

/** A stranger's number counts up to so far ahead of the clock: more would use up the numbers. */
const AHEAD_MS_MAX = 24 * 3_600_000;

export class LiveSealKeeper {
  readonly #options: LiveSealsOptions;
  readonly #file: string;
  /** Undefined: not read yet. */
  #known: { readonly object: GitObject | undefined } | undefined;
  /** What the branch names, as of the last look. */
  #shown: string | undefined;
  /** The object of it, and whose id it is. */
  #found: { readonly id: string; readonly object: GitObject | undefined } | undefined;
  /** Of a seal that was known until an older one was accepted: workers may have followed it. */
  #passed = 0;

  constructor(options: LiveSealsOptions) {
    this.#options = options;
    this.#file = sealFileOf(options.repository.gitDir);
  }

  /** Where the branch is, as of the last look. */
  get shown(): string | undefined {
    return this.#shown;
  }

  /** A look at the refs has told where the branch is. */
  show(id: string | undefined): void {
    this.#shown = id;
  }

  async seals(): Promise<LiveSeals> {
    const keys = this.#options.managerKeys();
    const [known, found] = [await this.#knownObject(), await this.#foundObject()];
    return {
      known: known && readSeal(known, keys),
      found: found && readSeal(found, keys),
    };
  }

  /** The next seal, stored but on no branch. Undefined: this manager cannot sign. @throws AppError DEPLOYMENT_REPOSITORY. */
  async next(commit: string): Promise<PendingSeal | undefined> {
    const { signingKey, repository, clock, mailDomain } = this.#options;
    if (!signingKey) return undefined;
    const tree = await this.#treeOf(commit);
    const previous = this.#shown;
    const wallMs = clock.wallMs();
    const number = await this.#nextNumber(wallMs);
    const parts = { commit, number, tree, previous, wallSeconds: wallMs / 1000, mailDomain };
    const { id, object } = makeSeal(parts, signingKey);
    await repository.objects.write(new Map([[id, object]]));
    const update = { ref: SEAL_REF, to: id, from: previous };
    return { seal: { id, commit, number }, object, update };
  }

  /** The branch back to the seal that is known, also where it is there: what moves beside it then does so only while it stays. */
  async back(): Promise<RefUpdate | undefined> {
    const object = await this.#knownObject();
    const { known } = await this.seals();
    if (!object || !known) return undefined;
    await this.#options.repository.objects.write(new Map([[known.id, object]]));
    return { ref: SEAL_REF, to: known.id, from: this.#shown };
  }

  /** The branch has moved there, and what it says counts. A disk that does not take the file takes nothing back. */
  async keep({ seal, object }: Pick<PendingSeal, "seal" | "object">): Promise<void> {
    this.#shown = seal.id;
    this.#passed = 0;
    this.#found = { id: seal.id, object };
    this.#known = { object };
    await writeSealFile(this.#file, object).catch((error: unknown) => {
      const { log } = this.#options;
      log.warn(
        `What is live is sealed, but cannot be remembered for the next start: ${messageOf(error)}`,
      );
    });
  }

  /** What the repository shows counts from now on. */
  async accept(): Promise<void> {
    const { known, found } = await this.seals();
    const object = await this.#foundObject();
    if (!found || !object) return;
    await this.keep({ seal: found, object });
    this.#passed = known?.number ?? 0;
  }

  /** In base64, for workers that are told of it; undefined: it is not what is known to be live. */
  async textOf(commit: string): Promise<string | undefined> {
    const object = await this.#knownObject();
    const { known } = await this.seals();
    return known?.commit === commit ? object?.content.toString("base64") : undefined;
  }

  /**
   * Above every number that was ever seen, and by the clock otherwise: where repository and file both come from an old backup,
   * workers have followed larger ones.
   */
  async #nextNumber(wallMs: number): Promise<number> {
    const { known, found } = await this.seals();
    const shown = await this.#foundObject();
    const claimed = (shown && claimedNumber(shown)) ?? 0;
    const seen = claimed <= wallMs + AHEAD_MS_MAX ? claimed : 0;
    const last = Math.max(known?.number ?? 0, found?.number ?? 0, seen, this.#passed);
    return Math.max(last + 1, Math.floor(wallMs), 1);
  }

  async #treeOf(commit: string): Promise<string> {
    const { repository } = this.#options;
    try {
      return (await repository.tree(commit)).id;
    } catch (error) {
      if (await repository.hasCommit(commit)) throw error;
      const message = `live cannot be moved to ${commit}: the repository has no such commit`;
      throw repositoryFailure(message, false);
    }
  }

  async #knownObject(): Promise<GitObject | undefined> {
    try {
      this.#known ??= { object: await readSealFile(this.#file) };
      return this.#known.object;
    } catch (cause) {
      const message = `${this.#file}, where this manager remembers what is live, cannot be read: ${messageOf(cause)}; let the user of this process read it, or remove it so that the repository's word counts`;
      throw new AppError("DEPLOYMENT_REPOSITORY", message, { cause, retryable: true });
    }
  }

  async #foundObject(): Promise<GitObject | undefined> {
    const id = this.#shown;
    if (id === undefined) return undefined;
    if (this.#found?.id !== id) {
      const object = await this.#options.repository.objects.read(id).catch(() => undefined);
      this.#found = { id, object };
    }
    return this.#found.object;
  }
}
