/**
 * The measured part of the benchmark: deploys of one changed artifact, one after another, under load through the gateway; now and
 * then a faulty one; at last the start of a worker while no manager is there.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { BenchCluster } from "./bench-cluster.ts";
import { pause } from "./bench-cluster.ts";
import { GatewayLoad } from "./gateway-load.ts";
import { KeptConnection } from "./kept-connection.ts";
import { fieldOf, ManagerClient } from "./manager-client.ts";
import type { DeployBenchOptions } from "./options.ts";
import { faultyXml, serviceName, serviceXml } from "./seeded-repository.ts";

/** Every so many deploys a faulty artifact comes. */
const FAULTY_EVERY = 10;
/** Services that the load asks; the first of them is the one that deploys change. */
const ASKED_MAX = 20;
/** How long all workers may take to answer with a revision whose deploy has returned. */
const ACTIVE_MS_MAX = 30_000;
const BOOT_MS_MAX = 60_000;
const REMEMBER_MS_MAX = 10_000;

export interface DeployMeasures {
  /** From the call until it has returned and every worker has answered with the new revision. */
  readonly activeMs: readonly number[];
  /** Until a faulty artifact was refused. */
  readonly refusedMs: readonly number[];
  readonly requests: number;
  readonly failed: number;
  readonly mixed: number;
  /** The first of what went wrong. */
  readonly examples: readonly string[];
  /** The steps of the deploys, by their names. */
  readonly phases: ReadonlyMap<string, readonly number[]>;
  /** From the start of a worker's process to its first answer, several times. */
  readonly bootMs: readonly number[];
}

export async function measureDeploys(
  cluster: BenchCluster,
  options: DeployBenchOptions,
  say: (text: string) => void,
): Promise<DeployMeasures> {
  const { plan, authority: ca, password } = cluster;
  const client = new ManagerClient({ port: plan.managementPort, ca, password });
  const probes = cluster.workers.map((_worker, index) => probeOf(cluster, index));
  const asked = Math.min(ASKED_MAX, options.artifacts);
  const targets = Array.from({ length: asked }, (_, index) => targetOf(index));
  const load = new GatewayLoad(plan.gatewayHttpPort, targets);
  try {
    await client.login();
    if (cluster.revision !== null) load.deployed(cluster.revision);
    load.start(options.load);
    const rounds = await runRounds({ client, probes, load, say }, options);
    await load.stop();
    const bootMs = await measureBoots(cluster, rounds.revision ?? cluster.revision, options.boots);
    const { requests, failed, mixed, examples } = load;
    return { ...rounds, requests, failed, mixed, examples, bootMs };
  } finally {
    await load.stop();
    client.close();
    for (const probe of probes) probe.close();
  }
}

interface RoundParts {
  readonly client: ManagerClient;
  /** One of each worker. */
  readonly probes: readonly KeptConnection[];
  readonly load: GatewayLoad;
  readonly say: (text: string) => void;
}

interface Rounds {
  readonly activeMs: readonly number[];
  readonly refusedMs: readonly number[];
  readonly phases: ReadonlyMap<string, readonly number[]>;
  readonly revision: string | undefined;
}

async function runRounds(
  { client, probes, load, say }: RoundParts,
  { deploys, secondsLoadMax }: DeployBenchOptions,
): Promise<Rounds> {
  const [activeMs, refusedMs]: [number[], number[]] = [[], []];
  const phases = new Map<string, number[]>();
  const untilMs = performance.now() + secondsLoadMax * 1000;
  let revision: string | undefined;
  for (let number = 1; number <= deploys && performance.now() < untilMs; number += 1) {
    const startedMs = performance.now();
    const { status, body } = await client.deploy(serviceXml(0, 1_000_000 + number));
    revision = fieldOf(body, "commit");
    if (status !== 201 || revision === undefined)
      throw new Error(`deploy ${number} was answered ${status} ${JSON.stringify(body)}`);
    load.deployed(revision);
    await untilActive(probes, revision);
    activeMs.push(performance.now() - startedMs);
    await notePhases(client, body, phases);
    if (number % FAULTY_EVERY === 0) refusedMs.push(await refuse(client));
    if (number % 20 === 0) say(`${number} deploys, the last in ${activeMs.at(-1)?.toFixed(0)} ms`);
  }
  return { activeMs, refusedMs, phases, revision };
}

async function refuse(client: ManagerClient): Promise<number> {
  const startedMs = performance.now();
  const { status, body } = await client.deploy(faultyXml(0));
  if (status !== 422) throw new Error(`faulty: answered ${status} ${JSON.stringify(body)}`);
  return performance.now() - startedMs;
}

async function untilActive(probes: readonly KeptConnection[], revision: string): Promise<void> {
  const untilMs = performance.now() + ACTIVE_MS_MAX;
  await Promise.all(
    probes.map(async (probe, index) => {
      for (;;) {
        const { revisions } = await probe.ask(targetOf(0));
        if (revisions[0] === revision) return;
        if (performance.now() > untilMs)
          throw new Error(`worker ${index + 1} answers with ${revisions.join()}, not ${revision}`);
        await pause(2);
      }
    }),
  );
}

/** Asked after the measured time; says where it went. */
async function notePhases(
  client: ManagerClient,
  answer: unknown,
  phases: Map<string, number[]>,
): Promise<void> {
  const id = fieldOf(answer, "deployment");
  if (id === undefined) return;
  const { body } = await client.deployment(id);
  if (typeof body !== "object" || body === null || !("phases" in body)) return;
  if (!Array.isArray(body.phases)) return;
  for (const one of body.phases as readonly unknown[]) {
    const name = fieldOf(one, "phase") ?? "?";
    phases.set(name, [...(phases.get(name) ?? []), Number(fieldOf(one, "ms"))]);
  }
}

/** The last good revision must do: neither manager nor repository are there. */
async function measureBoots(
  cluster: BenchCluster,
  revision: string | null,
  boots: number,
): Promise<readonly number[]> {
  await untilRemembered(cluster, revision);
  await cluster.kill("manager");
  const bootMs: number[] = [];
  for (let boot = 0; boot < boots; boot += 1) {
    await cluster.kill("worker-1");
    bootMs.push(await measureBoot(cluster, revision));
  }
  return bootMs;
}

async function measureBoot(cluster: BenchCluster, revision: string | null): Promise<number> {
  const startedMs = performance.now();
  cluster.startAgain("worker-1");
  for (;;) {
    const probe = probeOf(cluster, 0);
    const answer = await probe.ask(targetOf(0)).catch(() => undefined);
    probe.close();
    const ms = performance.now() - startedMs;
    if (answer?.status === 200 && answer.revisions[0] === revision) return ms;
    if (ms > BOOT_MS_MAX)
      throw new Error(
        `worker-1 answers ${JSON.stringify(answer)}, not with ${revision}:\n${cluster.text}`,
      );
    await pause(10);
  }
}

/** What runs is remembered for the next start a moment after the switch. */
async function untilRemembered(cluster: BenchCluster, revision: string | null): Promise<void> {
  const mirror = join(cluster.node("worker-1").home, "repository", "depsync", "mirror.git");
  const good = join(mirror, "refs", "bascule", "good");
  const endMs = performance.now() + REMEMBER_MS_MAX;
  for (;;) {
    const remembered = await readFile(good, "utf8").catch(() => "");
    if (remembered.trim() === revision) return;
    if (performance.now() > endMs)
      throw new Error(`worker-1 has not remembered ${revision}, but ${remembered}`);
    await pause(10);
  }
}

function probeOf(cluster: BenchCluster, index: number): KeptConnection {
  const http = cluster.workers[index]?.ports.find(({ purpose }) => purpose.includes("(http)"));
  return new KeptConnection(http?.port ?? 0);
}

function targetOf(index: number): string {
  return `/services/${serviceName(index)}`;
}
