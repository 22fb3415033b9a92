/**
 * Temporary files of one folder (client_body_temp_path, proxy_temp_path): ten digits as name, for the gateway's
 * user alone, unlinked right after opening unless the name is wanted, so that a crash leaves nothing
 * behind. Follows ngx_create_temp_file. Used by SpooledBody and OverflowQueue.
 */
import { join } from "node:path";
import { AppError, systemCodeOf } from "../../errors/app-error.ts";
import { type FilePort, type PortFile, systemFilePort } from "./file-port.ts";
import { tempFileError } from "./temp-file-error.ts";

/** nginx's step after a name that is taken: far away from a run of names that an earlier process has left. */
const COLLISION_STEP = 123_456;
const NUMBER_MAX = 0xffff_ffff;
/** Names that are tried before the folder is given up. */
const NAMES_TRIED_MAX = 10_000;

export interface TempFileOptions {
  /** The file keeps its name until `remove` (client_body_in_file_only). Default: false. */
  readonly keepName?: boolean;
}

/** Makes the temporary files of one folder; the folder is made when the first file needs it. */
export class TempFiles {
  readonly directory: string;
  readonly #port: FilePort;
  #number = 0;

  constructor(directory: string, port: FilePort = systemFilePort) {
    this.directory = directory;
    this.#port = port;
  }

  /** An empty file of its own. @throws AppError TEMP_FILE_FAILED. */
  async create(options: TempFileOptions = {}): Promise<TempFile> {
    let madeFolder = false;
    let path = this.#nextPath(1);
    for (let tried = 1; ; tried++) {
      try {
        return await this.#open(path, options.keepName ?? false);
      } catch (error) {
        const code = systemCodeOf(error);
        if (code === "EEXIST" && tried < NAMES_TRIED_MAX) {
          path = this.#nextPath(COLLISION_STEP);
        } else if (code === "ENOENT" && !madeFolder) {
          madeFolder = true;
          await this.#makeFolder();
        } else {
          throw error instanceof AppError ? error : tempFileError(path, "opened", error);
        }
      }
    }
  }

  async #makeFolder(): Promise<void> {
    try {
      await this.#port.makeFolder(this.directory);
    } catch (error) {
      throw tempFileError(this.directory, "made as a folder", error);
    }
  }

  async #open(path: string, keepName: boolean): Promise<TempFile> {
    const file = await this.#port.openNew(path);
    const tempFile = new TempFile(path, file, this.#port);
    if (keepName) return tempFile;
    try {
      await this.#port.unlink(path);
    } catch (error) {
      await tempFile.close();
      throw tempFileError(path, "unlinked", error);
    }
    return tempFile;
  }

  #nextPath(step: number): string {
    this.#number = (this.#number + step) % NUMBER_MAX;
    return join(this.directory, String(this.#number).padStart(10, "0"));
  }
}

/** One temporary file. Made by TempFiles. */
export class TempFile {
  /** Where it was made; something is there only when the name is kept. */
  readonly path: string;
  readonly #file: PortFile;
  readonly #port: FilePort;
  #size = 0;
  #closing: Promise<void> | undefined;

  constructor(path: string, file: PortFile, port: FilePort) {
    this.path = path;
    this.#file = file;
    this.#port = port;
  }

  /** Bytes that were appended and can be read. */
  get size(): number {
    return this.#size;
  }

  /**
   * Writes all of `chunk` behind the rest. One at a time, and `chunk` must stay as it is until then.
   * @throws AppError TEMP_FILE_FAILED; `size` is as before then.
   */
  async append(chunk: Buffer): Promise<void> {
    let done = 0;
    try {
      while (done < chunk.length) {
        const written = await this.#file.write(chunk.subarray(done), this.#size + done);
        if (written === 0) throw new Error("the disk takes no more bytes");
        done += written;
      }
    } catch (error) {
      throw tempFileError(this.path, "written", error);
    }
    this.#size += done;
  }

  /**
   * The bytes from `position` on, `length` or as many as there are; a buffer of the caller's own.
   * @throws AppError TEMP_FILE_FAILED.
   */
  async read(position: number, length: number): Promise<Buffer> {
    const wanted = Math.max(0, Math.min(length, this.#size - position));
    const into = Buffer.allocUnsafe(wanted);
    let done = 0;
    try {
      while (done < wanted) {
        const filled = await this.#file.read(into.subarray(done), position + done);
        if (filled === 0) throw new Error("the file is shorter than what was written to it");
        done += filled;
      }
    } catch (error) {
      throw tempFileError(this.path, "read", error);
    }
    return into;
  }

  /** The next `append` writes at the start again; what was there is lost. No append may be under way. */
  rewind(): void {
    this.#size = 0;
  }

  /** Waits for what is under way. Idempotent; never rejects: nobody needs the file any more. */
  close(): Promise<void> {
    this.#closing ??= this.#file.close().catch(() => {});
    return this.#closing;
  }

  /** Deletes a file whose name was kept; one that is gone already is fine. @throws AppError TEMP_FILE_FAILED. */
  async remove(): Promise<void> {
    try {
      await this.#port.unlink(this.path);
    } catch (error) {
      if (systemCodeOf(error) !== "ENOENT") throw tempFileError(this.path, "deleted", error);
    }
  }
}
