/**
 * A log file that lines are appended to, and that can be opened again (after logrotate has moved it
 * away). Writes are synchronous and unbuffered: a line that was logged is on disk when a node dies.
 */
import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import type { LineSink } from "./log.ts";

export class LogFile implements LineSink {
  readonly path: string;
  #descriptor: number;
  #failed = false;

  /** Opens (and makes) the file and, unless told otherwise, its folder. @throws the file system's error. */
  constructor(path: string, { makesFolder = true }: { readonly makesFolder?: boolean } = {}) {
    this.path = path;
    if (makesFolder) mkdirSync(dirname(path), { recursive: true });
    this.#descriptor = openSync(path, "a", 0o640);
  }

  /** Appends; when the disk is full the line is lost and stderr is told once, the node goes on. */
  write(line: string | Buffer): void {
    try {
      if (typeof line === "string") writeSync(this.#descriptor, line);
      else writeSync(this.#descriptor, line);
      this.#failed = false;
    } catch (error) {
      if (!this.#failed) process.stderr.write(`cannot write ${this.path}: ${String(error)}\n`);
      this.#failed = true;
    }
  }

  reopen(): void {
    const fresh = openSync(this.path, "a", 0o640);
    closeSync(this.#descriptor);
    this.#descriptor = fresh;
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}
