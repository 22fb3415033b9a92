/**
 * What the benchmark needs of the machine: two CPUs, Debian's servers and load generators, free ports below
 * the range that the kernel takes for outgoing connections. And how it describes the machine in the report.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { cpus } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseAllowedCpus } from "./process-usage.ts";

export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
/** The Node that the project runs on. */
export const NODE = process.execPath;

const PORT_MIN = 20_000;
const PORT_MAX = 32_000;

/** Program and the Debian package that brings it. */
const PROGRAMS = [
  ["nginx", "nginx"],
  ["haproxy", "haproxy"],
  ["wrk", "wrk"],
  ["h2load", "nghttp2-client"],
  ["taskset", "util-linux"],
] as const;

export interface Cpus {
  /** Of the proxy under test. */
  readonly proxy: number;
  /** Of load generators, backends and the benchmark itself. */
  readonly load: number;
}

/** Debian packages that are not here. */
export function missingPackages(): readonly string[] {
  return PROGRAMS.filter(
    ([program]) => spawnSync("sh", ["-c", `command -v ${program}`]).status !== 0,
  ).map(([, debianPackage]) => debianPackage);
}

/** The first two CPUs that this process may use. @throws Error when there is only one. */
export function chooseCpus(): Cpus {
  const [proxy, load] = parseAllowedCpus(readFileSync("/proc/self/status", "latin1"));
  if (proxy === undefined || load === undefined) {
    throw new Error("the benchmark needs two CPUs: one for the proxy, one for the load");
  }
  return { proxy, load };
}

/** Binds all threads of this process; what it starts without a CPU of its own inherits that. */
export function bindSelf(cpu: number): void {
  execFileSync("taskset", ["-a", "-c", "-p", String(cpu), String(process.pid)]);
}

/** The highest number of files that one process may open. */
export function openFilesMax(): number {
  const limits = readFileSync("/proc/self/limits", "latin1");
  const hard = /^Max open files\s+\S+\s+(\S+)/m.exec(limits)?.[1];
  return hard === undefined || hard === "unlimited" ? 1_000_000 : Number(hard);
}

/** Gives ports that nobody listens on, each once. */
export class FreePorts {
  #next = PORT_MIN + (process.pid % 6_000);

  async take(): Promise<number> {
    while (this.#next < PORT_MAX) {
      const port = this.#next++;
      if (await isFree(port)) return port;
    }
    throw new Error(`no free port below ${PORT_MAX}`);
  }
}

function isFree(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const server = createServer();
  server.once("error", () => resolve(false));
  server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  return promise;
}

/** Processor, kernel and the versions of everything in the run, one line each. */
export function describeMachine(): readonly string[] {
  const firstLine = (command: string, ...args: readonly string[]): string => {
    const { stdout, stderr } = spawnSync(command, args, { encoding: "utf8" });
    return `${stdout}${stderr}`.trim().split("\n")[0] ?? "";
  };
  const model = cpus()[0]?.model.trim() ?? "unknown processor";
  const manifest: unknown = JSON.parse(
    readFileSync(join(ROOT, "node_modules", "http-proxy-3", "package.json"), "utf8"),
  );
  const version =
    typeof manifest === "object" && manifest !== null ? Reflect.get(manifest, "version") : "";
  return [
    `${cpus().length} × ${model}, Linux ${firstLine("uname", "-r")}`,
    `Node.js ${process.version}, ${firstLine("nginx", "-v").replace(" version: ", " ")}, ${firstLine("haproxy", "-v").split(" 20")[0]}, http-proxy-3 ${String(version)}`,
    `${firstLine("wrk", "-v").split(" [")[0]}, ${firstLine("h2load", "--version")}`,
  ];
}
