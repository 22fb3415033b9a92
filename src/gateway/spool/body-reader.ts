/**
 * One reading of a stored body from its start, in pieces: at once from memory, by and by from a temporary file. Made by
 * SpooledBody, one for each peer that the body is sent to.
 */
import type { TempFile } from "./temp-file.ts";

/** Most bytes of one piece that is read from a file. */
export const READ_BYTES_MAX = 64 * 1024;

export interface BodyReader {
  /**
   * The next piece; undefined: the end. A promise only for a body in a file; one call at a time then.
   * A promise rejects with AppError: TEMP_FILE_FAILED, or INTERNAL when the body was disposed of.
   */
  read(): Buffer | undefined | Promise<Buffer | undefined>;
}

/** A body in memory: one piece. */
export class MemoryReader implements BodyReader {
  #bytes: Buffer | undefined;

  constructor(bytes: Buffer) {
    this.#bytes = bytes.length > 0 ? bytes : undefined;
  }

  read(): Buffer | undefined {
    const bytes = this.#bytes;
    this.#bytes = undefined;
    return bytes;
  }
}

/** A body in a file. `file` resolves when everything is written; rejects when it cannot be had. */
export class FileReader implements BodyReader {
  readonly #file: () => Promise<TempFile>;
  #position = 0;

  constructor(file: () => Promise<TempFile>) {
    this.#file = file;
  }

  async read(): Promise<Buffer | undefined> {
    const file = await this.#file();
    const piece = await file.read(this.#position, READ_BYTES_MAX);
    this.#position += piece.length;
    return piece.length > 0 ? piece : undefined;
  }
}
