/** The bounds of a client connection: nginx's directives by their meaning. Times in milliseconds. */
import type { HeadLimits } from "./head-reader.ts";

export interface ConnectionLimits {
  readonly head: HeadLimits;
  /** `client_header_timeout`: for the whole head; also for the first byte of a new connection. */
  readonly headerTimeoutMs: number;
  /** `client_body_timeout`: between two reads of a body. */
  readonly bodyTimeoutMs: number;
  /** `send_timeout`: between two moments in which the client takes something. */
  readonly sendTimeoutMs: number;
  /** `keepalive_timeout`; 0: closed after each response. */
  readonly keepaliveTimeoutMs: number;
  /** What `Keep-Alive: timeout=N` of responses tells the client, in seconds; 0: there is no such field. */
  readonly keepaliveToldSeconds: number;
  /** `keepalive_requests`: most requests of a connection. */
  readonly keepaliveRequests: number;
  /** `keepalive_time`: an older connection closes after its next response. */
  readonly keepaliveTimeMs: number;
  /** `lingering_close`: what the client still sends is read before the connection closes. */
  readonly lingering: "off" | "on" | "always";
  /** `lingering_time`: for so long at most. */
  readonly lingeringTimeMs: number;
  /** `lingering_timeout`: for so long without a byte. */
  readonly lingeringTimeoutMs: number;
}
