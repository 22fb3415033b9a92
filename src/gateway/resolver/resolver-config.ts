/** What the `resolver` directive says; http/modules/resolver.ts reads it. */
import type { ListenAddress } from "../http/listen-address.ts";

export interface ResolverConfig {
  /** The name servers, at least one. IP addresses. */
  readonly servers: readonly ListenAddress[];
  /** How long an answer is kept; undefined: its own time to live. Milliseconds. */
  readonly validMs: number | undefined;
  /** Ask for addresses of that family. One of both is true. */
  readonly ipv4: boolean;
  readonly ipv6: boolean;
}
