/** `bascule cluster members | watch | leave`: the membership as a manager sees it, and a node of this machine taken out of it. */
import { hostname } from "node:os";
import { AppError } from "../errors/app-error.ts";
import { sleep, systemClock } from "../runtime/clock.ts";
import {
  askEvents,
  askMembers,
  type ClusterMemberRow,
  eventLine,
  memberTable,
} from "./cluster-view.ts";
import type { Command } from "./command.ts";
import { MANAGER_USAGE, readManagerArguments } from "./manager-arguments.ts";
import type { ManagerAccess } from "./manager-client.ts";
import { untilStopped } from "./stop-signals.ts";
import { isRunning } from "./up/supervisor.ts";

const WATCH_INTERVAL_MS = 500;
/** A node that stops finishes its requests first. */
const LEAVE_MS_MAX = 30_000;

export const clusterCommand: Command = {
  usage: `Usage: bascule cluster members [--json] [options]
       bascule cluster watch [options]
       bascule cluster leave NAME [options]

members  the members of the cluster, oldest first; the coordinator has a star
watch    the same, then a line whenever one joins, changes its state or leaves, with the reason; until Ctrl-C
leave    takes the node NAME (or its id) out of the cluster: it takes no new requests, finishes those in
         progress, says that it leaves, and stops; it must run on this machine

${MANAGER_USAGE}`,
  async run([word = "", ...args]) {
    const json = word === "members" && args.includes("--json");
    const rest = args.filter((argument) => !(json && argument === "--json"));
    if (!["members", "watch", "leave"].includes(word)) {
      throw new AppError(
        "USAGE",
        `cluster needs one of members, watch, leave, ${word === "" ? "none was given" : `not "${word}"`}`,
      );
    }
    const { access, positionals } = await readManagerArguments(rest, process.env, (names) => {
      const wanted = word === "leave" ? "one name" : "no names";
      if (names.length !== (word === "leave" ? 1 : 0))
        throw new AppError("USAGE", `cluster ${word} takes ${wanted}`);
    });
    if (word === "members") return printMembers(access, json);
    return word === "watch" ? watch(access) : leave(access, positionals[0] ?? "");
  },
};

async function printMembers(access: ManagerAccess, json: boolean): Promise<number> {
  const members = await askMembers(access);
  console.log(json ? JSON.stringify(members, null, 2) : memberTable(members));
  return 0;
}

async function watch(access: ManagerAccess): Promise<number> {
  const stop = new AbortController();
  void untilStopped().then(() => stop.abort());
  let { since, last } = await askEvents(access, 0);
  await printMembers(access, false);
  while (!stop.signal.aborted) {
    await sleep(systemClock, WATCH_INTERVAL_MS);
    const fresh = await askEvents(access, last);
    // A manager that was started again numbers its events anew.
    const events = fresh.since === since ? fresh : await askEvents(access, 0);
    for (const event of events.list) console.log(eventLine(event));
    ({ since, last } = events);
  }
  return 0;
}

async function leave(access: ManagerAccess, name: string): Promise<number> {
  const member = memberNamed(await askMembers(access), name);
  const { processId, machine, role } = member;
  if (processId === null || machine !== hostname()) {
    const where = machine === "" ? "another machine" : machine;
    const sentence = `${member.name} runs on ${where}: run \`bascule cluster leave\` there, or stop its process`;
    throw new AppError("RESOURCE_UNKNOWN", sentence);
  }
  // As in nginx: SIGQUIT lets a gateway's requests finish, SIGTERM cuts them off.
  process.kill(processId, role === "gateway" ? "SIGQUIT" : "SIGTERM");
  const endMs = systemClock.monotonicMs() + LEAVE_MS_MAX;
  while (isRunning(processId) && systemClock.monotonicMs() < endMs) await sleep(systemClock, 50);
  if (isRunning(processId)) {
    console.log(`${member.name} still finishes requests; it leaves when they are done`);
    return 1;
  }
  console.log(`${member.name} has left the cluster`);
  return 0;
}

function memberNamed(members: readonly ClusterMemberRow[], name: string): ClusterMemberRow {
  const found = members.filter((member) => member.name === name || member.id === name);
  const [member, second] = found;
  if (member && !second) return member;
  const names = members.map((one) => one.name).join(", ");
  const reason = second
    ? `several members are called ${name}: give the id`
    : `no member is called ${name}; there are: ${names === "" ? "none, clustering is off" : names}`;
  throw new AppError("RESOURCE_UNKNOWN", reason);
}
