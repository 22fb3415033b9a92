/**
 * A history as one pack (gitformat-pack(5)), made for `git index-pack --stdin`: files of one folder, of which each commit after the first
 * changes one. The folder's tree, which is large, is written as what it differs in from the one before: 20 bytes. git
 * fast-import sorts, compares and writes it anew for each commit, which takes three times as long.
 */
import { createHash, hash } from "node:crypto";
import { constants, deflateSync } from "node:zlib";

export interface PackedHistory {
  /** Names of folders, the outermost first. */
  readonly folders: readonly string[];
  /** Names of files, in order. */
  readonly names: readonly string[];
  readonly commits: number;
  /** The content of a file as the commit of that number has written it. */
  content(index: number, commit: number): string;
  /** "Name <mail> seconds zone". */
  author(commit: number): string;
}

const KINDS = { commit: 1, tree: 2, blob: 3, offsetDelta: 6 } as const;
const ID_BYTES = 20;
/** After so many differences the folder is written as a whole: git's own measure. */
const CHAIN_MAX = 50;

export class HistoryPack {
  readonly #history: PackedHistory;
  readonly #digest = createHash("sha1");
  #offset = 0;
  #tip = "";

  constructor(history: PackedHistory) {
    this.#history = history;
  }

  /** The id of the newest commit, once all was written. */
  get tip(): string {
    return this.#tip;
  }

  /** The bytes of the pack. */
  *bytes(): Generator<Buffer> {
    const { names, commits, folders } = this.#history;
    const header = Buffer.alloc(12, "PACK");
    header.writeUInt32BE(2, 4);
    // Of each commit: itself, a file, the folder of the files and those above it; of the first one all files.
    header.writeUInt32BE(names.length - 1 + commits * (folders.length + 3), 8);
    yield this.#out(header);
    const { positions, tree } = layOut(names);
    const folder = { base: undefined as number | undefined, chain: 0 };
    for (let number = 0; number < commits; number += 1) {
      const changed = number % names.length;
      for (const index of number === 0 ? names.keys() : [changed]) {
        const content = Buffer.from(this.#history.content(index, number));
        idOf("blob", content).copy(tree, positions[index]);
        yield* this.#object("blob", content);
      }
      const start = this.#offset;
      const isWhole = folder.base === undefined || folder.chain === CHAIN_MAX;
      if (isWhole) yield* this.#object("tree", tree);
      else yield* this.#difference(tree, positions[changed] ?? 0, start - (folder.base ?? 0));
      folder.base = start;
      folder.chain = isWhole ? 0 : folder.chain + 1;
      yield* this.#commit(number, idOf("tree", tree));
    }
    yield this.#digest.digest();
  }

  *#commit(number: number, folder: Buffer): Generator<Buffer> {
    let id = folder;
    for (const name of this.#history.folders.toReversed()) {
      const tree = Buffer.concat([Buffer.from(`40000 ${name}\0`), id]);
      yield* this.#object("tree", tree);
      id = idOf("tree", tree);
    }
    const parent = this.#tip === "" ? "" : `parent ${this.#tip}\n`;
    const who = this.#history.author(number);
    const text = `tree ${id.toString("hex")}\n${parent}author ${who}\ncommitter ${who}\n\nchange ${number}`;
    const commit = Buffer.from(text);
    yield* this.#object("commit", commit);
    this.#tip = idOf("commit", commit).toString("hex");
  }

  *#object(kind: "commit" | "tree" | "blob", content: Buffer): Generator<Buffer> {
    yield this.#out(entryHeader(KINDS[kind], content.length));
    yield this.#out(deflateSync(content, { level: constants.Z_BEST_SPEED }));
  }

  /** The tree with another id at a position; `back`: how far back the one before it stands. */
  *#difference(tree: Buffer, position: number, back: number): Generator<Buffer> {
    const after = position + ID_BYTES;
    const delta = Buffer.concat([
      Buffer.from([...sevenBits(tree.length), ...sevenBits(tree.length)]),
      copyOf(0, position),
      Buffer.from([ID_BYTES]),
      tree.subarray(position, after),
      copyOf(after, tree.length - after),
    ]);
    yield this.#out(entryHeader(KINDS.offsetDelta, delta.length));
    yield this.#out(Buffer.from(backwards(back)));
    yield this.#out(deflateSync(delta));
  }

  #out(bytes: Buffer): Buffer {
    this.#digest.update(bytes);
    this.#offset += bytes.length;
    return bytes;
  }
}

/** A tree with room for the files' ids, and where each of them stands. */
function layOut(names: readonly string[]): {
  readonly tree: Buffer;
  readonly positions: readonly number[];
} {
  const positions: number[] = [];
  const parts: Buffer[] = [];
  let length = 0;
  for (const name of names) {
    const line = Buffer.from(`100644 ${name}\0`);
    positions.push(length + line.length);
    parts.push(line, Buffer.alloc(ID_BYTES));
    length += line.length + ID_BYTES;
  }
  return { tree: Buffer.concat(parts), positions };
}

function idOf(kind: string, content: Buffer): Buffer {
  const header = Buffer.from(`${kind} ${content.length}\0`);
  return hash("sha1", Buffer.concat([header, content]), "buffer");
}

/** Kind in three bits, then the size: four bits in the first byte, seven in each that follows. */
function entryHeader(kind: number, bytes: number): Buffer {
  const rest = Math.floor(bytes / 16);
  const first = (kind << 4) | (bytes % 16);
  return Buffer.from(rest === 0 ? [first] : [first | 0x80, ...sevenBits(rest)]);
}

/** The lowest bits first; all bytes but the last have the highest bit. */
function sevenBits(value: number): readonly number[] {
  return value < 128 ? [value] : [(value % 128) | 0x80, ...sevenBits(Math.floor(value / 128))];
}

/** A distance, the highest bits first, where each further byte counts from one on. */
function backwards(distance: number): readonly number[] {
  const bytes = [distance % 128];
  for (let rest = Math.floor(distance / 128); rest > 0; rest = Math.floor(rest / 128)) {
    rest -= 1;
    bytes.unshift((rest % 128) | 0x80);
  }
  return bytes;
}

/** "So many bytes from there of the one before"; nothing for none. */
function copyOf(offset: number, bytes: number): Buffer {
  if (bytes === 0) return Buffer.alloc(0);
  const command = Buffer.alloc(8, 0xff);
  command.writeUInt32LE(offset, 1);
  command.writeUIntLE(bytes, 5, 3);
  return command;
}
