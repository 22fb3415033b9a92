/**
 * Reads the client's body into a store before the first peer is asked (`proxy_request_buffering on`): up to
 * `client_body_buffer_size` in memory, else in a temporary file (ngx_http_request_body.c).
 */
import type { BodyFault, BodySink, RequestBody } from "../../../net/http1/request-body.ts";
import type { SpooledBody } from "../../spool/spooled-body.ts";

export interface IntakeEvents {
  onStored(): void;
  /** The client sends something that is no body, or has gone. */
  onFault(fault: BodyFault): void;
  onTooLarge(): void;
  onDiskFault(error: unknown): void;
}

export class BodyIntake implements BodySink {
  readonly #body: RequestBody;
  readonly #store: SpooledBody;
  readonly #bytesMax: number;
  readonly #events: IntakeEvents;
  #over = false;

  /** @param bytesMax `client_max_body_size`; 0: no limit. */
  constructor(
    body: RequestBody,
    store: SpooledBody,
    options: { readonly bytesMax: number; readonly events: IntakeEvents },
  ) {
    this.#body = body;
    this.#store = store;
    this.#bytesMax = options.bytesMax;
    this.#events = options.events;
  }

  start(): void {
    this.#body.consume(this);
  }

  onBodyData(chunk: Buffer): boolean {
    if (this.#over) return true;
    if (this.#bytesMax > 0 && this.#store.byteCount + chunk.length > this.#bytesMax) {
      this.#over = true;
      this.#events.onTooLarge();
      return true;
    }
    const writing = this.#store.append(chunk);
    if (!writing) return true;
    writing.then(
      () => this.#body.resume(),
      (error: unknown) => this.#events.onDiskFault(error),
    );
    return false;
  }

  onBodyEnd(): void {
    if (this.#over) return;
    const writing = this.#store.seal();
    if (!writing) return this.#events.onStored();
    writing.then(
      () => this.#events.onStored(),
      (error: unknown) => this.#events.onDiskFault(error),
    );
  }

  onBodyFault(fault: BodyFault): void {
    if (!this.#over) this.#events.onFault(fault);
  }
}
