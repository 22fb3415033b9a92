/**
 * A carbon application as the zip archive that it is (APPNOTE.TXT, through yauzl), held to bounds: an archive comes from outside.
 * Everything that could lead out of it or blow up is refused when it is opened, before anything is unpacked.
 */
import { crc32 } from "node:zlib";
import { type Entry, fromBufferPromise, type ZipFile } from "yauzl";
import { messageOf } from "../../errors/app-error.ts";
import { ConfigError } from "../../errors/config-error.ts";
import { entryPath } from "./app-paths.ts";

/** Entries of one application, those of archives inside included. */
export const APP_ENTRIES_MAX = 10_000;
/** Largest entry that is unpacked, in bytes. */
export const APP_ENTRY_BYTES_MAX = 16 * 1024 * 1024;
/** All entries of one application unpacked, in bytes, those of archives inside included. */
export const APP_BYTES_MAX = 128 * 1024 * 1024;
/** An entry may unpack to so many times its size, once it is larger than APP_RATIO_FREE_BYTES. */
export const APP_RATIO_MAX = 200;
export const APP_RATIO_FREE_BYTES = 1024 * 1024;

const NAME_LENGTH_MAX = 1_000;
const FILE_TYPE = 0o170000;
const REGULAR = 0o100000;
const FOLDER = 0o040000;
const LINK = 0o120000;

/** Entries may be read more than once (one file as two resources): so many times all of them, in number and bytes. */
export const APP_READS_MAX = 2;

/** What an application has left of its bounds. */
export class AppBudget {
  #entries = APP_ENTRIES_MAX;
  #bytes = APP_BYTES_MAX;
  #reads = APP_READS_MAX * APP_ENTRIES_MAX;
  #readBytes = APP_READS_MAX * APP_BYTES_MAX;

  /** Takes one entry out of what is left; says what does not fit. */
  take(bytes: number): string | undefined {
    this.#entries -= 1;
    this.#bytes -= bytes;
    if (this.#entries < 0) return `holds more than ${APP_ENTRIES_MAX} entries`;
    if (this.#bytes < 0) return `unpacks to more than ${APP_BYTES_MAX} bytes`;
    return undefined;
  }

  /** Takes the reading of an entry out of what is left. @returns whether it fits. */
  takeRead(bytes: number): boolean {
    this.#reads -= 1;
    this.#readBytes -= bytes;
    return this.#reads >= 0 && this.#readBytes >= 0;
  }
}

export class AppArchive {
  /** "carbonapps/A_1.0.0.car". */
  readonly path: string;
  readonly budget: AppBudget;
  readonly #zip: ZipFile;
  readonly #entries: ReadonlyMap<string, Entry>;

  // eslint-disable-next-line max-params
  private constructor(
    path: string,
    budget: AppBudget,
    zip: ZipFile,
    entries: ReadonlyMap<string, Entry>,
  ) {
    this.path = path;
    this.budget = budget;
    this.#zip = zip;
    this.#entries = entries;
  }

  /** @throws ConfigError when it is no zip archive, or one that is refused. */
  static async open(
    path: string,
    content: Buffer,
    budget: AppBudget = new AppBudget(),
  ): Promise<AppArchive> {
    try {
      const zip = await fromBufferPromise(content, {
        autoClose: false,
        lazyEntries: true,
        strictFileNames: true,
      });
      return new AppArchive(path, budget, zip, await entriesOf(zip, path, budget));
    } catch (error) {
      if (error instanceof ConfigError) throw error;
      throw refusal(path, `The archive cannot be read: ${messageOf(error)}`);
    }
  }

  /** The names of all files in it. */
  get names(): readonly string[] {
    return [...this.#entries.keys()];
  }

  has(name: string): boolean {
    return this.#entries.has(name);
  }

  /** The content of a file. @throws ConfigError when it is not there, too large or damaged. */
  async read(name: string): Promise<Buffer> {
    const place = entryPath(this.path, name);
    const entry = this.#entries.get(name);
    if (!entry) throw refusal(place, "The file is missing in the archive");
    if (entry.uncompressedSize > APP_ENTRY_BYTES_MAX)
      throw refusal(place, `The file is larger than ${APP_ENTRY_BYTES_MAX} bytes`);
    if (!this.budget.takeRead(entry.uncompressedSize))
      throw refusal(this.path, "The application names its files again and again: too much to read");
    try {
      const content = await this.#unpacked(entry);
      if (crc32(content) === entry.crc32) return content;
    } catch (error) {
      throw refusal(place, `The file cannot be unpacked: ${messageOf(error)}`);
    }
    throw refusal(place, "The file is damaged: its checksum is another");
  }

  close(): void {
    this.#zip.close();
  }

  /** yauzl ends the stream with an error as soon as it is longer than the entry says. */
  async #unpacked(entry: Entry): Promise<Buffer> {
    const chunks: Buffer[] = [];
    const stream = await this.#zip.openReadStreamPromise(entry);
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  }
}

/** An error about a file as a whole. */
function refusal(file: string, message: string): ConfigError {
  return new ConfigError([{ file, line: 0, severity: "error", message }], "ARTIFACT_FAULTY");
}

async function entriesOf(
  zip: ZipFile,
  path: string,
  budget: AppBudget,
): Promise<ReadonlyMap<string, Entry>> {
  const entries = new Map<string, Entry>();
  for await (const entry of zip.eachEntry()) {
    const name = entry.fileName;
    const unfit = budget.take(entry.uncompressedSize);
    if (unfit !== undefined) throw refusal(path, `The archive ${unfit}`);
    const fault = entries.has(name) ? "is there twice" : faultOf(entry);
    if (fault !== undefined)
      throw refusal(path, `The entry ${JSON.stringify(name.slice(0, 200))} ${fault}`);
    if (!name.endsWith("/")) entries.set(name, entry);
  }
  return entries;
}

/** Why an entry is refused; undefined: it is not. */
function faultOf(entry: Entry): string | undefined {
  const { fileName, uncompressedSize, compressedSize } = entry;
  const type = (entry.externalFileAttributes >>> 16) & FILE_TYPE;
  if (type === LINK) return "is a link";
  if (type !== 0 && type !== REGULAR && type !== FOLDER) return "is no file";
  if (entry.isEncrypted()) return "is encrypted";
  if (!entry.canDecodeFileData()) return "is packed in a way that cannot be unpacked";
  if (!isPlainName(fileName)) return "has a name that leads elsewhere";
  const isBomb =
    uncompressedSize > APP_RATIO_FREE_BYTES && uncompressedSize > compressedSize * APP_RATIO_MAX;
  return isBomb ? `unpacks to more than ${APP_RATIO_MAX} times its size` : undefined;
}

/** Beside what yauzl refuses itself: absolute paths, "..", back slashes. */
function isPlainName(name: string): boolean {
  // eslint-disable-next-line no-control-regex
  if (name.length > NAME_LENGTH_MAX || /[\u0000-\u001F\u007F]/.test(name)) return false;
  const segments = name.replace(/\/$/, "").split("/");
  return segments.every((segment) => segment !== "" && segment !== "." && segment !== "..");
}
