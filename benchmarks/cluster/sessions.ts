/**
 * The part "sessions" of `npm run bench:cluster`: the shared session table, on two real processes: memory of a million sessions, time until a session is seen on
 * the other gateway, time until a restarted gateway has the table back.
 * Run: ./bin/fitting-node benchmarks/cluster/sessions.ts [number of sessions]
 */
import { type ChildProcess, fork } from "node:child_process";
import { createSocket } from "node:dgram";
import { fileURLToPath } from "node:url";
import { type Figure, quantile, report as reportFigure } from "./figure.ts";
import type { Order, Report } from "./session-gateway.ts";

const COUNT = Number(process.argv[2] ?? 1_000_000);
/** Port of a Hazelcast member on this machine, of the cluster "bench-sessions"; empty: the embedded provider. */
const HAZELCAST_PORT = process.env["HAZELCAST_PORT"] ?? "";
const PROBES = 500;
const WAIT_MS_MAX = 120_000;
const LIMITS = { memoryMb: 300, visibleMs: 100, restartMs: 3_000 } as const;

class Gateway {
  readonly #child: ChildProcess;
  readonly #waiting = new Set<(report: Report) => void>();

  constructor(port: number, other: number) {
    const file = fileURLToPath(new URL("session-gateway.ts", import.meta.url));
    this.#child = fork(file, [String(port), String(other), HAZELCAST_PORT], {
      execArgv: ["--expose-gc"],
    });
    this.#child.on("message", (report: Report) => {
      for (const waiting of this.#waiting) waiting(report);
    });
  }

  send(order: Order): void {
    this.#child.send(order);
  }

  /** The next report that `take` wants. */
  until<Value>(take: (report: Report) => Value | undefined): Promise<Value> {
    const { promise, resolve, reject } = Promise.withResolvers<Value>();
    const timer = setTimeout(() => reject(new Error("no report in time")), WAIT_MS_MAX);
    const waiting = (report: Report): void => {
      const value = take(report);
      if (value === undefined) return;
      clearTimeout(timer);
      this.#waiting.delete(waiting);
      resolve(value);
    };
    this.#waiting.add(waiting);
    return promise;
  }

  look(collect = false) {
    const looked = this.until((report) => (report.kind === "looked" ? report : undefined));
    this.send({ kind: "look", collect });
    return looked;
  }

  async ready(): Promise<void> {
    await this.until((report) => (report.kind === "ready" ? true : undefined));
  }

  async kill(): Promise<void> {
    const ended = new Promise<void>((resolve) => void this.#child.once("exit", () => resolve()));
    this.#child.kill("SIGKILL");
    await ended;
  }
}

async function freePort(): Promise<number> {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => void socket.bind(0, "127.0.0.1", resolve));
  const { port } = socket.address();
  socket.close();
  return port;
}

async function untilSize(gateway: Gateway, size: number, everyMs: number): Promise<void> {
  while ((await gateway.look()).size < size) await new Promise((go) => setTimeout(go, everyMs));
}

async function measureVisibility(
  from: Gateway,
  to: Gateway,
  name: string,
): Promise<readonly number[]> {
  const times: number[] = [];
  to.send({ kind: "watch", on: true });
  for (let count = 0; count < PROBES; count++) {
    const key = `probe-${name}-${count}`;
    const made = from.until((report) =>
      report.kind === "made" && report.key === key ? report.atMs : undefined,
    );
    const seen = to.until((report) =>
      report.kind === "seen" && report.key === key ? report.atMs : undefined,
    );
    from.send({ kind: "probe", key });
    times.push((await seen) - (await made));
  }
  to.send({ kind: "watch", on: false });
  return times;
}

function line(what: string, value: number, unit: Figure["unit"], limit?: number): void {
  reportFigure({ what, value, unit, ...(limit === undefined ? {} : { limit }) });
}

const [portA, portB] = [await freePort(), await freePort()];
const first = new Gateway(portA, portB);
await first.ready();
let second = new Gateway(portB, portA);
try {
  await second.ready();
  const [emptyA, emptyB] = [await first.look(true), await second.look(true)];
  const quiet = await measureVisibility(first, second, "quiet");
  line("a session is visible on the other gateway, quiet, p50", quantile(quiet, 0.5), "ms");
  line(
    "a session is visible on the other gateway, quiet, p99",
    quantile(quiet, 0.99),
    "ms",
    LIMITS.visibleMs,
  );

  const filled = first.until((report) => (report.kind === "filled" ? report.ms : undefined));
  first.send({ kind: "fill", from: 0, count: COUNT });
  line(`${COUNT} sessions made on one gateway`, await filled, "ms");
  const settledMs = Date.now();
  await untilSize(second, COUNT, 100);
  line("then until all are on the other one", Date.now() - settledMs, "ms");
  const megabytes = (bytes: number): number => bytes / 1024 / 1024;
  const [fullA, fullB] = [await first.look(true), await second.look(true)];
  const growth = [fullA.rssBytes - emptyA.rssBytes, fullB.rssBytes - emptyB.rssBytes].map(
    megabytes,
  );
  line("memory of the sessions where they were made", growth[0] ?? 0, "MB", LIMITS.memoryMb);
  line("memory of the sessions where they arrived", growth[1] ?? 0, "MB", LIMITS.memoryMb);
  line("whole process where they arrived", megabytes(fullB.rssBytes), "MB");
  const full = await measureVisibility(second, first, "full");
  line(
    "a session is visible on the other gateway, full table, p99",
    quantile(full, 0.99),
    "ms",
    LIMITS.visibleMs,
  );

  await second.kill();
  const restartedMs = Date.now();
  second = new Gateway(portB, portA);
  await second.ready();
  const joinedMs = Date.now();
  const joined = await second.look();
  await untilSize(second, COUNT, 20);
  line("a killed gateway: start of the process until it has joined", joinedMs - restartedMs, "ms");
  line("joined until the whole table is back", Date.now() - joinedMs, "ms", LIMITS.restartMs);
  const back = await second.look();
  line("processor time that this took the restarted gateway", back.cpuMs - joined.cpuMs, "ms");
} finally {
  await Promise.all([first.kill(), second.kill()]);
}
