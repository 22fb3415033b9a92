/**
 * A worker's source of revisions that a test owns. `wanted`: the live id; an Error there, or in `reads` for an id, means that it
 * cannot be reached or read. `gate` lets a test stop a call of one method in the middle.
 */
import type { ArtifactFile } from "../../src/mediation/engine.ts";
import type {
  RevisionRead,
  RevisionSource,
  SourceRevision,
} from "../../src/worker/revision-source.ts";

type Method = "live" | "fetch" | "read";

export class FakeRevisionSource implements RevisionSource {
  readonly description = "the repository";
  wanted: string | Error | undefined;
  /** Remembered, the newest first. */
  good: readonly string[] = [];
  /** Ids that cannot be read. */
  readonly reads = new Map<string, Error>();
  /** Ids that nobody known has signed. */
  readonly untrusted = new Map<string, string>();
  /** Ids that were fetched as candidates. */
  readonly fetched: string[] = [];
  looks = 0;
  isFull = false;
  /** Seals that count; undefined: every request to switch does. */
  seals: ReadonlySet<string> | undefined;
  readonly #files: (id: string) => readonly ArtifactFile[];
  readonly #gates = new Map<Method, Promise<void>>();

  constructor(files?: (id: string) => readonly ArtifactFile[]) {
    this.#files = files ?? ((id) => [{ path: "P.xml", content: Buffer.from(id) }]);
  }

  /** Calls of the method wait until the returned function is called. */
  gate(method: Method): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#gates.set(method, promise);
    return () => {
      this.#gates.delete(method);
      resolve();
    };
  }

  /** What was live when the call came, however long the answer takes. */
  async live(): Promise<string | undefined> {
    this.looks += 1;
    const { wanted } = this;
    await this.#gates.get("live");
    if (wanted instanceof Error) throw wanted;
    return wanted;
  }

  async fetch(id: string): Promise<void> {
    await this.#gates.get("fetch");
    if (this.wanted instanceof Error) throw this.wanted;
    this.fetched.push(id);
  }

  async read(id: string): Promise<RevisionRead> {
    await this.#gates.get("read");
    const reason = this.untrusted.get(id);
    if (reason !== undefined) return { kind: "untrusted", reason };
    return { kind: "read", revision: await this.readGood(id) };
  }

  async admits(_id: string, seal: string | undefined): Promise<boolean> {
    return this.seals === undefined || (seal !== undefined && this.seals.has(seal));
  }

  async goodRevisions(): Promise<readonly string[]> {
    return this.good;
  }

  async readGood(id: string): Promise<SourceRevision> {
    const error = this.reads.get(id);
    if (error) throw error;
    return { id, files: this.#files(id) };
  }

  async rememberGood(id: string): Promise<void> {
    if (this.isFull) throw new Error("no space left on device");
    this.good = [id, ...this.good.filter((one) => one !== id)].slice(0, 3);
  }
}
