/**
 * Local entries whose content lies on a web server (src="http://.."). They are fetched when the generation begins to run, or with
 * its first message, whichever comes first; messages wait for it, in bounded time. One that cannot be read stays
 * absent and is tried again by a later message.
 */
import type { LocalEntry } from "./message/local-entry.ts";
import type { Environment } from "./message/environment.ts";
import { RemoteText } from "./services/remote-text.ts";
import { xmlOf } from "./xml/read/local-entry.ts";

/** A local entry as it is configured: a key, and the http(s) address of its content. */
export interface RemoteEntry {
  readonly key: string;
  readonly url: string;
}

interface WaitingEntry {
  readonly key: string;
  readonly remote: RemoteText;
}

export class RemoteEntries {
  #waiting: readonly WaitingEntry[];
  readonly #environment: Environment;
  readonly #put: (entry: LocalEntry) => void;

  /** @param put takes an entry that has been read. */
  constructor(
    entries: readonly RemoteEntry[],
    environment: Environment,
    put: (entry: LocalEntry) => void,
  ) {
    this.#waiting = entries.map(({ key, url }) => ({ key, remote: new RemoteText(url) }));
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

  async #loadOne({ key, remote }: WaitingEntry): Promise<void> {
    const text = await remote.load(this.#environment);
    if (text !== undefined) this.#put({ key, text, element: xmlOf(text, remote.url).root });
  }
}
