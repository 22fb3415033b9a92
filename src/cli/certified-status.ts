/** The status of a node with what is to be said of its public certificates; for server nodes and gateways. */
import { ExpiryWatch, type ExpiryWatchOptions } from "../net/tls/expiry-watch.ts";
import type { Closable } from "../runtime/lifecycle.ts";
import type { NodeStatus } from "../runtime/node-status.ts";

export interface CertifiedStatusOptions extends Omit<ExpiryWatchOptions, "onChange"> {
  readonly report: (status: NodeStatus) => void;
}

export class CertifiedStatus implements Closable {
  readonly #report: (status: NodeStatus) => void;
  readonly #watch: ExpiryWatch;
  #last: NodeStatus | undefined;

  /** Looks at the certificates at once. */
  constructor(options: CertifiedStatusOptions) {
    this.#report = options.report;
    this.#watch = new ExpiryWatch({ ...options, onChange: () => this.#again() });
  }

  report(status: NodeStatus): void {
    this.#last = status;
    this.#again();
  }

  /** After the certificates were read again. */
  look(): void {
    this.#watch.look();
  }

  close(): Promise<void> {
    return this.#watch.close();
  }

  #again(): void {
    if (!this.#last) return;
    const { trouble } = this.#watch;
    this.#report({ ...this.#last, ...(trouble !== undefined && { certificateTrouble: trouble }) });
  }
}
