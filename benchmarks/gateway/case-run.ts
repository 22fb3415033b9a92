/**
 * One case with all its proxies: they are started, and then measured in rounds, one after the other in turning
 * order, so that what disturbs the machine meets all of them. A proxy that fails leaves the case with its reason.
 */
import type { BenchmarkCase } from "./cases.ts";
import type { Proxy } from "./proxies/proxy.ts";
import { ProxyRun, type Site } from "./proxy-run.ts";
import type { Sample } from "./sample.ts";

export interface ProxyResult {
  readonly proxy: string;
  /** One a round; fewer when the proxy failed. */
  readonly samples: readonly Sample[];
  /** Why the proxy left the case. */
  readonly failure: string | undefined;
}

export interface CaseResult {
  readonly name: string;
  readonly title: string;
  /** Whether it is about idle connections, whose figure is memory. */
  readonly idle: boolean;
  readonly results: readonly ProxyResult[];
}

interface Entrant {
  readonly proxy: Proxy;
  readonly samples: Sample[];
  run: ProxyRun | undefined;
  failure: string | undefined;
}

export async function runCase(
  site: Site,
  measured: BenchmarkCase,
  { proxies, rounds }: { readonly proxies: readonly Proxy[]; readonly rounds: number },
): Promise<CaseResult> {
  const idle = measured.load.kind === "idle";
  const entrants = proxies.map((proxy): Entrant => ({
    proxy,
    samples: [],
    run: undefined,
    failure: undefined,
  }));
  for (let round = 0; round < rounds; round++) {
    for (const entrant of turned(entrants, round)) {
      await measure(site, measured, entrant);
      // Memory that was used once stays with a process: each round of idle connections gets a new one.
      if (idle) await leave(entrant);
    }
  }
  await Promise.all(entrants.map(leave));
  const results = entrants.map(({ proxy, samples, failure }) => ({
    proxy: proxy.name,
    samples,
    failure,
  }));
  return { name: measured.name, title: measured.title, idle, results };
}

async function measure(site: Site, measured: BenchmarkCase, entrant: Entrant): Promise<void> {
  if (entrant.failure !== undefined) return;
  try {
    entrant.run ??= await ProxyRun.start(site, measured, entrant.proxy);
    entrant.samples.push(await entrant.run.measure());
  } catch (error) {
    entrant.failure = error instanceof Error ? error.message : String(error);
    await leave(entrant);
  }
}

async function leave(entrant: Entrant): Promise<void> {
  await entrant.run?.stop();
  entrant.run = undefined;
}

/** The list, begun with another one each round. */
export function turned<T>(list: readonly T[], round: number): readonly T[] {
  const at = list.length === 0 ? 0 : round % list.length;
  return [...list.slice(at), ...list.slice(0, at)];
}
