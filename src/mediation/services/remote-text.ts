/**
 * A document on a web server that the configuration names (src of a local entry, uri of publishWSDL): fetched with one
 * GET when it is first needed and kept for the life of the generation. A failed fetch is tried again when the document
 * is needed after RETRY_MS, the cachableDuration of Synapse's registry.
 */
import { messageOf } from "../../errors/app-error.ts";
import { collectBytes } from "../../net/byte-stream.ts";
import type { Environment } from "../message/environment.ts";

const TEXT_BYTES_MAX = 5 * 1024 * 1024;
const FETCH_TIMEOUT_MS = 5_000;
const RETRY_MS = 15_000;

type FetchPort = Pick<Environment, "callEndpoint" | "clock" | "log">;

export class RemoteText {
  readonly url: string;
  #text: string | undefined;
  #loading: Promise<string | undefined> | undefined;
  #retryAtMs = 0;

  constructor(url: string) {
    this.url = url;
  }

  /** The text, when it has been fetched. */
  get text(): string | undefined {
    return this.#text;
  }

  /** Whether `load` would go to the network, or wait for it. */
  needsLoad(port: FetchPort): boolean {
    if (this.#text !== undefined) return false;
    return this.#loading !== undefined || port.clock.monotonicMs() >= this.#retryAtMs;
  }

  /** Fetches the text once, whoever asks meanwhile. Undefined when it cannot be read; never rejects. */
  load(port: FetchPort): Promise<string | undefined> {
    if (!this.needsLoad(port)) return Promise.resolve(this.#text);
    this.#loading ??= this.#fetch(port);
    return this.#loading;
  }

  async #fetch(port: FetchPort): Promise<string | undefined> {
    try {
      const response = await port.callEndpoint({
        method: "GET",
        url: this.url,
        headers: [["Accept", "*/*"]],
        body: undefined,
        timeoutMs: FETCH_TIMEOUT_MS,
      });
      const bytes = await collectBytes(response.body, TEXT_BYTES_MAX);
      if (response.status !== 200) throw new Error(`the answer has the status ${response.status}`);
      this.#text = bytes.toString("utf8").replace(/^\uFEFF/, "");
    } catch (error) {
      this.#retryAtMs = port.clock.monotonicMs() + RETRY_MS;
      port.log.warn(`Could not read ${this.url} : ${messageOf(error)}`);
    }
    this.#loading = undefined;
    return this.#text;
  }
}

/** Whether an address of the configuration is one that `RemoteText` can fetch. */
export function isWebAddress(address: string): boolean {
  return /^https?:\/\//i.test(address) && URL.canParse(address);
}
