/**
 * A body that is stored once and read any number of times, so that a request can go to the next peer: in memory up to
 * `client_body_buffer_size`, beyond it as a whole in one temporary file, always in a file with
 * `client_body_in_file_only`. Follows ngx_http_request_body.c. Who reads the client's body fills it; the proxy reads it.
 */
import { AppError } from "../../errors/app-error.ts";
import { type BodyReader, FileReader, MemoryReader } from "./body-reader.ts";
import { GrowingBuffer } from "./growing-buffer.ts";
import type { TempFile, TempFiles } from "./temp-file.ts";

/** `client_body_buffer_size` of nginx on 64-bit machines. */
export const MEMORY_BYTES_DEFAULT = 16 * 1024;

export interface SpooledBodyOptions {
  /** Where a file is made when one is needed. */
  readonly files: TempFiles;
  /** Most bytes in memory; also what is gathered before each write to the file. Default: 16 KB. */
  readonly memoryBytes?: number;
  /**
   * `client_body_in_file_only`. off: a file only when the body is larger than the memory; clean: always
   * a file, with a name until `dispose`; on: always a file, which stays after `dispose`. Default: off.
   */
  readonly inFileOnly?: "off" | "clean" | "on";
}

export class SpooledBody {
  readonly #files: TempFiles;
  readonly #memoryBytes: number;
  readonly #inFileOnly: "off" | "clean" | "on";
  /** The whole body, or what is not in the file yet. */
  readonly #memory: GrowingBuffer;
  #isInFile: boolean;
  #file: TempFile | undefined;
  /** Settles when what was handed to the disk is written; a failure stays here. */
  #writing: Promise<void> | undefined;
  #byteCount = 0;
  #sealed = false;
  #disposed = false;

  constructor({
    files,
    memoryBytes = MEMORY_BYTES_DEFAULT,
    inFileOnly = "off",
  }: SpooledBodyOptions) {
    this.#files = files;
    this.#memoryBytes = memoryBytes;
    this.#inFileOnly = inFileOnly;
    this.#memory = new GrowingBuffer(memoryBytes);
    this.#isInFile = inFileOnly !== "off";
  }

  /** Bytes that were appended. */
  get byteCount(): number {
    return this.#byteCount;
  }

  /** The body is, or will be after `seal`, as a whole in a file. */
  get isInFile(): boolean {
    return this.#isInFile;
  }

  /** Where the file was made; something is there only with `inFileOnly`. Undefined: there is no file (yet). */
  get filePath(): string | undefined {
    return this.#file?.path;
  }

  /** The body, a character a byte; "" when it is in a file (`$request_body`). */
  get text(): string {
    return this.#isInFile ? "" : this.#memory.text;
  }

  /** The body in memory; nothing when it is empty or in a file. */
  get chunks(): readonly Buffer[] {
    return this.#isInFile || this.#memory.byteCount === 0 ? [] : [this.#memory.bytes];
  }

  /**
   * Copies `chunk`. @returns undefined: taken, go on; a promise: wait for it before the next call. It rejects
   * with AppError TEMP_FILE_FAILED, and so do all later ones. Not after `seal`; does nothing after `dispose`.
   */
  append(chunk: Buffer): Promise<void> | undefined {
    if (this.#disposed) return undefined;
    this.#byteCount += chunk.length;
    this.#memory.append(chunk);
    if (this.#memory.byteCount <= this.#memoryBytes) return undefined;
    this.#isInFile = true;
    return this.#flush();
  }

  /**
   * The body is complete. @returns undefined: it can be read; a promise: the rest is being written, which
   * readers wait for by themselves. It rejects as that of `append`.
   */
  seal(): Promise<void> | undefined {
    this.#sealed = true;
    return this.#isInFile && !this.#disposed ? this.#flush() : undefined;
  }

  /** A reading from the start, independent of others. Only after `seal`. @throws AppError INTERNAL before. */
  reader(): BodyReader {
    if (!this.#sealed) throw new AppError("INTERNAL", "a body was read before it was complete");
    return this.#isInFile || this.#disposed
      ? new FileReader(() => this.#written())
      : new MemoryReader(this.#memory.bytes);
  }

  /**
   * Frees memory and file; idempotent. Reads and writes under way end as they would have, later reads reject. With
   * `inFileOnly: "on"` the file stays on the disk.
   */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#memory.clear();
    this.#release();
  }

  /** Writes what is in memory, behind what is being written. */
  #flush(): Promise<void> {
    const bytes = this.#memory.take();
    const writing = this.#write(this.#writing, bytes);
    this.#writing = writing;
    // Who was given the promise is told; the body itself must not fail the process.
    writing.catch(() => {});
    return writing;
  }

  async #write(before: Promise<void> | undefined, bytes: Buffer): Promise<void> {
    await before;
    if (this.#disposed) return;
    this.#file ??= await this.#files.create({ keepName: this.#inFileOnly !== "off" });
    if (this.#disposed) this.#release();
    else await this.#file.append(bytes);
  }

  async #written(): Promise<TempFile> {
    await this.#writing;
    if (this.#disposed || !this.#file) {
      throw new AppError("INTERNAL", "a body was read after it was disposed of");
    }
    return this.#file;
  }

  #release(): void {
    const file = this.#file;
    if (!file) return;
    void file.close();
    // What cannot be deleted is left behind: the request is over, and nobody could do more about it.
    if (this.#inFileOnly === "clean") file.remove().catch(() => {});
  }
}
