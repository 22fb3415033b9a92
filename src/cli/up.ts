/**
 * `bascule up`: the whole cluster on one machine from one command. Writes what is missing under DIR (homes,
 * certificates, sample), starts every node as a process of its own, shows where things are, then the
 * nodes' logs until Ctrl-C or `bascule down`.
 */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { shellWord } from "../config/shell-word.ts";
import { AppError, messageOf } from "../errors/app-error.ts";
import { systemClock } from "../runtime/clock.ts";
import { PACKAGE_ROOT } from "../runtime/product.ts";
import type { Command } from "./command.ts";
import { untilOutputClosed } from "./lost-output.ts";
import { untilStopped } from "./stop-signals.ts";
import {
  type ClusterFacts,
  controlSocketPath,
  makeClusterFolder,
  readClusterFacts,
  writeClusterFacts,
} from "./up/cluster-folder.ts";
import {
  type ClusterPlan,
  OFFSET_MAX,
  planCluster,
  type PlannedNode,
  WORKERS_MAX,
} from "./up/cluster-plan.ts";
import { clusterStatus } from "./up/cluster-status.ts";
import { ConsoleOutput, wantsColour } from "./up/console-output.ts";
import { askControl, ControlServer } from "./up/control.ts";
import { writeFirstCertificates } from "./up/first-certificates.ts";
import { registerHomes } from "./up/first-registrations.ts";
import { busyPortsText, checkPorts } from "./up/port-check.ts";
import { isRunning, ownCommand, Supervisor } from "./up/supervisor.ts";
import { readyText, welcomeText } from "./up/welcome.ts";
import { writeHomes } from "./up/write-homes.ts";

const USAGE = `Usage: bascule up [--dir DIR] [--workers N] [--offset N] [--sample | --no-sample]

Runs a gateway, a manager and N workers on this machine, each with a home folder
under DIR that is made on the first start and never overwritten.

  --dir DIR      where the homes are (default: .bascule)
  --workers N    how many workers, 1 to ${WORKERS_MAX} (default: 2, or as many as DIR was made with)
  --offset N     added to every port, 0 to ${OFFSET_MAX} (default: 0; fixed once DIR is made)
  --no-sample    without StockQuoteProxy and its backend; later starts of DIR remember it
  --sample       with them again`;

interface UpOptions {
  readonly dir: string;
  readonly workers: number | undefined;
  readonly offset: number | undefined;
  /** Undefined: as the folder was made. */
  readonly sample: boolean | undefined;
}

export const upCommand: Command = {
  usage: USAGE,
  async run(args) {
    const options = parseUpOptions(args);
    const { dir } = options;
    if ((await askControl(controlSocketPath(dir), "GET", "/status")) !== undefined) {
      throw upAlready(dir);
    }
    const before = readClusterFacts(dir);
    const facts = factsFor(options, before);
    const plan = planCluster({ dir, ...facts });
    const removeFolder = makeClusterFolder(dir);
    const cluster = await claimCluster(plan);
    try {
      await prepare(plan, facts, before === undefined);
      await runCluster(cluster, plan, facts.sample);
    } finally {
      await cluster.control.close();
      removeFolder();
    }
    return 0;
  },
};

function upAlready(dir: string): AppError {
  const advice = "`bascule status` shows it, `bascule down` stops it";
  return new AppError("CLUSTER_RUNNING", `the cluster in ${dir} is up already; ${advice}`);
}

function parseUpOptions(args: readonly string[]): UpOptions {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        dir: { type: "string", default: ".bascule" },
        workers: { type: "string" },
        offset: { type: "string" },
        sample: { type: "boolean" },
        "no-sample": { type: "boolean" },
      },
    });
    return {
      dir: resolve(values.dir),
      workers: parseCount("--workers", values.workers, 1, WORKERS_MAX),
      offset: parseCount("--offset", values.offset, 0, OFFSET_MAX),
      sample: parseSample(values.sample === true, values["no-sample"] === true),
    };
  } catch (error) {
    throw error instanceof AppError ? error : new AppError("USAGE", messageOf(error));
  }
}

function parseSample(isWanted: boolean, isUnwanted: boolean): boolean | undefined {
  if (isWanted && isUnwanted)
    throw new AppError("USAGE", "--sample and --no-sample exclude each other");
  return isWanted || isUnwanted ? isWanted : undefined;
}

function parseCount(
  flag: string,
  text: string | undefined,
  min: number,
  max: number,
): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < min || value > max) {
    throw new AppError(
      "USAGE",
      `${flag} takes a whole number from ${min} to ${max}, not "${text}"`,
    );
  }
  return value;
}

/** The flags beside what an existing cluster was made with: its offset cannot change, its workers can. */
function factsFor(options: UpOptions, before: ClusterFacts | undefined): ClusterFacts {
  const { dir, workers, offset, sample } = options;
  if (before && offset !== undefined && offset !== before.offset) {
    const made = `the cluster in ${dir} was made with --offset ${before.offset}, and its files hold those ports`;
    throw new AppError("USAGE", `${made}; use another folder: --dir OTHER --offset ${offset}`);
  }
  return {
    workers: workers ?? before?.workers ?? 2,
    offset: offset ?? before?.offset ?? 0,
    sample: sample ?? before?.sample ?? true,
  };
}

async function prepare(plan: ClusterPlan, facts: ClusterFacts, isNew: boolean): Promise<void> {
  if (isNew) {
    await checkPorts(plan, (offset) => planCluster({ dir: plan.dir, ...facts, offset }));
    console.log(`Making a new cluster in ${plan.dir} ...`);
  }
  writeClusterFacts(plan.dir, facts);
  const written = writeHomes(plan, facts.sample);
  const say = (sentence: string): void => console.log(sentence);
  await writeFirstCertificates(plan, systemClock.wallMs(), say);
  await registerHomes(plan, say);
  if (written > 0) console.log(`Wrote ${written} configuration files and the first certificates`);
}

interface ClaimedCluster {
  readonly supervisor: Supervisor;
  readonly output: ConsoleOutput;
  readonly control: ControlServer;
  /** Resolves when `bascule down` asks for a stop. */
  readonly asked: Promise<"down">;
}

/** From here on this process is the only `up` of DIR; no node runs yet. @throws AppError when another one is. */
async function claimCluster(plan: ClusterPlan): Promise<ClaimedCluster> {
  const colour = wantsColour(process.env, process.stdout.isTTY);
  const output = new ConsoleOutput(plan.nodes, colour);
  const asked = Promise.withResolvers<"down">();
  const supervisor = new Supervisor({
    nodes: plan.nodes,
    command: ownCommand(PACKAGE_ROOT),
    clock: systemClock,
    onLine: (node, line) => output.nodeLine(node, line),
    onState: (node, state) => {
      if (state !== "starting") output.say(`  ${node.name}: ${state}`);
    },
    onEnd: (node, how) => void reportEnd(output, node, how),
  });
  const control = await ControlServer.claim(controlSocketPath(plan.dir), {
    status: () => clusterStatus(supervisor.statuses, plan.urls, isRunning),
    down: () => asked.resolve("down"),
  });
  if (!control) throw upAlready(plan.dir);
  return { supervisor, output, control, asked: asked.promise };
}

async function runCluster(
  { supervisor, output, asked }: ClaimedCluster,
  plan: ClusterPlan,
  sample: boolean,
): Promise<void> {
  const startedMs = systemClock.monotonicMs();
  const stopped = Promise.race([untilStopped(), untilOutputClosed(), asked]);
  console.log(`Starting ${plan.nodes.length} nodes ...`);
  supervisor.start();
  if ((await Promise.race([supervisor.untilSettled(), stopped])) === undefined) {
    const seconds = ((systemClock.monotonicMs() - startedMs) / 1000).toFixed(1);
    output.say(readyText(supervisor.statuses, seconds));
    output.say(welcomeText(plan, supervisor.statuses, sample));
  }
  output.release();
  const reason = await stopped;
  output.say(`Stopping all nodes (${reason}) ...`);
  await supervisor.stop();
}

async function reportEnd(output: ConsoleOutput, node: PlannedNode, how: string): Promise<void> {
  const busy = await busyPortsText(node.ports);
  const restart = ["bascule", ...node.args].map(shellWord).join(" ");
  output.say(
    `${node.name} has ended (${how}); the other nodes go on. Start it again with: ${restart}`,
  );
  if (busy !== "") {
    const other = "run another cluster beside it with --dir OTHER --offset N";
    output.say(`${busy}\nStop that process, change the port in ${node.home}/conf, or ${other}`);
  }
  output.release();
}
