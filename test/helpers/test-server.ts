/** Debian's redis-server and rabbitmq-server for tests: on loopback, in a folder of their own, ended with the test. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const REDIS = "/usr/bin/redis-server";
export const RABBITMQ = "/usr/lib/rabbitmq/bin/rabbitmq-server";

/** For `test(.., { skip })`: why the tests of a server cannot run here, or false. */
export function missing(program: string): string | false {
  return existsSync(program) ? false : `${program} is not installed`;
}

export interface TestServer {
  readonly port: number;
  stop(): Promise<void>;
}

export async function startRedis(port?: number): Promise<TestServer> {
  const folder = await mkdtemp(join(tmpdir(), "bascule-redis-"));
  const own = port ?? (await freePort());
  const child = spawn(
    REDIS,
    ["--port", String(own), "--bind", "127.0.0.1", "--save", "", "--dir", folder],
    { stdio: "ignore" },
  );
  await untilListening(own, child, 10_000);
  return {
    port: own,
    stop: async () => {
      await ended(child);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Takes about six seconds. */
export async function startRabbitMq(): Promise<TestServer> {
  const folder = await mkdtemp(join(tmpdir(), "bascule-rabbitmq-"));
  const [port, distPort, epmdPort] = [await freePort(), await freePort(), await freePort()];
  await mkdir(join(folder, "home"));
  await writeFile(join(folder, "rabbitmq.conf"), `listeners.tcp.1 = 127.0.0.1:${port}\n`);
  const child = spawn(RABBITMQ, [], {
    stdio: "ignore",
    detached: true,
    env: {
      PATH: process.env["PATH"],
      HOME: join(folder, "home"),
      RABBITMQ_NODENAME: `bascule${port}@localhost`,
      RABBITMQ_MNESIA_BASE: join(folder, "data"),
      RABBITMQ_LOG_BASE: join(folder, "log"),
      RABBITMQ_CONFIG_FILE: join(folder, "rabbitmq.conf"),
      RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, "plugins"),
      RABBITMQ_DIST_PORT: String(distPort),
      ERL_EPMD_ADDRESS: "127.0.0.1",
      ERL_EPMD_PORT: String(epmdPort),
    },
  });
  await untilListening(port, child, 60_000);
  return {
    port,
    stop: async () => {
      // The script, the virtual machine and what they started are one process group.
      await ended(child, true);
      await endEpmd(epmdPort);
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** epmd leaves its parent's group; it ends by its own command on its own port, once it has seen that its node is gone. */
async function endEpmd(port: number): Promise<void> {
  const env = { PATH: process.env["PATH"], ERL_EPMD_PORT: String(port) };
  for (let tries = 0; tries < 20 && (await isListening(port)); tries += 1) {
    const child = spawn("epmd", ["-kill"], { stdio: "ignore", env });
    await new Promise<void>((resolve) => {
      child.once("exit", () => resolve());
      child.once("error", () => resolve());
    });
    await new Promise((resolve) => void setTimeout(resolve, 50));
  }
}

async function ended(child: ChildProcess, group = false): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.once("exit", () => resolve());
  if (group && child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  else child.kill("SIGKILL");
  await promise;
}

/** A port that nobody has at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => void server.close(resolve));
  return typeof address === "object" && address ? address.port : 0;
}

async function untilListening(port: number, child: ChildProcess, ms: number): Promise<void> {
  const endMs = Date.now() + ms;
  while (Date.now() < endMs) {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}`);
    if (await isListening(port)) return;
    await new Promise((resolve) => void setTimeout(resolve, 50));
  }
  throw new Error(`nothing listens on ${port} after ${ms} ms`);
}

function isListening(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect(port, "127.0.0.1");
  socket.once("connect", () => resolve(true));
  socket.once("error", () => resolve(false));
  return promise.finally(() => socket.destroy());
}
