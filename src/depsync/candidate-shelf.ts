/**
 * The candidates of a deployment repository: refs that let workers fetch what is proposed, and people look at what was
 * refused. The newest 20 stay; a name that goes takes nothing with it that another ref holds.
 */
import type { Candidate } from "./deployment-repository.ts";
import type { GitLocation } from "./git-location.ts";
import { listRemoteRefs, pushRefs } from "./git-remote.ts";
import type { GitRepository } from "./git-repository.ts";
import { ANYWHERE, CANDIDATES_FOLDER, candidateRef, isCandidateRef } from "./ref-names.ts";

export const CANDIDATES_MAX = 20;

export class CandidateShelf {
  readonly #repository: GitRepository;
  readonly #remote: GitLocation | undefined;
  /** Newest first; undefined: not looked at yet. This object is the only one that writes them. */
  #known: readonly Candidate[] | undefined;
  /** What has become live. The refs go together with the coming of the next candidate, which costs nothing more. */
  readonly #taken = new Set<string>();

  constructor(repository: GitRepository, remote: GitLocation | undefined) {
    this.#repository = repository;
    this.#remote = remote;
  }

  async list(): Promise<readonly Candidate[]> {
    return (await this.#all()).filter(({ commit }) => !this.#taken.has(commit));
  }

  /** The commit is live: it is no candidate any more. */
  take(commit: string): void {
    this.#taken.add(commit);
  }

  /** Puts a commit that the local repository has in front. @throws AppError DEPLOYMENT_REPOSITORY. */
  async put(commit: string): Promise<void> {
    const ref = candidateRef(commit);
    const others = (await this.#all()).filter((one) => one.ref !== ref);
    const open = others.filter((one) => !this.#taken.has(one.commit));
    const kept = open.slice(0, CANDIDATES_MAX - 1);
    const dropped = others.filter((one) => !kept.includes(one));
    await this.#change(commit, dropped);
    this.#known = [{ commit, ref }, ...kept];
    for (const one of [commit, ...dropped.map((gone) => gone.commit)]) this.#taken.delete(one);
  }

  async drop(commit: string): Promise<void> {
    const known = await this.#all();
    const dropped = known.filter((one) => one.commit === commit);
    if (dropped.length === 0) return;
    await this.#change(undefined, dropped);
    this.#known = known.filter((one) => one.commit !== commit);
  }

  async #all(): Promise<readonly Candidate[]> {
    this.#known ??= await this.#look();
    return this.#known;
  }

  async #change(added: string | undefined, dropped: readonly Candidate[]): Promise<void> {
    const updates = [
      ...(added === undefined ? [] : [{ ref: candidateRef(added), to: added, from: ANYWHERE }]),
      ...dropped.map(({ ref }) => ({ ref, to: undefined, from: ANYWHERE })),
    ];
    // What fails half way is looked at anew.
    this.#known = undefined;
    if (this.#remote) await pushRefs(this.#repository, this.#remote, updates);
    await this.#repository.moveRefs(updates);
  }

  async #look(): Promise<readonly Candidate[]> {
    const sort = ["--sort=-committerdate", "--format=%(objectname) %(refname)"];
    const output = await this.#repository.git(["for-each-ref", ...sort, CANDIDATES_FOLDER]);
    const here = output.split("\n").flatMap((line) => {
      const [commit = "", ref] = line.split(" ");
      return ref === undefined || !isCandidateRef(ref, commit) ? [] : [{ commit, ref }];
    });
    if (!this.#remote) return here;
    const there = await listRemoteRefs(this.#remote, [`${CANDIDATES_FOLDER}/*`]);
    const foreign = [...there]
      .map(([ref, commit]) => ({ commit, ref }))
      .filter(({ commit, ref }) => isCandidateRef(ref, commit))
      .filter(({ ref }) => !here.some((one) => one.ref === ref));
    return [...here.filter(({ ref }) => there.has(ref)), ...foreign];
  }
}
