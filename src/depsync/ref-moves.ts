/**
 * Moves `live` and `main`, in the own repository by one transaction of refs, in a remote one by one atomic push. When it
 * does not work out, says which ref was elsewhere; a push whose answer was lost counts as what the remote shows.
 */
import { type AppError, messageOf } from "../errors/app-error.ts";
import type { LiveMove } from "./deployment-repository.ts";
import type { GitLocation } from "./git-location.ts";
import { listRemoteRefs, pushRefs, repositoryFailure } from "./git-remote.ts";
import type { GitRepository } from "./git-repository.ts";
import {
  ANYWHERE,
  LIVE_REF,
  MAIN_REF,
  type RefUpdate,
  SEAL_REF,
  checkCommitId,
} from "./ref-names.ts";

/** All that are moved here, as messages speak of them. */
const TOLD: readonly string[] = [LIVE_REF, MAIN_REF, SEAL_REF];

export class RefMoves {
  readonly #repository: GitRepository;
  readonly #remote: GitLocation | undefined;

  constructor(repository: GitRepository, remote: GitLocation | undefined) {
    this.#repository = repository;
    this.#remote = remote;
  }

  /** `seal`: moves along. @throws AppError DEPLOYMENT_REPOSITORY that says which ref was elsewhere. */
  async goLive({ commit, live, main, movesMain }: LiveMove, seal?: RefUpdate): Promise<void> {
    for (const id of [commit, live, main]) if (id !== undefined) checkCommitId(id);
    if (movesMain && main !== undefined && !(await this.#repository.comesAfter(commit, main))) {
      throw repositoryFailure(
        `main cannot be moved to ${commit}: it does not come after ${main}, where main is`,
        false,
      );
    }
    // The seal first: it is what counts, should the machine stop between two of them. `live` last: where it is behind, a manager's start moves the others.
    const updates: RefUpdate[] = seal ? [seal] : [];
    if (movesMain) updates.push({ ref: MAIN_REF, to: commit, from: main });
    updates.push({ ref: LIVE_REF, to: commit, from: live });
    await this.move(updates);
  }

  /** All or none, each from where it is expected. @throws AppError DEPLOYMENT_REPOSITORY. */
  async move(updates: readonly RefUpdate[]): Promise<void> {
    if (this.#remote) return this.#push(this.#remote, updates);
    try {
      await this.#repository.moveRefs(updates);
    } catch (error) {
      await this.#explain(updates, error);
    }
  }

  async #push(remote: GitLocation, updates: readonly RefUpdate[]): Promise<void> {
    // git takes a push that changes nothing for a success, whatever the lease says.
    const before = await this.#look(updates);
    if (updates.some(({ ref, from }) => before.get(ref) !== from)) {
      await this.#explain(updates, new Error("a ref is elsewhere"));
    }
    try {
      await pushRefs(this.#repository, remote, updates);
    } catch (error) {
      const after = await this.#look(updates).catch(() => undefined);
      const isDone = after && updates.every(({ ref, to }) => after.get(ref) === to);
      if (!isDone) await this.#explain(updates, error);
    }
    // Only the copy is behind when this fails, until the next look.
    await this.#repository.moveRefs(updates.map(anywhere)).catch(() => {});
  }

  /** Throws what has happened. */
  async #explain(updates: readonly RefUpdate[], error: unknown): Promise<never> {
    const refs = await this.#look(updates).catch(() => undefined);
    for (const { to } of forPeople(updates)) {
      if (to === undefined || (await this.#repository.hasCommit(to))) continue;
      const reason = `${shortNames(updates)} cannot be moved to ${to}: the repository has no such commit`;
      throw repositoryFailure(reason, false);
    }
    const elsewhere = refs && forPeople(updates).find(({ ref, from }) => refs.get(ref) !== from);
    if (!elsewhere) throw unmoved(updates, error);
    const { ref, from } = elsewhere;
    const name = shortName(ref);
    throw repositoryFailure(
      `${name} was not moved: it is at ${refs.get(ref) ?? "no commit"} by now, not at ${from ?? "no commit"}; look at what is ${name} and try again`,
      true,
    );
  }

  #look(updates: readonly RefUpdate[]): Promise<ReadonlyMap<string, string>> {
    const refs = updates.map(({ ref }) => ref);
    return this.#remote ? listRemoteRefs(this.#remote, refs) : this.#repository.resolveAll(refs);
  }
}

function unmoved(updates: readonly RefUpdate[], error: unknown): AppError {
  return repositoryFailure(`${shortNames(updates)} cannot be moved: ${messageOf(error)}`, true);
}

function anywhere(update: RefUpdate): RefUpdate {
  return { ...update, from: ANYWHERE };
}

function shortNames(updates: readonly RefUpdate[]): string {
  const named = forPeople(updates).filter(({ ref }) => updates.length === 1 || ref !== SEAL_REF);
  return named.map(({ ref }) => shortName(ref)).join(" and ");
}

/** What people know by its name comes first. */
function forPeople(updates: readonly RefUpdate[]): readonly RefUpdate[] {
  return updates.toSorted((one, other) => TOLD.indexOf(one.ref) - TOLD.indexOf(other.ref));
}

function shortName(ref: string): string {
  return ref.slice("refs/heads/".length);
}
