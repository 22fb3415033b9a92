/**
 * What temporary files need of a file system, as a port: the machine's own here, one in memory with faults in
 * tests. Reads and writes may be short, as the system's are; temp-file.ts does the rest. Errors are the system's.
 */
import { constants } from "node:fs";
import { mkdir, open, unlink } from "node:fs/promises";

/** An open file; positions and lengths in bytes. */
export interface PortFile {
  /** @returns how much of `bytes` was written at `position`; may be less than all. */
  write(bytes: Buffer, position: number): Promise<number>;
  /** @returns how much of `into` was filled; 0: the file has nothing there. */
  read(into: Buffer, position: number): Promise<number>;
  /** Waits for reads and writes that are under way. Called once. */
  close(): Promise<void>;
}

export interface FilePort {
  /** Makes a folder and those above it, for this user alone (mode 0700). One that is there already is left as it is. */
  makeFolder(path: string): Promise<void>;
  /** Makes a file for this user alone (mode 0600) and opens it to write and read; EEXIST when the name is taken. */
  openNew(path: string): Promise<PortFile>;
  unlink(path: string): Promise<void>;
}

const NEW_FILE = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL;

/** The file system of the machine. */
export const systemFilePort: FilePort = {
  async makeFolder(path) {
    await mkdir(path, { recursive: true, mode: 0o700 });
  },
  async openNew(path) {
    const handle = await open(path, NEW_FILE, 0o600);
    return {
      async write(bytes, position) {
        return (await handle.write(bytes, 0, bytes.length, position)).bytesWritten;
      },
      async read(into, position) {
        return (await handle.read(into, 0, into.length, position)).bytesRead;
      },
      close: () => handle.close(),
    };
  },
  unlink,
};
