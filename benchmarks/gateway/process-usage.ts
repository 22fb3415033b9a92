/**
 * CPU time and resident memory of a process and all its descendants (nginx's workers) from /proc, see
 * proc_pid_stat(5), and the check that every thread of them is bound to the CPU that it was given. The text
 * readers are pure; `usageOf` and `unboundThreads` read the machine's files.
 */
import { readFileSync, readdirSync } from "node:fs";

/** What the kernel counts in: USER_HZ, 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

export interface ProcessStat {
  readonly pid: number;
  readonly parent: number;
  /** User and system time of all threads, in seconds; steps of 10 ms. */
  readonly cpuSeconds: number;
}

export interface Usage {
  readonly cpuSeconds: number;
  readonly rssBytes: number;
}

/** Reads /proc/PID/stat. The name in parentheses may hold spaces and parentheses itself. */
export function parseStat(text: string): ProcessStat {
  const afterName = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const ticks = Number(afterName[11]) + Number(afterName[12]);
  return {
    pid: Number.parseInt(text, 10),
    parent: Number(afterName[1]),
    cpuSeconds: ticks / TICKS_PER_SECOND,
  };
}

/** Reads `VmRSS` of /proc/PID/status; 0 when there is none, as of a kernel thread. */
export function parseRss(text: string): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(text)?.[1] ?? 0) * 1024;
}

/** Reads `Cpus_allowed_list` of a status file: "0", "0-1", "0,2-3". */
export function parseAllowedCpus(text: string): readonly number[] {
  const list = /^Cpus_allowed_list:\s+(\S+)$/m.exec(text)?.[1] ?? "";
  if (list === "") return [];
  return list.split(",").flatMap((range) => {
    const [first = Number.NaN, last = first] = range.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, n) => first + n);
  });
}

/** The process and its descendants, out of a list of all processes. */
export function familyOf(pid: number, all: readonly ProcessStat[]): readonly ProcessStat[] {
  const own = all.filter((process) => process.pid === pid);
  const children = all.filter(({ parent }) => parent === pid);
  return [...own, ...children.flatMap((child) => familyOf(child.pid, all))];
}

export function readFamily(pid: number): readonly ProcessStat[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  const stats = pids.flatMap((name) => {
    const text = readOrEmpty(`/proc/${name}/stat`);
    return text === "" ? [] : [parseStat(text)];
  });
  return familyOf(pid, stats);
}

/** @throws Error when the process is gone. */
export function usageOf(pid: number): Usage {
  const family = readFamily(pid);
  if (family.length === 0) throw new Error(`process ${pid} ended while it was measured`);
  const rss = family.map((process) => parseRss(readOrEmpty(`/proc/${process.pid}/status`)));
  return {
    cpuSeconds: family.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
    rssBytes: rss.reduce((sum, bytes) => sum + bytes, 0),
  };
}

/** Threads of the process and its descendants that may run elsewhere than on the CPU; empty when all are bound. */
export function unboundThreads(pid: number, cpu: number): readonly string[] {
  return readFamily(pid).flatMap((process) =>
    readdirSync(`/proc/${process.pid}/task`).flatMap((thread) => {
      const status = readOrEmpty(`/proc/${process.pid}/task/${thread}/status`);
      const allowed = parseAllowedCpus(status);
      return status === "" || allowed.every((number) => number === cpu)
        ? []
        : [`thread ${thread} of process ${process.pid} may run on CPU ${allowed.join(", ")}`];
    }),
  );
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return "";
  }
}
