/**
 * `npm run bench:engine -- --soak 10m`: a worker under a low, constant load of many kinds of services, and what its memory does
 * meanwhile. Not a measurement of speed: nothing is bound to a CPU. Called by run.ts.
 */
import { type ChildProcess, fork } from "node:child_process";
import { createReadStream, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { Agent, createServer, request } from "node:http";
import { connect, type AddressInfo, createServer as createPort } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describeMachine } from "../gateway/machine.ts";
import { asText } from "../gateway/report.ts";
import { orderOf } from "./messages.ts";
import { SOAK_SERVICES, type SoakService, soakArtifacts } from "./soak-services.ts";

const PER_SECOND = 200;
const TICK_MS = 20;
/** Compilers, pools and caches have grown by then. */
const SETTLED_MINUTES = 2;

interface Counts {
  sent: number;
  good: number;
  readonly faults: Map<string, number>;
}

interface MemorySample extends NodeJS.MemoryUsage {
  readonly minute: number;
}

/** @returns the exit status: 0 when every answer was right. */
export async function soak(minutes: number): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "bascule-soak-"));
  const backend = await startBackend();
  const worker = await startWorker(folder, backend.url);
  const ended = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => ended.abort());
  try {
    console.log([new Date().toISOString().slice(0, 10), ...describeMachine()].join("\n"));
    const counts: Counts = { sent: 0, good: 0, faults: new Map() };
    const agent = new Agent({ keepAlive: true, maxSockets: 64 });
    for (const service of SOAK_SERVICES)
      count(counts, service, await ask(worker.port, agent, service));
    if (counts.faults.size > 0) return report([], counts);
    const load = runLoad(worker.port, agent, counts, ended.signal);
    const samples = await watch(worker.child, minutes, ended.signal);
    ended.abort();
    await load;
    agent.destroy();
    return report(samples, counts);
  } finally {
    worker.child.kill("SIGKILL");
    backend.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function startBackend(): Promise<{ readonly url: string; close(): void }> {
  const answer = orderOf(1_024);
  const server = createServer((incoming, response) => {
    incoming.resume();
    incoming.on("end", () => {
      response.setHeader("Content-Type", "text/xml; charset=UTF-8");
      response.end(answer);
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/`, close: () => server.close().closeAllConnections() };
}

interface SoakWorker {
  readonly child: ChildProcess;
  readonly port: number;
}

async function startWorker(folder: string, backend: string): Promise<SoakWorker> {
  const file = join(folder, "synapse.xml");
  writeFileSync(file, soakArtifacts(backend));
  const port = await freePort();
  const output = openSync(join(folder, "output.log"), "w");
  const child = fork(
    join(import.meta.dirname, "programs", "soak-worker.ts"),
    [String(port), file],
    { execArgv: ["--expose-gc"], stdio: ["ignore", output, output, "ipc"] },
  );
  for (let tries = 0; tries < 200; tries += 1) {
    if (await isListening(port)) return { child, port };
    if (child.exitCode !== null) break;
    await sleep(50);
  }
  child.kill("SIGKILL");
  for await (const chunk of createReadStream(join(folder, "output.log")))
    process.stderr.write(chunk);
  throw new Error("the worker does not listen");
}

async function freePort(): Promise<number> {
  const server = createPort();
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => void server.close(resolve));
  return port;
}

function isListening(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect(port, "127.0.0.1");
  socket.once("connect", () => resolve(true));
  socket.once("error", () => resolve(false));
  return promise.finally(() => socket.destroy());
}

/** As many requests as are due by now, the services in turn; answers are not waited for. */
async function runLoad(
  port: number,
  agent: Agent,
  counts: Counts,
  signal: AbortSignal,
): Promise<void> {
  const beganMs = performance.now();
  const pending = new Set<Promise<void>>();
  let sent = 0;
  while (!signal.aborted) {
    const due = Math.floor(((performance.now() - beganMs) / 1000) * PER_SECOND);
    for (; sent < due; sent += 1) {
      const service = SOAK_SERVICES[sent % SOAK_SERVICES.length];
      if (!service) continue;
      const work = ask(port, agent, service).then(
        (fault) => count(counts, service, fault),
        (error: unknown) => count(counts, service, String(error)),
      );
      pending.add(work);
      void work.finally(() => pending.delete(work));
    }
    await sleep(TICK_MS);
  }
  await Promise.all(pending);
}

function count(counts: Counts, { name }: SoakService, fault: string | undefined): void {
  counts.sent += 1;
  if (fault === undefined) counts.good += 1;
  else counts.faults.set(`${name}: ${fault}`, (counts.faults.get(`${name}: ${fault}`) ?? 0) + 1);
}

/** Undefined: the answer is right. */
async function ask(port: number, agent: Agent, service: SoakService): Promise<string | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<string | undefined>();
  const { headers, body, expects, name } = service;
  const options = { port, host: "127.0.0.1", agent, method: "POST", path: `/services/${name}` };
  const call = request({ ...options, headers, timeout: 30_000 }, (response) => {
    const chunks: Buffer[] = [];
    response.on("data", (chunk: Buffer) => void chunks.push(chunk));
    response.on("error", reject);
    response.on("end", () => {
      const text = Buffer.concat(chunks).toString();
      const isRight = response.statusCode === 200 && expects.test(text);
      resolve(isRight ? undefined : `${response.statusCode} ${text.slice(0, 100)}`);
    });
  });
  call.on("timeout", () => call.destroy(new Error("no answer within 30 s")));
  call.on("error", reject);
  call.end(body);
  return promise;
}

async function watch(
  child: ChildProcess,
  minutes: number,
  signal: AbortSignal,
): Promise<readonly MemorySample[]> {
  const samples: MemorySample[] = [];
  const beganMs = performance.now();
  for (let minute = 1; minute <= minutes && !signal.aborted; minute += 1) {
    await sleep(beganMs + minute * 60_000 - performance.now(), undefined, { signal }).catch(
      () => {},
    );
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error("the worker has ended");
    const memory = await memoryOf(child);
    samples.push({ minute, ...memory });
    const { rss, heapUsed, external } = memory;
    console.log(
      `minute ${minute}: RSS ${mb(rss)}, heap used ${mb(heapUsed)}, external ${mb(external)} MB`,
    );
  }
  return samples;
}

function memoryOf(child: ChildProcess): Promise<NodeJS.MemoryUsage> {
  const { promise, resolve } = Promise.withResolvers<NodeJS.MemoryUsage>();
  child.once("message", (memory) => resolve(memory as NodeJS.MemoryUsage));
  child.send("memory");
  return promise;
}

function report(samples: readonly MemorySample[], counts: Counts): number {
  const settled = samples.find(({ minute }) => minute === SETTLED_MINUTES) ?? samples[0];
  const last = samples.at(-1);
  if (settled && last) {
    const rows = (["rss", "heapUsed", "external", "arrayBuffers"] as const).map((name) => [
      name,
      mb(settled[name]),
      mb(last[name]),
      mb(last[name] - settled[name]),
    ]);
    const head = ["MB", `minute ${settled.minute}`, `minute ${last.minute}`, "growth"];
    console.log(asText([head, ...rows]));
  }
  console.log(`${counts.good} of ${counts.sent} answers were right`);
  for (const [fault, times] of counts.faults) console.log(`FAULT ${times} times ${fault}`);
  return counts.faults.size === 0 ? 0 : 1;
}

function mb(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1);
}
