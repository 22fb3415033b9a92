/**
 * A deployment repository in memory, for tests of the manager: commits are numbered texts of 40 digits, trees are
 * maps. `failNext` makes the next call of one method fail, as a remote that is down does.
 */
import type {
  ChangeAuthor,
  CommitInfo,
  DeploymentPublisher,
  FileChange,
  Revision,
} from "../../src/depsync/deployment-repository.ts";
import { AppError } from "../../src/errors/app-error.ts";

type Tree = ReadonlyMap<string, Buffer>;

interface StoredCommit extends CommitInfo {
  readonly tree: Tree;
}

export class MemoryPublisher implements DeploymentPublisher {
  readonly location = "memory:repository";
  readonly commits: StoredCommit[] = [];
  #live: string | undefined;
  #failing: "commit" | "moveLive" | undefined;

  failNext(method: "commit" | "moveLive"): void {
    this.#failing = method;
  }

  head(): Promise<string | undefined> {
    return Promise.resolve(this.commits.at(-1)?.commit);
  }

  live(): Promise<string | undefined> {
    return Promise.resolve(this.#live);
  }

  async read(commit: string): Promise<Revision> {
    const stored = this.commits.find((one) => one.commit === commit);
    if (!stored) throw failure(`no commit ${commit}`);
    const files = [...stored.tree].map(([path, content]) => ({
      path,
      content,
      blob: content.toString("hex").slice(0, 40),
    }));
    return { commit, files };
  }

  async commit(
    changes: readonly FileChange[],
    message: string,
    author: ChangeAuthor,
  ): Promise<string> {
    this.#failIfAsked("commit");
    const tree = new Map(this.commits.at(-1)?.tree);
    for (const { path, content } of changes) {
      if (content === undefined) tree.delete(path);
      else tree.set(path, content);
    }
    const commit = String(this.commits.length + 1).padStart(40, "0");
    const { user, via } = author;
    this.commits.push({ commit, author: user, via, date: "", subject: message, tree });
    return commit;
  }

  async moveLive(to: string, from: string | undefined): Promise<void> {
    this.#failIfAsked("moveLive");
    if (this.#live !== from) throw failure("live has moved");
    this.#live = to;
  }

  history(countMax: number): Promise<readonly CommitInfo[]> {
    return Promise.resolve(this.commits.toReversed().slice(0, countMax));
  }

  #failIfAsked(method: "commit" | "moveLive"): void {
    if (this.#failing !== method) return;
    this.#failing = undefined;
    throw failure(`${method} failed: the remote is down`);
  }
}

function failure(message: string): AppError {
  return new AppError("DEPLOYMENT_REPOSITORY", message, { retryable: true });
}
