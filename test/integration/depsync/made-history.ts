/**
 * Histories made commit by commit without git's porcelain: any parents, any signer, any date, any `.bascule/allowed_signers`; and
 * mirrors of them that begin shallow.
 */
import { execFileSync } from "node:child_process";
import { type KeyObject, generateKeyPairSync } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type {
  DeploymentMirror,
  SignatureFault,
} from "../../../src/depsync/deployment-repository.ts";
import { openMirror } from "../../../src/depsync/git-mirror.ts";
import { GitRepository, initRepository } from "../../../src/depsync/git-repository.ts";
import { formatCommitObject, withSignature } from "../../../src/depsync/objects/commit-object.ts";
import { objectIdOf } from "../../../src/depsync/objects/object-id.ts";
import { formatAllowedSigner } from "../../../src/depsync/signatures/allowed-signers.ts";
import { ed25519PublicKey, rawEd25519 } from "../../../src/depsync/signatures/ssh-public-key.ts";
import { signSsh } from "../../../src/depsync/signatures/ssh-signature.ts";
import { MemoryLog } from "../../helpers/memory-log.ts";
import { MANAGER_KEY, SIGNING_KEY, git } from "./repository-room.ts";

export const PEOPLE = ["bob", "carol", "mallory"] as const;
export type PersonName = (typeof PEOPLE)[number];
/** Nobody: unsigned. */
export type Author = PersonName | "manager" | "nobody";

const KEYS = new Map<Author, KeyObject>([
  ["manager", SIGNING_KEY],
  ...PEOPLE.map((name) => [name, generateKeyPairSync("ed25519").privateKey] as const),
]);
/** 2025-01-01. */
const FIRST_SECOND = 1_735_689_600;

export interface MadeCommit {
  readonly by: Author;
  readonly parents: readonly string[];
  /** Whom the commit's tree names as signers. */
  readonly signers: readonly PersonName[];
  /** Default: after all commits before it. */
  readonly seconds?: number;
}

export class MadeHistory {
  readonly gitDir: string;
  /** With all of the history. */
  readonly repository: GitRepository;
  readonly #folder: string;
  readonly #trees = new Map<string, string>();
  #count = 0;

  private constructor(folder: string, gitDir: string) {
    this.gitDir = gitDir;
    this.#folder = folder;
    const managerKeys = () => [MANAGER_KEY];
    this.repository = new GitRepository({ gitDir, log: new MemoryLog(), managerKeys });
  }

  static async in(folder: string): Promise<MadeHistory> {
    const gitDir = join(folder, "made.git");
    await initRepository(gitDir);
    return new MadeHistory(folder, gitDir);
  }

  async commit({ by, parents, signers, seconds }: MadeCommit): Promise<string> {
    this.#count += 1;
    const who = `${by} <${by}@esb.test> ${seconds ?? FIRST_SECOND + this.#count} +0000`;
    const message = `commit ${this.#count}\n`;
    const tree = this.#tree(signers);
    const payload = formatCommitObject({ tree, parents, author: who, committer: who, message });
    const key = KEYS.get(by);
    const content = key ? withSignature(payload, signSsh(payload, key), 40) : payload;
    const object = { kind: "commit", content } as const;
    const id = objectIdOf(object, "sha1");
    await this.repository.objects.writeLightly(new Map([[id, object]]));
    return id;
  }

  /** A line of commits on top of a parent; returns their ids, the newest last. */
  async line(
    count: number,
    parent: string | undefined,
    { by, signers }: Pick<MadeCommit, "by" | "signers">,
  ): Promise<readonly string[]> {
    const ids: string[] = [];
    for (let made = 0; made < count; made += 1) {
      const below = ids.at(-1) ?? parent;
      ids.push(await this.commit({ by, signers, parents: below === undefined ? [] : [below] }));
    }
    return ids;
  }

  /** Moves `main` and `live`. */
  publish(commit: string): void {
    for (const ref of ["main", "live"]) git(this.gitDir, "update-ref", `refs/heads/${ref}`, commit);
  }

  mirror(depth: number, log: MemoryLog = new MemoryLog()): Promise<DeploymentMirror> {
    const location = () => this.gitDir;
    const managerKeys = () => [MANAGER_KEY];
    return openMirror({ folder: this.mirrorFolder, location, managerKeys, depth, log });
  }

  get mirrorFolder(): string {
    return join(this.#folder, "mirror.git");
  }

  /** Where the mirror's history ends; empty: nowhere. */
  get edges(): readonly string[] {
    const file = join(this.mirrorFolder, "shallow");
    return existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
  }

  #tree(signers: readonly PersonName[]): string {
    const key = signers.toSorted().join();
    const known = this.#trees.get(key);
    if (known !== undefined) return known;
    const lines = signers.toSorted().map((name) => {
      const privateKey = KEYS.get(name);
      if (!privateKey) throw new Error(`${name} has no key`);
      return formatAllowedSigner({ name, key: ed25519PublicKey(rawEd25519(privateKey)) });
    });
    const blob = this.#git(["hash-object", "-w", "--stdin"], lines.join(""));
    const folder = this.#git(["mktree"], `100644 blob ${blob}\tallowed_signers\n`);
    const root = signers.length > 0 ? `040000 tree ${folder}\t.bascule\n` : "";
    const tree = this.#git(["mktree"], `${root}100644 blob ${blob}\tanything.xml\n`);
    this.#trees.set(key, tree);
    return tree;
  }

  #git(args: readonly string[], input: string): string {
    const options = { input, encoding: "utf8" } as const;
    return execFileSync("git", ["--git-dir", this.gitDir, ...args], options).trim();
  }
}

/** What counts of a verdict. */
export function verdictOf(fault: SignatureFault | undefined): string {
  return fault ? `${fault.commit} ${fault.reason}` : "vouched for";
}
