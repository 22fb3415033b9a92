/**
 * Runs the planned nodes as processes of their own and knows their state. Children get a process group of
 * their own, so that Ctrl-C in the terminal reaches only the supervisor, which stops them in order:
 * gateway first (no new requests), then workers, manager, backend. A node that crashes is reported; the
 * others go on; one that ends to be restarted (exit status 75) is started again, one that was removed from the cluster (77) is
 * not. Nodes end by themselves when the supervisor dies (their IPC channel closes).
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { systemCodeOf } from "../../errors/app-error.ts";
import type { NodeState, NodeStatus, StatusMessage } from "../../runtime/node-status.ts";
import { type Clock, sleep } from "../../runtime/clock.ts";
import { REMOVED_STATUS } from "../../runtime/removed-status.ts";
import { RESTART_STATUS } from "../../runtime/restart-status.ts";
import type { PlannedNode } from "./cluster-plan.ts";
import { isSettled } from "./cluster-status.ts";

export interface SupervisorOptions {
  readonly nodes: readonly PlannedNode[];
  /** The executable that takes a node's `args`: Node itself and the launcher. */
  readonly command: readonly [executable: string, ...args: string[]];
  readonly clock: Clock;
  readonly onLine: (node: PlannedNode, line: string) => void;
  readonly onState: (node: PlannedNode, state: NodeState) => void;
  /** A node ended that nobody asked to end. `how`: "exit status 1", "SIGKILL", that it was removed. */
  readonly onEnd: (node: PlannedNode, how: string) => void;
}

/** How long one node may take to stop before it is killed: longer than its own deadline for its parts. */
const STOP_MS_MAX = 15_000;

const REMOVED =
  "it was removed from the cluster: before another start remove conf/trust of its home and register it";

interface RunningNode {
  readonly node: PlannedNode;
  readonly child: ChildProcess;
  readonly ended: Promise<void>;
}

export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #statuses = new Map<string, NodeStatus>();
  readonly #running = new Map<string, RunningNode>();
  #stopping: Promise<void> | undefined;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    for (const node of options.nodes) this.#statuses.set(node.name, stoppedStatus(node, "stopped"));
  }

  /** In the order of the plan. */
  get statuses(): readonly NodeStatus[] {
    return [...this.#statuses.values()];
  }

  /** Starts all nodes at once; they wait for each other where they have to. */
  start(): void {
    for (const node of this.#options.nodes) this.#spawn(node);
  }

  /** Resolves when every node is active or has failed, and the workers run the manager's revision. */
  async untilSettled(): Promise<void> {
    while (!isSettled(this.statuses) && !this.#stopping) {
      await sleep(this.#options.clock, 25);
    }
  }

  /** Stops all nodes, last of the plan first. Further calls return the same promise. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stopInOrder();
    return this.#stopping;
  }

  #spawn(node: PlannedNode): void {
    const [executable, ...args] = this.#options.command;
    mkdirSync(node.home, { recursive: true, mode: 0o750 });
    const child = spawn(executable, [...args, ...node.args], {
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      detached: true,
    });
    this.#record(node, { ...stoppedStatus(node, "starting"), pid: child.pid ?? null });
    for (const stream of [child.stdout, child.stderr]) {
      if (stream) createInterface(stream).on("line", (line) => this.#options.onLine(node, line));
    }
    child.on("message", (message) => {
      if (isStatusMessage(message)) this.#record(node, { ...message.status, name: node.name });
    });
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    child.once("error", (error) => {
      this.#options.onLine(node, `cannot be started: ${error.message}`);
      resolve();
    });
    child.once("close", (code, signal) => {
      this.#onEnd(node, code, signal);
      resolve();
    });
    this.#running.set(node.name, { node, child, ended });
  }

  #onEnd(node: PlannedNode, code: number | null, signal: string | null): void {
    this.#running.delete(node.name);
    if (code === RESTART_STATUS && !this.#stopping) {
      this.#options.onLine(node, "ended to be restarted: it is started again");
      this.#spawn(node);
      return;
    }
    this.#record(node, stoppedStatus(node, this.#stopping ? "stopped" : endState(code)));
    if (this.#stopping) return;
    const how = code === REMOVED_STATUS ? REMOVED : `exit status ${code ?? "unknown"}`;
    this.#options.onEnd(node, signal ?? how);
  }

  #record(node: PlannedNode, status: NodeStatus): void {
    const before = this.#statuses.get(node.name)?.state;
    this.#statuses.set(node.name, status);
    if (before !== status.state) this.#options.onState(node, status.state);
  }

  async #stopInOrder(): Promise<void> {
    const order = ["gateway", "worker", "standalone", "manager", "backend"] as const;
    for (const role of order) {
      const group = [...this.#running.values()].filter(({ node }) => node.role === role);
      await Promise.all(group.map((running) => this.#stopNode(running)));
    }
  }

  async #stopNode({ node, child, ended }: RunningNode): Promise<void> {
    // As in nginx: SIGQUIT lets a gateway's requests finish, SIGTERM cuts them off.
    child.kill(node.role === "gateway" ? "SIGQUIT" : "SIGTERM");
    const kill = this.#options.clock.after(STOP_MS_MAX, () => child.kill("SIGKILL"));
    await ended;
    kill.cancel();
  }
}

/** The command that starts this very program again. */
export function ownCommand(packageRoot: string): readonly [string, string] {
  return [process.execPath, join(packageRoot, "bin", "launch.cjs")];
}

/** Whether a process of this machine lives. */
export function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return systemCodeOf(error) === "EPERM";
  }
}

/** The status of a node without a process. */
export function stoppedStatus(node: PlannedNode, state: NodeState): NodeStatus {
  const { name, role } = node;
  return { name, role, state, pid: null, addresses: [], revision: null, members: [] };
}

/** Status 0: somebody asked the node itself to stop, with a signal for example. */
function endState(code: number | null): NodeState {
  if (code === REMOVED_STATUS) return "removed";
  return code === 0 ? "stopped" : "failed";
}

function isStatusMessage(message: unknown): message is StatusMessage {
  return (
    typeof message === "object" &&
    message !== null &&
    "kind" in message &&
    message.kind === "status"
  );
}
