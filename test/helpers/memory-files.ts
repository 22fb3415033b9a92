/** Files in memory in the place of a disk, with the faults of disks: short reads and writes, errors, slowness. */
import type { FilePort, PortFile } from "../../src/gateway/spool/file-port.ts";

export interface DiskFaults {
  /** Most bytes of one read or write. Default: all. */
  shortBytes?: number;
  /** Bytes that the disk holds; beyond them writes fail with ENOSPC. Default: no bound. */
  capacityBytes?: number;
  /** The operation fails with that system error. Default: none does. */
  failing?: {
    readonly operation: "makeFolder" | "openNew" | "unlink" | "read";
    readonly code: string;
  };
}

export function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: made by the test`), { code });
}

export class MemoryFiles implements FilePort {
  readonly faults: DiskFaults;
  readonly folders = new Set<string>();
  /** Names that are there, with their content. */
  readonly names = new Map<string, Bytes>();
  /** Operations in order, as "write 0+5". */
  readonly operations: string[] = [];
  openCount = 0;
  #held: (() => void)[] | undefined;

  constructor(faults: DiskFaults = {}, folders: readonly string[] = ["/tmp"]) {
    this.faults = faults;
    for (const folder of folders) this.folders.add(folder);
  }

  /** From now on operations wait for `release`. */
  hold(): void {
    this.#held ??= [];
  }

  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const go of held) go();
  }

  async makeFolder(path: string): Promise<void> {
    await this.#operate("makeFolder", `makeFolder ${path}`);
    this.folders.add(path);
  }

  async openNew(path: string): Promise<PortFile> {
    await this.#operate("openNew", `open ${path}`);
    if (!this.folders.has(path.slice(0, path.lastIndexOf("/")))) throw systemError("ENOENT");
    if (this.names.has(path)) throw systemError("EEXIST");
    const bytes = new Bytes();
    this.names.set(path, bytes);
    this.openCount++;
    return this.#open(bytes);
  }

  async unlink(path: string): Promise<void> {
    await this.#operate("unlink", `unlink ${path}`);
    if (!this.names.delete(path)) throw systemError("ENOENT");
  }

  #open(bytes: Bytes): PortFile {
    let underWay: Promise<unknown> = Promise.resolve();
    let closed = false;
    const run = <Result>(action: () => Promise<Result>): Promise<Result> => {
      if (closed) return Promise.reject(systemError("EBADF"));
      const result = action();
      underWay = Promise.allSettled([underWay, result]);
      return result;
    };
    return {
      write: (chunk, position) =>
        run(async () => {
          const { shortBytes = Infinity, capacityBytes = Infinity } = this.faults;
          // Only now: what was handed over must not change while the disk is busy.
          await this.#operate("write", `write ${position}+${chunk.length}`);
          const length = Math.min(chunk.length, shortBytes, capacityBytes - position);
          if (length <= 0) throw systemError("ENOSPC");
          bytes.write(chunk.subarray(0, length), position);
          return length;
        }),
      read: (into, position) =>
        run(async () => {
          await this.#operate("read", `read ${position}+${into.length}`);
          const length = Math.min(into.length, this.faults.shortBytes ?? Infinity);
          return bytes.content.copy(into, 0, position, position + length);
        }),
      close: async () => {
        closed = true;
        await underWay;
        this.openCount--;
      },
    };
  }

  async #operate(operation: string, text: string): Promise<void> {
    this.operations.push(text);
    if (this.#held) await new Promise<void>((resolve) => this.#held?.push(resolve));
    else await Promise.resolve();
    const { failing } = this.faults;
    if (failing?.operation === operation) throw systemError(failing.code);
  }
}

/** The content of one file. */
class Bytes {
  content: Buffer = Buffer.alloc(0);

  write(chunk: Buffer, position: number): void {
    const end = position + chunk.length;
    if (end > this.content.length) {
      this.content = Buffer.concat([this.content, Buffer.alloc(end - this.content.length)]);
    }
    chunk.copy(this.content, position);
  }
}

/** Lets everything that waits for promises run. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
