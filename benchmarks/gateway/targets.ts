/**
 * What the gateway is meant to reach, and whether it did. One row for each case that has a target; ratios are
 * against nginx in the same run. Pure; called by the report.
 */
import { type Sample, figuresOf, perCpuSecond, ratioByRound } from "./sample.ts";

export type Target =
  /** Requests per CPU-second, as a part of nginx's, at least. */
  | { readonly kind: "cpu-ratio"; readonly least: number }
  /** The 99th percentile of latency, as a multiple of nginx's, at most. */
  | { readonly kind: "p99-ratio"; readonly most: number }
  /** Resident bytes of an idle connection, at most. */
  | { readonly kind: "idle-bytes"; readonly most: number };

/** By name of the case. */
export const TARGETS: Readonly<Record<string, Target>> = {
  "small-get-sticky": { kind: "cpu-ratio", least: 0.85 },
  "small-get": { kind: "cpu-ratio", least: 0.85 },
  "post-10k": { kind: "cpu-ratio", least: 0.8 },
  "response-64k": { kind: "cpu-ratio", least: 1 },
  "response-1m": { kind: "cpu-ratio", least: 0.8 },
  "connection-per-request": { kind: "cpu-ratio", least: 0.5 },
  "tls-keepalive": { kind: "cpu-ratio", least: 0.75 },
  "tls-handshakes": { kind: "cpu-ratio", least: 0.5 },
  "half-peak": { kind: "p99-ratio", most: 2 },
  "idle-connections": { kind: "idle-bytes", most: 10 * 1024 },
};

export type Verdict = "met" | "missed" | "not measured";

export interface TargetOutcome {
  readonly wanted: string;
  readonly reached: string;
  readonly verdict: Verdict;
}

/** `nginx` may be empty: a ratio is then not measured. Any fault of the gateway's samples is a miss. */
export function judge(
  target: Target,
  samples: readonly Sample[],
  nginx: readonly Sample[],
): TargetOutcome {
  const value = reachedValue(target, samples, nginx);
  const limit = target.kind === "cpu-ratio" ? target.least : target.most;
  const good = target.kind === "cpu-ratio" ? value >= limit : value <= limit;
  const faulty = samples.some(({ faults }) => faults.length > 0);
  const measured = Number.isFinite(value);
  const missedOrMet = good && !faulty ? "met" : "missed";
  return {
    wanted: `${target.kind === "cpu-ratio" ? "≥" : "≤"} ${inWords(target, limit)}`,
    reached: measured ? inWords(target, value) : "-",
    verdict: measured ? missedOrMet : "not measured",
  };
}

function reachedValue(
  target: Target,
  samples: readonly Sample[],
  nginx: readonly Sample[],
): number {
  if (target.kind === "cpu-ratio") return ratioByRound(samples, nginx, perCpuSecond);
  if (target.kind === "p99-ratio") return ratioByRound(samples, nginx, ({ p99Ms }) => p99Ms);
  return figuresOf(samples).bytesPerConnection ?? Number.NaN;
}

function inWords({ kind }: Target, value: number): string {
  if (kind === "cpu-ratio") return `${value.toFixed(2)} of nginx per CPU-second`;
  if (kind === "p99-ratio") return `${value.toFixed(2)} × nginx's p99`;
  return `${(value / 1024).toFixed(1)} KB`;
}
