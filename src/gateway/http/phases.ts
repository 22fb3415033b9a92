/**
 * The ordered list of what happens to a request (ngx_http_core_module's phases): each module is one entry. The
 * log comes after the response, whatever the outcome. A new module is one file and one line here.
 */
import type { Cycle } from "../cycle.ts";
import { accessEntry } from "./modules/access-phase.ts";
import { clientCertificateEntry } from "./modules/client-certificate.ts";
import { findLocation } from "./modules/find-location.ts";
import { indexEntry } from "./modules/index-file.ts";
import { limitConnections } from "./modules/limit-conn.ts";
import { limitRequests } from "./modules/limit-req.ts";
import { proxyEntry } from "./modules/proxy-content.ts";
import { realIpEntry } from "./modules/realip.ts";
import { staticEntry } from "./modules/static.ts";
import { stubStatusEntry } from "./modules/stub-status.ts";
import { tryFilesEntry } from "./modules/try-files.ts";
import {
  type Outcome,
  type PhaseEntry,
  type PhaseName,
  type Running,
  whenAnswered,
} from "./phase.ts";
import type { RequestContext } from "./request-context.ts";
import { respondError } from "./responses.ts";
import { runRewriteSteps } from "./rewrite-script.ts";

export const PHASES: readonly PhaseEntry[] = [
  { phase: "post read", ...clientCertificateEntry },
  { phase: "post read", ...realIpEntry },
  {
    phase: "server rewrite",
    name: "rewrite",
    run: (context) => runRewriteSteps(context, context.server.steps),
  },
  { phase: "find location", name: "core", run: findLocation },
  {
    phase: "rewrite",
    name: "rewrite",
    run: (context) => runRewriteSteps(context, context.location.steps),
  },
  { phase: "preaccess", ...realIpEntry },
  { phase: "preaccess", name: "limit_req", run: limitRequests },
  { phase: "preaccess", name: "limit_conn", run: limitConnections },
  { phase: "access", ...accessEntry },
  { phase: "precontent", ...tryFilesEntry },
  { phase: "content", ...stubStatusEntry },
  { phase: "content", ...proxyEntry },
  { phase: "content", ...indexEntry },
  { phase: "content", ...staticEntry },
];

/** Runs the entries from the first one of `from` on, as far as nothing has to wait. */
export function runPhases(context: RequestContext, cycle: Cycle, from: PhaseName): Running {
  return runFrom(context, cycle, startOf(from));
}

function runFrom(context: RequestContext, cycle: Cycle, start: number): Running {
  let at = start;
  for (let entry = PHASES[at]; entry; entry = PHASES[at]) {
    const outcome = entry.run(context, cycle);
    if (outcome === "done") return undefined;
    if (typeof outcome === "object") {
      return outcome instanceof Promise ? goOnAfter(outcome, context, cycle, at) : outcome;
    }
    const next = nextOf(outcome, entry, at, context);
    if (next === undefined) return respondError(context, 500);
    at = next;
  }
  if (!context.target.path.endsWith("/")) return respondError(context, 404);
  const path = context.filePath();
  context.logError("error", `directory index of "${path}" is forbidden`);
  return respondError(context, 403);
}

async function goOnAfter(
  waiting: Promise<Outcome>,
  context: RequestContext,
  cycle: Cycle,
  at: number,
): Promise<void> {
  const outcome = await waiting;
  const entry = PHASES[at];
  if (outcome === "done" || !entry) return;
  const next = nextOf(outcome, entry, at, context);
  await (next === undefined
    ? respondError(context, 500)
    : whenAnswered(runFrom(context, cycle, next)));
}

/** The entry after this one; undefined: the request goes round in circles. */
function nextOf(
  outcome: "next" | "relocate",
  { phase }: PhaseEntry,
  at: number,
  context: RequestContext,
): number | undefined {
  if (outcome === "next") return at + 1;
  if (phase === "server rewrite" || context.takeRedirect()) return startOf("find location");
  context.logError("error", "rewrite or internal redirection cycle while processing");
  return undefined;
}

const STARTS = new Map(PHASES.map(({ phase }, at) => [phase, at] as const).toReversed());

function startOf(phase: PhaseName): number {
  return STARTS.get(phase) ?? 0;
}
