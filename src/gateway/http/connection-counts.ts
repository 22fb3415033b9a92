/** The counts of `stub_status`: what the listeners' connections are doing now, and how much there has been since the start. */

/** What a connection is busy with: a head, a request, or nothing. */
export type ConnectionActivity = "reading" | "writing" | "waiting";

export interface ConnectionCounts extends Record<ConnectionActivity, number> {
  /** Connections since the start. */
  readonly accepted: number;
  /** Requests since the start. */
  readonly requests: number;
}

/** Open connections. */
export function activeCount({ reading, writing, waiting }: ConnectionCounts): number {
  return reading + writing + waiting;
}
