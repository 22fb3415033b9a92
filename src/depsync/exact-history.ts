/**
 * The history of a repository for one verification (`signatures/signed-history.ts`): it says what is so, or nothing at all.
 * Who stands below a known commit must never look like one beside it, or it would name as signers those whom the known one
 * has removed. git alone does not promise that: its lists believe the dates of commits, which people write; and in a shallow
 * repository what lies between two commits may be missing, as may be what a walk comes to.
 */
import type { GitObject } from "./objects/object-id.ts";
import { HistoryEnd, readShallowEdges } from "./shallow-edges.ts";
import type { HistorySource } from "./signatures/signed-history.ts";

/** Commits of a history of which all are listed. */
const ALL_MAX = 1_000_000;

/** What git says of what is there. */
export interface ListedHistory extends HistorySource {
  readonly gitDir: string;
  hasCommit(commit: string): Promise<boolean>;
  /** Of `list(commit, [known], countMax)` those that come after `known`. */
  listAfter(commit: string, known: string, countMax: number): Promise<readonly string[]>;
}

export class ExactHistory implements HistorySource {
  readonly #listed: ListedHistory;
  #isDoubtful = false;

  constructor(listed: ListedHistory) {
    this.#listed = listed;
  }

  /**
   * Whether commits were listed that may stand below a known one. What vouches for the tip vouches for it all the same: people's
   * were only checked needlessly, and a manager's is one of several anchors then, which `newest` tells apart. But a fault may be none.
   */
  get isDoubtful(): boolean {
    return this.#isDoubtful;
  }

  readAll(ids: Iterable<string>): Promise<ReadonlyMap<string, GitObject>> {
    return this.#listed.readAll(ids);
  }

  /** @throws HistoryEnd when the list could be another one in the whole repository. */
  async list(
    commit: string,
    known: readonly string[],
    countMax: number,
  ): Promise<readonly string[]> {
    const before = await this.#edges();
    const here = await this.#here(known);
    const ids = await this.#listed.list(commit, here, countMax);
    const after = await this.#afterAll(commit, here, countMax);
    const isSure = ids.every((id) => after.has(id));
    const below = isSure ? new Set<string>() : await this.#below(here);
    // Once more: a fetch, or a folder that is made anew, may have come in between.
    const edges = new Set([...before, ...(await this.#edges())]);
    const isWrong = ids.some((id) => below.has(id));
    const exact = isWrong ? await this.#listBeside(commit, below, countMax) : ids;
    if (exact.some((id) => edges.has(id))) throw this.#endOf(commit);
    if (here.length < known.length && edges.size > 0) throw this.#endOf(commit);
    if (here.length === 0 || !areIn(edges, below)) return exact;
    // What stands beside a known commit may be below it after all, for the history of that one ends too early.
    if (exact.includes(commit) && !after.has(commit)) throw this.#endOf(commit);
    this.#isDoubtful ||= exact.some((id) => !after.has(id));
    return exact;
  }

  /** @throws HistoryEnd when one of several may be an ancestor of another one. */
  async newest(commits: readonly string[]): Promise<readonly string[]> {
    const edges = await this.#edges();
    const newest = await this.#listed.newest(commits);
    const [first = ""] = newest;
    if (newest.length > 1 && areIn(edges, await this.#below(newest))) throw this.#endOf(first);
    return newest;
  }

  /** Those that come after every known commit: none of these is below one. */
  async #afterAll(
    commit: string,
    known: readonly string[],
    countMax: number,
  ): Promise<ReadonlySet<string>> {
    const [first, ...others] = await Promise.all(
      known.map((one) => this.#listed.listAfter(commit, one, countMax)),
    );
    const sets = others.map((list) => new Set(list));
    return new Set(first?.filter((id) => sets.every((set) => set.has(id))));
  }

  /** The commits and all their ancestors that are here. */
  async #below(commits: readonly string[]): Promise<ReadonlySet<string>> {
    const lists = await Promise.all(commits.map((one) => this.#listed.list(one, [], ALL_MAX)));
    return new Set(lists.flat());
  }

  async #listBeside(
    commit: string,
    below: ReadonlySet<string>,
    countMax: number,
  ): Promise<readonly string[]> {
    const all = await this.#listed.list(commit, [], ALL_MAX);
    return all.filter((id) => !below.has(id)).slice(0, countMax);
  }

  async #here(commits: readonly string[]): Promise<readonly string[]> {
    const are = await Promise.all(commits.map((one) => this.#listed.hasCommit(one)));
    return commits.filter((_one, index) => are[index]);
  }

  #edges(): Promise<ReadonlySet<string>> {
    return readShallowEdges(this.#listed.gitDir);
  }

  #endOf(commit: string): HistoryEnd {
    return new HistoryEnd(commit, this.#listed.gitDir);
  }
}

function areIn(edges: ReadonlySet<string>, ids: ReadonlySet<string>): boolean {
  return [...edges].some((id) => ids.has(id));
}
