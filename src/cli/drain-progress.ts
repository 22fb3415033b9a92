/**
 * Follows what a manager does with workers that drain or restart, and prints it line by line: node, phase, sessions, the
 * oldest, seconds left. Only shows: the manager goes on when the command is ended.
 */
import { AppError } from "../errors/app-error.ts";
import { type Clock, sleep } from "../runtime/clock.ts";
import { askManager, errorOf, type ManagerAccess, type ManagerAnswer } from "./manager-client.ts";

const ASK_INTERVAL_MS = 500;
/** A line without news at least so often. */
const LINE_INTERVAL_MS = 5_000;

/** What the manager tells of one node; docs/management-api.md describes the fields. */
export interface DrainRow {
  readonly name: string;
  readonly phase: string;
  readonly sessions: number;
  readonly oldestSeconds: number;
  readonly isComplete: boolean;
  readonly secondsLeft: number;
  readonly reason: string | null;
}

export interface DrainingAnswer {
  readonly list: readonly DrainRow[];
  readonly rolling: {
    readonly phase: string;
    readonly nodes: readonly string[];
    readonly done: number;
    readonly reason: string | null;
  } | null;
}

/** Sends an order. @throws AppError with the manager's sentence. */
export async function order(access: ManagerAccess, path: string, body?: object): Promise<void> {
  const payload = body && {
    contentType: "application/json",
    body: Buffer.from(JSON.stringify(body)),
  };
  check(await askManager(access, { method: "POST", path, ...payload }));
}

/** The path of an order to one node. */
export function nodePath(name: string, verb: string): string {
  return `/management/nodes/${encodeURIComponent(name)}/${verb}`;
}

/** "worker-1      draining   12 sessions  oldest 340 s  412 s left". */
export function drainLine(row: DrainRow): string {
  const { name, phase, sessions, oldestSeconds, isComplete, secondsLeft, reason } = row;
  const counted = `${sessions}${isComplete ? "" : "+?"} ${sessions === 1 ? "session" : "sessions"}`;
  const counts =
    phase === "draining" ? [counted, `oldest ${oldestSeconds} s`, `${secondsLeft} s left`] : [];
  const words = [
    name.padEnd(16),
    phase.padEnd(10),
    ...counts,
    ...(reason === null ? [] : [reason]),
  ];
  return words.join("  ").trimEnd();
}

/** Prints a node's progress until it is over or drained. @returns the exit status. */
export async function followNode(
  access: ManagerAccess,
  name: string,
  clock: Clock,
): Promise<number> {
  const lines = new Lines(clock);
  for (;;) {
    const row = (await askDraining(access)).list.find((one) => one.name === name);
    if (!row) throw lost(name);
    lines.show(row);
    if (["drained", "stopped", "restarted", "resumed"].includes(row.phase)) return 0;
    if (row.phase === "failed") return 1;
    await sleep(clock, ASK_INTERVAL_MS);
  }
}

/** Prints a rolling restart until it is over. @returns the exit status. */
export async function followRolling(access: ManagerAccess, clock: Clock): Promise<number> {
  const lines = new Lines(clock);
  for (;;) {
    const { rolling, list } = await askDraining(access);
    if (!rolling) throw lost("the rolling restart");
    const begun = rolling.nodes.slice(0, rolling.done + 1);
    for (const row of list) if (begun.includes(row.name)) lines.show(row);
    if (rolling.phase === "done") {
      console.log(`all ${rolling.nodes.length} workers were restarted`);
      return 0;
    }
    if (rolling.phase === "failed") {
      const left = rolling.nodes.slice(rolling.done + 1).join(", ");
      const others = left === "" ? "" : `; not restarted: ${left}`;
      console.error(`the rolling restart has ended: ${rolling.reason ?? "no reason"}${others}`);
      return 1;
    }
    await sleep(clock, ASK_INTERVAL_MS);
  }
}

async function askDraining(access: ManagerAccess): Promise<DrainingAnswer> {
  const answer = await askManager(access, { method: "GET", path: "/management/draining" });
  check(answer);
  return answer.body as DrainingAnswer;
}

function check({ status, body }: ManagerAnswer): void {
  if (status >= 200 && status < 300) return;
  const reason = errorOf(body) ?? `the manager answers with status ${status}`;
  throw new AppError("REQUEST_INVALID", reason);
}

function lost(what: string): AppError {
  const message = `the manager knows nothing of ${what} any more: it was started again; \`bascule status\` shows what the nodes do`;
  return new AppError("RESOURCE_UNKNOWN", message);
}

/** Prints a row when it says something else than before, and now and then. */
class Lines {
  readonly #clock: Clock;
  readonly #shown = new Map<string, { readonly news: string; readonly atMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  show(row: DrainRow): void {
    const { name, phase, sessions, reason } = row;
    const news = `${phase} ${sessions} ${reason ?? ""}`;
    const before = this.#shown.get(name);
    const nowMs = this.#clock.monotonicMs();
    const isOld = phase === "draining" && nowMs - (before?.atMs ?? 0) >= LINE_INTERVAL_MS;
    if (before?.news === news && !isOld) return;
    this.#shown.set(name, { news, atMs: nowMs });
    console.log(drainLine(row));
  }
}
