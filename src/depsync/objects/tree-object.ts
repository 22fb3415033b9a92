/** git's tree objects: the names of one folder with mode and id, in git's order (a folder sorts as its name with "/"). */

export interface TreeLine {
  /** "100644", "40000", "120000", ... */
  readonly mode: string;
  readonly name: string;
  readonly id: string;
}

export const FOLDER_MODE = "40000";

const ASCII = /^[\x20-\x7e]*$/;

/** @throws Error when the bytes are no tree. `idBytes`: 20, or 32 with SHA-256. */
export function parseTreeObject(content: Buffer, idBytes: number): readonly TreeLine[] {
  const lines: TreeLine[] = [];
  let offset = 0;
  while (offset < content.length) {
    const space = content.indexOf(32, offset);
    const end = content.indexOf(0, offset);
    if (space < 0 || end < space || end + 1 + idBytes > content.length) {
      throw new Error("it is no tree of git's");
    }
    const mode = content.toString("latin1", offset, space);
    const name = content.toString("utf8", space + 1, end);
    const id = content.toString("hex", end + 1, end + 1 + idBytes);
    lines.push({ mode, name, id });
    offset = end + 1 + idBytes;
  }
  return lines;
}

/** Ten thousand lines are made anew by each deploy of a large folder: no buffer a line. */
export function formatTreeObject(lines: readonly TreeLine[]): Buffer {
  const sorted = inOrder(lines);
  let bytes = 0;
  for (const { mode, name, id } of sorted)
    bytes += mode.length + Buffer.byteLength(name) + 2 + id.length / 2;
  const content = Buffer.alloc(bytes);
  let offset = 0;
  for (const { mode, name, id } of sorted) {
    offset += content.write(`${mode} ${name}\0`, offset);
    offset += content.write(id, offset, "hex");
  }
  return content;
}

/** A copy of a tree object whose lines get other ids; modes and names stay, and so the order. */
export class TreeObjectLines {
  readonly content: Buffer;
  readonly #idBytes: number;

  constructor(content: Buffer, idBytes: number) {
    this.content = Buffer.from(content);
    this.#idBytes = idBytes;
  }

  /** False: the tree has no such line, or another one would have to stand in its place. */
  exchange(old: TreeLine, { mode, name, id }: TreeLine): boolean {
    if (old.mode !== mode || old.name !== name) return false;
    const start = Buffer.from(`${mode} ${name}\0`);
    const line = Buffer.concat([start, Buffer.from(old.id, "hex")]);
    const at = this.content.indexOf(line);
    // An id may hold the bytes of a line: only what begins where a line ends is one, and there is but one such place.
    if (at < 0 || this.content.indexOf(line, at + 1) >= 0) return false;
    this.content.write(id, at + start.length, this.#idBytes, "hex");
    return true;
  }
}

/** git's order is that of the bytes, which for ASCII is that of the texts. */
function inOrder(lines: readonly TreeLine[]): readonly TreeLine[] {
  const keyed = lines.map((line) => ({ line, key: sortName(line) }));
  if (keyed.every(({ key }) => ASCII.test(key)))
    keyed.sort((left, right) => (left.key < right.key ? -1 : 1));
  else keyed.sort((left, right) => Buffer.from(left.key).compare(Buffer.from(right.key)));
  return keyed.map(({ line }) => line);
}

function sortName({ mode, name }: TreeLine): string {
  return mode === FOLDER_MODE ? `${name}/` : name;
}
