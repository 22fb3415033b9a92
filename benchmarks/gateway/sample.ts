/**
 * What one measurement tells, and how a few of them become one figure. Pure; called by run.ts and the report.
 * CPU time is the proxy's own (user and system, all its processes), so figures per CPU-second hold also where
 * the load generator, not the proxy, was what limited the run.
 */

/** What a load generator reports. */
export interface LoadResult {
  /** Requests, handshakes or messages that were answered rightly. */
  readonly done: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Each a sentence; a measurement with faults does not count as good. */
  readonly faults: readonly string[];
}

export interface Sample extends LoadResult {
  readonly cpuSeconds: number;
  /** Resident memory of all processes of the proxy after the load. */
  readonly rssBytes: number;
  /** Only of idle connections: growth of resident memory, divided by their number. */
  readonly bytesPerConnection?: number;
}

/** The medians of several samples of one proxy in one case. */
export interface Figures {
  readonly perSecond: number;
  readonly perCpuSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly rssBytes: number;
  readonly bytesPerConnection: number | undefined;
  readonly faults: readonly string[];
}

/** The middle value, or the mean of the two in the middle; NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const high = sorted[Math.floor(middle)] ?? Number.NaN;
  const low = sorted[Math.ceil(middle) - 1] ?? Number.NaN;
  return (low + high) / 2;
}

/** The value that the given part (0 to 1) of the values does not exceed; 0 of nothing. */
export function quantile(sorted: ArrayLike<number>, part: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? 0;
}

export function perCpuSecond({ done, cpuSeconds }: Sample): number {
  return cpuSeconds > 0 ? done / cpuSeconds : Number.NaN;
}

export function figuresOf(samples: readonly Sample[]): Figures {
  const middle = (pick: (sample: Sample) => number): number => median(samples.map(pick));
  const idle = samples.flatMap(({ bytesPerConnection }) => bytesPerConnection ?? []);
  return {
    perSecond: middle(({ done, seconds }) => done / seconds),
    perCpuSecond: middle(perCpuSecond),
    p50Ms: middle(({ p50Ms }) => p50Ms),
    p99Ms: middle(({ p99Ms }) => p99Ms),
    rssBytes: middle(({ rssBytes }) => rssBytes),
    bytesPerConnection: idle.length > 0 ? median(idle) : undefined,
    faults: [...new Set(samples.flatMap(({ faults }) => faults))],
  };
}

/**
 * Median over the rounds of `value(sample) / value(baseline sample of the same round)`: what disturbed a whole
 * round falls out. NaN without a baseline.
 */
export function ratioByRound(
  samples: readonly Sample[],
  baseline: readonly Sample[],
  value: (sample: Sample) => number,
): number {
  const ratios = samples.flatMap((sample, round) => {
    const other = baseline[round];
    return other ? [value(sample) / value(other)] : [];
  });
  return median(ratios);
}
