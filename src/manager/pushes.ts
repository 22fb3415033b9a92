/**
 * The manager's repository as others use it (`api/repository.ts`), and what follows a push: the manager looks at `main`
 * at once, and whoever pushed reads what became of it, in the words of the journal.
 */
import { join } from "node:path";
import type { NodeConfig } from "../config/node-config.ts";
import type { DeploymentPublisher } from "../depsync/deployment-repository.ts";
import { HttpBackend } from "../depsync/http-backend/http-backend.ts";
import { messageOf } from "../errors/app-error.ts";
import type { Log } from "../observability/log.ts";
import { type Clock, sleep } from "../runtime/clock.ts";
import type { ServedRepository } from "./api/repository.ts";
import type { Deployment, Journal } from "./store/journal.ts";

/** Between two looks at what becomes of a push, and how many: a deploy before it may take a while. */
const LOOK_MS = 250;
const LOOKS_MAX = 240;
/** Problems that a client is told; the rest is in the journal. */
const PROBLEMS_MAX = 10;
/** Journal rows that are looked through for the one of the push. */
const ROWS_MAX = 20;

export interface ServingOptions {
  readonly config: Pick<NodeConfig, "home">;
  readonly publisher: DeploymentPublisher;
  readonly clock: Clock;
}

interface Core {
  /** Resolves when what people have pushed was deployed or refused. */
  readonly deployments: { lookAtMain(): Promise<unknown> };
}

/** Undefined: the manager's repository is a remote one. */
export function serveRepository(
  { config, publisher, clock }: ServingOptions,
  { deployments }: Core,
  journal: Pick<Journal, "list">,
  log: Log,
): ServedRepository | undefined {
  const { own } = publisher;
  if (!own) return undefined;
  const backend = new HttpBackend({
    repository: own,
    spoolFolder: join(config.home, "repository", "depsync", "pushes"),
    log: log.child("Repository"),
    clock,
  });
  return {
    backend,
    async afterPush(user, say) {
      try {
        say("The manager looks at what you have pushed ...");
        await deployments.lookAtMain();
        // A look that was under way already, or waits in line, takes the push in.
        for (let looks = 0; looks < LOOKS_MAX && !(await isSettled(publisher, journal)); looks += 1)
          await sleep(clock, LOOK_MS);
        for (const line of await outcomeOf(publisher, journal)) say(line);
      } catch (error) {
        log.error(`A push of ${user} could not be looked at: ${messageOf(error)}`);
        say(`It was not deployed: ${messageOf(error)}`);
      }
    },
  };
}

type Refs = Pick<DeploymentPublisher, "refs" | "isAncestor">;
type Rows = Pick<Journal, "list">;

/** Whether `main` is live, or the journal says why it is not. */
async function isSettled(publisher: Refs, journal: Rows): Promise<boolean> {
  const { main, live } = await publisher.refs();
  if (main === undefined || main === live) return true;
  const row = await rowOf(main, journal);
  return row === undefined
    ? live !== undefined && publisher.isAncestor(main, live)
    : row.outcome !== "pending";
}

async function rowOf(commit: string, journal: Rows): Promise<Deployment | undefined> {
  return (await journal.list(ROWS_MAX)).find((row) => row.commit === commit);
}

/** What became of `main`, in lines for whoever pushed it. */
export async function outcomeOf(publisher: Refs, journal: Rows): Promise<readonly string[]> {
  const { main, live } = await publisher.refs();
  if (main === undefined) return [];
  const row = await rowOf(main, journal);
  if (live !== undefined && (await publisher.isAncestor(main, live)))
    return [`${main.slice(0, 12)} is live: the cluster runs it.`, ...(row?.notes ?? [])];
  const shown = live === undefined ? "nothing" : live.slice(0, 12);
  return [
    `${main.slice(0, 12)} was not deployed; ${shown} stays live.`,
    ...(row ? refusalOf(row) : []),
    "Push a commit that mends it on top; a commit of somebody whom the cluster does not know is tried again by `bascule signers add`, and one that is not signed is left out by the next deploy: fetch main then, and start again from it.",
  ];
}

function refusalOf({ id, problems }: Deployment): readonly string[] {
  const shown = problems
    .slice(0, PROBLEMS_MAX)
    .map(({ file, line, message }) => (line === 0 ? message : `${file}:${line}: ${message}`));
  const more = problems.length - shown.length;
  return [
    ...shown,
    ...(more > 0 ? [`and ${more} more problems`] : []),
    `It is deployment ${id} of the journal.`,
  ];
}
