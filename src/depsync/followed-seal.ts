/**
 * A worker's memory of what managers have said is live: the newest seal that it has followed, kept beside its mirror. It
 * follows the repository only to what a seal names that is no older, so that nobody who merely writes the repository
 * brings back what was live once, or brings up what never was. Used by `git-mirror.ts`.
 */
import { messageOf } from "../errors/app-error.ts";
import type { Log } from "../observability/log.ts";
import type { GitObject } from "./objects/object-id.ts";
import { readSealFile, sealFileOf, writeSealFile } from "./seal-file.ts";
import { type LiveSeal, isNewer, readSeal } from "./signatures/live-seal.ts";
import type { SshPublicKey } from "./signatures/ssh-public-key.ts";

export interface FollowedSealOptions {
  /** Folder of the mirror. */
  readonly gitDir: string;
  readonly managerKeys: () => readonly SshPublicKey[];
  readonly log: Log;
}

interface Said {
  readonly seal: LiveSeal;
  readonly object: GitObject;
}

export class FollowedSeal {
  readonly #options: FollowedSealOptions;
  readonly #file: string;
  /** Undefined: not read yet. */
  #followed: { readonly object: GitObject | undefined } | undefined;
  /** What was said last and is not followed yet. */
  #offered: Said | undefined;
  /** Whether what is followed is in the file. */
  #isKept = true;
  /** What is wrong, which is said once. */
  #said: string | undefined;

  constructor(options: FollowedSealOptions) {
    this.#options = options;
    this.#file = sealFileOf(options.gitDir);
  }

  /**
   * What is live, as the repository tells. Undefined: it tells nothing that may be followed.
   * @param object what the branch of seals names; undefined: there is none. @param live what `live` names.
   */
  async choose(
    object: GitObject | undefined,
    live: string | undefined,
  ): Promise<string | undefined> {
    const followed = await this.#newest();
    const seal = object && readSeal(object, this.#options.managerKeys());
    // A manager of an earlier version makes none, and nobody can tell a new worker what was live before.
    if (!seal && !followed) return live;
    if (!object || !seal)
      return this.#refuse("the branch live-seal is not there, or no manager has signed it");
    if (!isNewer(seal, followed))
      return this.#refuse(`it says again what was live before (seal ${seal.number})`);
    this.#said = undefined;
    this.#offered = { seal, object };
    return seal.commit;
  }

  /** Whether a manager may switch this worker to the commit: by a seal that is no older than what was followed. */
  async admits(commit: string, text: string | undefined): Promise<boolean> {
    const followed = await this.#newest();
    const object = text === undefined ? undefined : objectOf(text);
    const seal = object && readSeal(object, this.#options.managerKeys());
    if (!object || !seal) return followed === undefined;
    if (seal.commit !== commit || !isNewer(seal, followed)) return false;
    this.#followed = { object };
    this.#isKept = false;
    return true;
  }

  /** The commit runs: what named it is followed. @throws when the disk does not take it; it is followed all the same. */
  async remember(commit: string): Promise<void> {
    const followed = await this.#newest();
    if (this.#offered?.seal.commit === commit && isNewer(this.#offered.seal, followed)) {
      if (this.#offered.seal.id !== followed?.id) this.#isKept = false;
      this.#followed = { object: this.#offered.object };
    }
    const object = this.#followed?.object;
    if (this.#isKept || !object) return;
    await writeSealFile(this.#file, object);
    this.#isKept = true;
  }

  /** Undefined: nothing was followed, or by the word of a manager that is none any more. */
  async #newest(): Promise<LiveSeal | undefined> {
    this.#followed ??= { object: await this.#read() };
    const { object } = this.#followed;
    return object && readSeal(object, this.#options.managerKeys());
  }

  async #read(): Promise<GitObject | undefined> {
    try {
      return await readSealFile(this.#file);
    } catch (error) {
      this.#options.log.warn(`${this.#file} cannot be read: ${messageOf(error)}`);
      return undefined;
    }
  }

  #refuse(reason: string): undefined {
    if (this.#said !== reason)
      this.#options.log.error(
        `What the deployment repository says is live is not followed: ${reason}; a manager puts it right`,
      );
    this.#said = reason;
    return undefined;
  }
}

function objectOf(text: string): GitObject {
  return { kind: "commit", content: Buffer.from(text, "base64") };
}
