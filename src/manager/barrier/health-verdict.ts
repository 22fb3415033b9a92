/**
 * Whether services have got worse by a deploy, from how many of their messages ended in a fault before and after it. Pure;
 * `HealthWatch` asks the workers.
 */
import { toldName } from "../../depsync/barrier/bounded-answers.ts";
import type { OutcomesAnswer, ServiceOutcome } from "../../depsync/barrier/revision-stage.ts";
import type { CompiledTree } from "../revisions.ts";

/** Fewer faults say nothing. */
export const FAULTS_MIN = 5;
/** So much larger the share of faults must have become. */
export const SHARE_RISE_MIN = 0.2;

type Service = Pick<ServiceOutcome, "kind" | "name">;

/** Which services a deploy can have made worse. */
export type ServicesAtStake = "all" | readonly Service[];

/** By "kind name", with the name as answers tell it. */
export type OutcomeCounts = ReadonlyMap<string, ServiceOutcome>;

const DEPLOYED = /^(synapse-configs|registry|carbonapps)\//;

/**
 * A changed proxy service or API is looked at itself; anything else that is deployed (a sequence, an endpoint, a resource) may be
 * used by every service.
 */
export function servicesAtStake(
  paths: readonly string[],
  before: CompiledTree,
  after: CompiledTree,
): ServicesAtStake {
  const found: Service[] = [];
  const changed = new Set(paths.filter((path) => DEPLOYED.test(path)));
  const seen = new Set<string>();
  const isRemoved = new Set<string>();
  for (const [tree, isAfter] of [
    [after, true],
    [before, false],
  ] as const)
    for (const { kind, name, path } of tree.artifacts) {
      // What came with a carbon application stands at "APP.car!/..".
      const end = path.indexOf("!/");
      const file = end === -1 ? path : path.slice(0, end);
      if (!changed.has(file) || (!isAfter && seen.has(file))) continue;
      if (kind !== "proxy-service" && kind !== "api") return "all";
      if (isAfter) found.push({ kind, name });
      else isRemoved.add(file);
      if (isAfter) seen.add(file);
    }
  const isKnown = (path: string): boolean => seen.has(path) || isRemoved.has(path);
  return [...changed].every(isKnown) ? found : "all";
}

/** The sum of what workers say that run the revision; undefined: whatever they run. */
export function sumOutcomes(
  answers: readonly OutcomesAnswer[],
  revision: string | undefined,
): OutcomeCounts {
  const sum = new Map<string, ServiceOutcome>();
  for (const answer of answers) {
    if (revision !== undefined && answer.revision !== revision) continue;
    for (const { kind, name, messages, faults } of answer.services) {
      const key = keyOf({ kind, name });
      const so = sum.get(key) ?? { kind, name, messages: 0, faults: 0 };
      sum.set(key, { kind, name, messages: so.messages + messages, faults: so.faults + faults });
    }
  }
  return sum;
}

/** Why the deploy is to be taken back, a sentence with numbers; undefined: nothing speaks against it. */
export function verdictOf(
  before: OutcomeCounts,
  after: OutcomeCounts,
  services: ServicesAtStake,
): string | undefined {
  const keys = services === "all" ? [...after.keys()] : services.map(keyOf);
  for (const key of keys) {
    const worse = compare(before.get(key), after.get(key));
    if (worse !== undefined) return `${key}: ${worse}`;
  }
  const total = compare(totalOf(before, keys), totalOf(after, keys));
  return total === undefined ? undefined : `${keys.length} services together: ${total}`;
}

function keyOf({ kind, name }: Service): string {
  return `${kind} ${toldName(name)}`;
}

function totalOf(counts: OutcomeCounts, keys: readonly string[]): ServiceOutcome {
  let [messages, faults] = [0, 0];
  for (const key of keys) {
    messages += counts.get(key)?.messages ?? 0;
    faults += counts.get(key)?.faults ?? 0;
  }
  return { kind: "proxy-service", name: "", messages, faults };
}

function compare(
  before: ServiceOutcome | undefined,
  after: ServiceOutcome | undefined,
): string | undefined {
  if (!after || after.faults < FAULTS_MIN) return undefined;
  const share = after.faults / Math.max(1, after.messages);
  const shareBefore = before && before.messages > 0 ? before.faults / before.messages : 0;
  if (share - shareBefore < SHARE_RISE_MIN) return undefined;
  return `${after.faults} of ${after.messages} messages ended in a fault (${percent(share)}), before it was ${percent(shareBefore)}`;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
