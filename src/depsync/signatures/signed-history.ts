/**
 * Whether a revision may be run: walks from it to the commits that vouch for all below them, which are those that a
 * manager has signed and those that were verified earlier. Every commit on the way must be signed by a person whom the
 * newest of them knows. Dates are never looked at. Commits are read many at once, never a process each.
 */
import { messageOf } from "../../errors/app-error.ts";
import type { SignatureFault } from "../deployment-repository.ts";
import { type CommitObject, parseCommitObject, parsePerson } from "../objects/commit-object.ts";
import type { GitObject } from "../objects/object-id.ts";
import { type TreeLine, parseTreeObject } from "../objects/tree-object.ts";
import {
  ALLOWED_SIGNERS_PATH,
  type AllowedSigner,
  PROTECTED_FOLDER,
  SIGNERS_BYTES_MAX,
  readAllowedSigners,
} from "./allowed-signers.ts";
import { checkSignature } from "./known-signers.ts";
import type { SshPublicKey } from "./ssh-public-key.ts";

/** Commits that one revision may be away from the next one that vouches. */
export const WALK_MAX = 10_000;
/** Commits that the first look brings; mostly all. */
const FIRST_LOOK = 64;

/** What the walk needs of the repository. */
export interface HistorySource {
  /** Objects by id. @throws AppError when one is missing or damaged. */
  readAll(ids: Iterable<string>): Promise<ReadonlyMap<string, GitObject>>;
  /** Ids of the commit and its ancestors without those of `known` and theirs, at most `countMax`. */
  list(commit: string, known: readonly string[], countMax: number): Promise<readonly string[]>;
  /** Of the commits those that no other one has among its ancestors. */
  newest(commits: readonly string[]): Promise<readonly string[]>;
}

interface Walked {
  readonly commit: string;
  readonly object: CommitObject;
}

/** What one look into the repository brought. */
interface Look {
  readonly commits: ReadonlyMap<string, CommitObject>;
  /** There may be more. */
  readonly isCut: boolean;
  readonly known: ReadonlySet<string>;
}

interface Walk {
  /** To be vouched for by people's signatures, from the tip down. */
  readonly people: readonly Walked[];
  readonly anchors: readonly string[];
}

export class SignedHistory {
  readonly #source: HistorySource;
  readonly #managerKeys: () => readonly SshPublicKey[];

  /** `managerKeys`: asked at each look, for managers come and go. */
  constructor(source: HistorySource, managerKeys: () => readonly SshPublicKey[]) {
    this.#source = source;
    this.#managerKeys = managerKeys;
  }

  /** `signers`: they count in the place of those that the vouching commits know. @throws AppError when the repository cannot be read. */
  async verify(
    commit: string,
    known: readonly string[],
    signers?: readonly AllowedSigner[],
  ): Promise<SignatureFault | undefined> {
    if (known.includes(commit)) return undefined;
    const [tip] = await this.#read([commit]);
    if (!tip || this.#isManagers(tip.object)) return undefined;
    // Without a signature no key can help: said before anything else is read.
    if (tip.object.signature === undefined) return faultOf(tip, "is not signed", UNSIGNED);
    const walk = await this.#walk(tip, known);
    if ("reason" in walk) return walk;
    return this.#checkPeople(walk, signers);
  }

  /** The signers that a commit's tree names. */
  async signersAt(commit: string): Promise<readonly AllowedSigner[]> {
    const root = await this.#rootLines(commit);
    const folder = root.find(({ name }) => name === PROTECTED_FOLDER);
    if (!folder) return [];
    const lines = await this.#lines(folder.id);
    const file = lines.find(({ name }) => `${PROTECTED_FOLDER}/${name}` === ALLOWED_SIGNERS_PATH);
    if (!file) return [];
    const content = (await this.#source.readAll([file.id])).get(file.id)?.content;
    if (!content || content.length > SIGNERS_BYTES_MAX) return [];
    return readAllowedSigners(content.toString("utf8")).signers;
  }

  async #walk(tip: Walked, known: readonly string[]): Promise<Walk | SignatureFault> {
    for (const countMax of [FIRST_LOOK, WALK_MAX]) {
      const ids = await this.#source.list(tip.commit, known, countMax);
      // It stands below what is known, where commits lie too that nobody has vouched for: those that were left out.
      if (ids.length === 0 && known.length > 0) return this.#walk(tip, []);
      const commits = new Map((await this.#read(ids)).map((one) => [one.commit, one.object]));
      const isCut = ids.length >= countMax;
      const walk = this.#walkIn({ commits, isCut, known: new Set(known) }, tip);
      if (walk) return walk;
    }
    return faultOf(
      tip,
      `is more than ${WALK_MAX} commits away from one that a manager has signed`,
      UNSIGNED,
    );
  }

  /** Undefined: it leads to a commit that was not brought. */
  #walkIn({ commits, isCut, known }: Look, tip: Walked): Walk | SignatureFault | undefined {
    const people: Walked[] = [];
    const anchors: string[] = [];
    const seen = new Set([tip.commit]);
    // A set goes on with what is added to it meanwhile.
    for (const commit of seen) {
      const object = commits.get(commit);
      if (!object && isCut && !known.has(commit)) return undefined;
      // What is not listed, although all is, stands below a known commit: that one counts, and never what itself says.
      if (!object && !known.has(commit)) {
        anchors.push(...known);
        continue;
      }
      if (!object || known.has(commit) || this.#isManagers(object)) {
        anchors.push(commit);
        continue;
      }
      if (object.signature === undefined) {
        return faultOf({ commit, object }, "is not signed", UNSIGNED);
      }
      people.push({ commit, object });
      for (const parent of object.parents) seen.add(parent);
    }
    return { people, anchors };
  }

  async #checkPeople(
    { people, anchors }: Walk,
    given: readonly AllowedSigner[] | undefined,
  ): Promise<SignatureFault | undefined> {
    const distinct = [...new Set(anchors)];
    const newest = distinct.length > 1 ? await this.#source.newest(distinct) : distinct;
    const signers = given ?? (await this.#commonSigners(newest));
    for (const one of people) {
      const { fault } = checkSignature(one.object, [], signers);
      if (fault !== undefined) return faultOf(one, fault, UNKNOWN);
    }
    return this.#checkProtected(people, newest);
  }

  /** Those whom all of the commits know; mostly there is one commit. */
  async #commonSigners(commits: readonly string[]): Promise<readonly AllowedSigner[]> {
    const lists = await Promise.all(commits.map((commit) => this.signersAt(commit)));
    const [first = [], ...others] = lists;
    return first.filter(({ key }) =>
      others.every((list) => list.some((other) => other.key.blob.equals(key.blob))),
    );
  }

  /** Whoever may push must not become the one who says who may push. */
  async #checkProtected(
    people: readonly Walked[],
    anchors: readonly string[],
  ): Promise<SignatureFault | undefined> {
    const allowed = new Set(await Promise.all(anchors.map((one) => this.#protectedId(one))));
    const [tip] = people;
    if (!tip || allowed.has(await this.#protectedId(tip.commit))) return undefined;
    for (const one of people.toReversed()) {
      if (allowed.has(await this.#protectedId(one.commit))) continue;
      return faultOf(one, `changes ${PROTECTED_FOLDER}/, which only a manager may`, PROTECTED);
    }
    return undefined;
  }

  async #protectedId(commit: string): Promise<string> {
    const lines = await this.#rootLines(commit);
    return lines.find(({ name }) => name === PROTECTED_FOLDER)?.id ?? "";
  }

  async #rootLines(commit: string): Promise<readonly TreeLine[]> {
    const [read] = await this.#read([commit]);
    return read ? this.#lines(read.object.tree) : [];
  }

  async #lines(tree: string): Promise<readonly TreeLine[]> {
    const object = (await this.#source.readAll([tree])).get(tree);
    return object ? parseTreeObject(object.content, tree.length / 2) : [];
  }

  async #read(ids: readonly string[]): Promise<readonly Walked[]> {
    const objects = await this.#source.readAll(ids);
    return ids.flatMap((commit) => {
      const object = objects.get(commit);
      return object ? [{ commit, object: readCommit(object) }] : [];
    });
  }

  #isManagers(object: CommitObject): boolean {
    return checkSignature(object, this.#managerKeys(), []).signer?.kind === "manager";
  }
}

const UNSIGNED =
  "Whoever pushes signs: `git config gpg.format ssh`, `git config user.signingkey KEY.pub`, `git commit -S`; then make the key known with `bascule signers add NAME KEY.pub`";
const UNKNOWN =
  "If you know whose key it is, make it known with `bascule signers add NAME KEY.pub`, which tries it again while it is the head of main";
const PROTECTED = "Change signers with `bascule signers add` and `bascule signers remove`";

function faultOf({ commit, object }: Walked, reason: string, advice: string): SignatureFault {
  return { commit, author: parsePerson(object.author).name, reason, advice };
}

/** A commit that cannot be read counts as one that nobody has signed. */
function readCommit(object: GitObject): CommitObject {
  try {
    return parseCommitObject(object);
  } catch (error) {
    const tree = "0".repeat(40);
    const message = messageOf(error);
    const signature = `unreadable: ${message}`;
    return { tree, parents: [], author: "unknown", message, signature, payload: Buffer.alloc(0) };
  }
}
