/** proxy_next_upstream and its limits: when a request goes on to the next peer. http/proxy/may-retry.ts decides by them. */
import { DirectiveFault } from "../../nginx/directive-fault.ts";
import { durationMs, HTTP_LEVELS, single, wholeNumber } from "../../nginx/directive.ts";

const NEXT_CASES = [
  "error",
  "timeout",
  "invalid_header",
  "non_idempotent",
  "http_500",
  "http_502",
  "http_503",
  "http_504",
  "http_403",
  "http_404",
  "http_429",
] as const;

/** When a request goes on to the next peer. */
export type NextUpstreamCase = (typeof NEXT_CASES)[number];

export const proxyNextUpstreamSettings = {
  /** Empty after `off`. */
  nextUpstream: single<readonly NextUpstreamCase[]>({
    name: "proxy_next_upstream",
    contexts: HTTP_LEVELS,
    arity: { min: 1, max: 16 },
    initial: ["error", "timeout"],
    value: readNextUpstream,
  }),
  /** Most tries of one request; 0: as many as there are peers. */
  nextUpstreamTries: single({
    name: "proxy_next_upstream_tries",
    contexts: HTTP_LEVELS,
    value: wholeNumber,
    initial: 0,
  }),
  /** No further try after this time; 0: no limit. */
  nextUpstreamTimeoutMs: single({
    name: "proxy_next_upstream_timeout",
    contexts: HTTP_LEVELS,
    value: durationMs,
    initial: 0,
  }),
};

function readNextUpstream(words: readonly string[]): readonly NextUpstreamCase[] {
  if (words.includes("off")) return [];
  return words.map((word) => {
    const found = NEXT_CASES.find((candidate) => candidate === word);
    if (!found) throw new DirectiveFault(`invalid value "${word}"`);
    return found;
  });
}
