/** The access phase: the checks in their order, joined as `satisfy` says (ngx_http_core_access_phase). */
import type { Outcome } from "../phase.ts";
import type { RequestContext } from "../request-context.ts";
import { respondError } from "../responses.ts";
import { allowsAddress } from "./access.ts";
import { checkBasicAuth } from "./auth-basic.ts";

/** "granted": the check has let the client in; "none": it does not apply. */
export type AccessResult = "granted" | "none" | 401 | 403 | 500;

const CHECKS: readonly ((context: RequestContext) => AccessResult)[] = [
  checkAddress,
  checkBasicAuth,
];

export const accessEntry = { name: "access", run: runAccess };

function runAccess(context: RequestContext): Outcome | Promise<Outcome> {
  const any = context.location.settings.core.satisfy === "any";
  let refusal: 401 | 403 | undefined;
  for (const check of CHECKS) {
    const result = check(context);
    if (result === 500) return refuse(context, 500);
    if (result === "granted" && any) return admit(context);
    if (typeof result !== "number") continue;
    if (!any) return refuse(context, result);
    refusal = refusal === 401 ? 401 : result;
  }
  return refusal === undefined ? "next" : refuse(context, refusal);
}

function checkAddress(context: RequestContext): AccessResult {
  const allowed = allowsAddress(context);
  if (allowed === undefined) return "none";
  if (allowed) return "granted";
  if (context.location.settings.core.satisfy === "all") {
    context.logError("error", "access forbidden by rule");
  }
  return 403;
}

function admit(context: RequestContext): Outcome {
  context.extraFields.delete("WWW-Authenticate");
  return "next";
}

async function refuse(context: RequestContext, status: number): Promise<Outcome> {
  await respondError(context, status);
  return "done";
}
