/**
 * The ordered list of what happens to a request (ngx_http_core_module's phases): each module is one entry. The
 * log comes after the response, whatever the outcome. A new module is one file and one line here.
 */
import type { Cycle } from "../cycle.ts";
import { accessEntry } from "./modules/access-phase.ts";
import { findLocation } from "./modules/find-location.ts";
import { indexEntry } from "./modules/index-file.ts";
import { limitRequests } from "./modules/limit-req.ts";
import { proxyEntry } from "./modules/proxy-content.ts";
import { realIpEntry } from "./modules/realip.ts";
import { staticEntry } from "./modules/static.ts";
import { tryFilesEntry } from "./modules/try-files.ts";
import type { Outcome, PhaseEntry, PhaseName } from "./phase.ts";
import type { RequestContext } from "./request-context.ts";
import { respondError } from "./responses.ts";
import { runRewriteSteps } from "./rewrite-script.ts";

export const PHASES: readonly PhaseEntry[] = [
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
  { phase: "access", ...accessEntry },
  { phase: "precontent", ...tryFilesEntry },
  { phase: "content", ...proxyEntry },
  { phase: "content", ...indexEntry },
  { phase: "content", ...staticEntry },
];

/** Runs the entries from the first one of `from` on. Resolves when the request is answered. */
export async function runPhases(
  context: RequestContext,
  cycle: Cycle,
  from: PhaseName,
): Promise<void> {
  let at = startOf(from);
  for (let entry = PHASES[at]; entry; entry = PHASES[at]) {
    const running = entry.run(context, cycle);
    const outcome: Outcome = running instanceof Promise ? await running : running;
    if (outcome === "done") return;
    at = outcome === "relocate" ? startOf("find location") : at + 1;
    if (outcome !== "relocate" || entry.phase === "server rewrite") continue;
    if (context.takeRedirect()) continue;
    context.logError("error", "rewrite or internal redirection cycle while processing");
    return respondError(context, 500);
  }
  if (!context.target.path.endsWith("/")) return respondError(context, 404);
  const path = context.filePath();
  context.logError("error", `directory index of "${path}" is forbidden`);
  return respondError(context, 403);
}

const STARTS = new Map(PHASES.map(({ phase }, at) => [phase, at] as const).toReversed());

function startOf(phase: PhaseName): number {
  return STARTS.get(phase) ?? 0;
}
