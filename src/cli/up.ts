/**
 * `bascule up`: the whole cluster on one machine from one command. Writes what is missing under DIR (homes,
 * certificates, sample), starts every node as a process of its own, shows where things are, then the
 * nodes' logs until Ctrl-C or `bascule down`.
 */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { AppError, messageOf } from "../errors/app-error.ts";
import { systemClock } from "../runtime/clock.ts";
import { PACKAGE_ROOT } from "../runtime/product.ts";
import type { Command } from "./command.ts";
import { untilStopped } from "./stop-signals.ts";
import {
  type ClusterFacts,
  controlSocketPath,
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
import { writeFirstSecrets } from "./up/first-certificates.ts";
import { busyPortsText, checkPorts } from "./up/port-check.ts";
import { ownCommand, Supervisor } from "./up/supervisor.ts";
import { welcomeText } from "./up/welcome.ts";
import { writeHomes } from "./up/write-homes.ts";

const USAGE = `Usage: bascule up [--dir DIR] [--workers N] [--offset N] [--no-sample]

Runs a gateway, a manager and N workers on this machine, each with a home folder
under DIR that is made on the first start and never overwritten.

  --dir DIR      where the homes are (default: .bascule)
  --workers N    how many workers, 1 to ${WORKERS_MAX} (default: 2, or as many as DIR was made with)
  --offset N     added to every port, 0 to ${OFFSET_MAX} (default: 0; fixed once DIR is made)
  --no-sample    without StockQuoteProxy and its backend`;

interface UpOptions {
  readonly dir: string;
  readonly workers: number | undefined;
  readonly offset: number | undefined;
  readonly sample: boolean;
}

export const upCommand: Command = {
  usage: USAGE,
  async run(args) {
    const options = parseUpOptions(args);
    const socket = controlSocketPath(options.dir);
    if ((await askControl(socket, "GET", "/status")) !== undefined) {
      const sentence = `the cluster in ${options.dir} is up already; \`bascule status\` shows it, \`bascule down\` stops it`;
      throw new AppError("USAGE", sentence);
    }
    const before = readClusterFacts(options.dir);
    const facts = factsFor(options, before);
    const plan = planCluster({ dir: options.dir, ...facts });
    await prepare(plan, facts, before === undefined);
    return runCluster(plan, facts.sample, socket);
  },
};

function parseUpOptions(args: readonly string[]): UpOptions {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        dir: { type: "string", default: ".bascule" },
        workers: { type: "string" },
        offset: { type: "string" },
        "no-sample": { type: "boolean", default: false },
      },
    });
    return {
      dir: resolve(values.dir),
      workers: parseCount("--workers", values.workers, 1, WORKERS_MAX),
      offset: parseCount("--offset", values.offset, 0, OFFSET_MAX),
      sample: !values["no-sample"],
    };
  } catch (error) {
    throw error instanceof AppError ? error : new AppError("USAGE", messageOf(error));
  }
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
    sample: sample && (before?.sample ?? true),
  };
}

async function prepare(plan: ClusterPlan, facts: ClusterFacts, isNew: boolean): Promise<void> {
  if (isNew) {
    await checkPorts(plan, (offset) => planCluster({ dir: plan.dir, ...facts, offset }));
    console.log(`Making a new cluster in ${plan.dir} ...`);
  }
  writeClusterFacts(plan.dir, facts);
  const written = writeHomes(plan, facts.sample);
  await writeFirstSecrets(plan);
  if (written > 0) console.log(`Wrote ${written} configuration files and the first certificates`);
}

async function runCluster(plan: ClusterPlan, sample: boolean, socket: string): Promise<number> {
  const startedMs = systemClock.monotonicMs();
  const colour = wantsColour(process.env, process.stdout.isTTY);
  const output = new ConsoleOutput(plan.nodes, colour);
  const stop = Promise.withResolvers<"down">();
  const supervisor = new Supervisor({
    nodes: plan.nodes,
    command: ownCommand(PACKAGE_ROOT),
    clock: systemClock,
    onLine: (node, line) => output.nodeLine(node, line),
    onState: (node, state) => {
      if (state !== "starting") output.say(`  ${node.name}: ${state}`);
    },
    onCrash: (node, how) => void reportCrash(output, node, how),
  });
  const control = await ControlServer.start(socket, {
    status: () => clusterStatus(supervisor.statuses, plan.urls),
    down: () => stop.resolve("down"),
  });
  const stopped = Promise.race([untilStopped(), stop.promise]);
  console.log(`Starting ${plan.nodes.length} nodes ...`);
  supervisor.start();
  if ((await Promise.race([supervisor.untilSettled(), stopped])) === undefined) {
    const seconds = ((systemClock.monotonicMs() - startedMs) / 1000).toFixed(1);
    output.say(`Ready after ${seconds} s`);
    output.say(welcomeText(plan, supervisor.statuses, sample));
  }
  output.release();
  const reason = await stopped;
  output.say(`Stopping all nodes (${reason}) ...`);
  await supervisor.stop();
  await control.close();
  return 0;
}

async function reportCrash(output: ConsoleOutput, node: PlannedNode, how: string): Promise<void> {
  const busy = await busyPortsText(node.ports);
  const restart = `bascule ${node.args.join(" ")}`;
  output.say(
    `${node.name} has ended (${how}); the other nodes go on. Start it again with: ${restart}`,
  );
  if (busy !== "") output.say(busy);
  output.release();
}
