/**
 * Local entries whose content lies on a web server (src="http://.."). They are fetched when the generation begins to run, or with
 * its first message, whichever comes first; messages wait for it, in bounded time. One that cannot be read stays
 * absent and is tried again by a later message.
 */
import type { LocalEntry } from "./message/local-entry.ts";
import type { Environment } from "./message/environment.ts";
import type { RemoteText } from "./services/remote-text.ts";
import { xmlOf } from "./xml/read/local-entry.ts";

export interface RemoteEntry {
  readonly key: string;
  readonly remote: RemoteText;
}

export class RemoteEntries {
  #waiting: readonly RemoteEntry[];
  readonly #environment: Environment;
  readonly #put: (entry: LocalEntry) => void;

  /** @param put takes an entry that has been read. */
  constructor(
    entries: readonly RemoteEntry[],
    environment: Environment,
    put: (entry: LocalEntry) => void,
  ) {
    this.#waiting = entries;
    this.#environment = environment;
    this.#put = put;
  }

  /** Whether a message should wait for `load`. */
  get isDue(): boolean {
    return this.#waiting.some(({ remote }) => remote.needsLoad(this.#environment));
  }

  /** Fetches what is missing, all at once. Never rejects. */
  async load(): Promise<void> {
    await Promise.all(this.#waiting.map((entry) => this.#loadOne(entry)));
    this.#waiting = this.#waiting.filter(({ remote }) => remote.text === undefined);
  }

  async #loadOne({ key, remote }: RemoteEntry): Promise<void> {
    const text = await remote.load(this.#environment);
    if (text !== undefined) this.#put({ key, text, element: xmlOf(text, remote.url).root });
  }
}
