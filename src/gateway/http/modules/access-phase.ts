/**
 * The access phase: the checks in their order, joined as `satisfy` says (ngx_http_core_access_phase), and
 * `auth_delay`, which slows down those who guess passwords.
 */
import type { Outcome } from "../phase.ts";
import type { RequestContext } from "../request-context.ts";
import { respondError } from "../responses.ts";
import { SubrequestExchange } from "../subrequest-exchange.ts";
import { allowsAddress } from "./access.ts";
import type { AccessResult } from "./access-result.ts";
import { checkBasicAuth } from "./auth-basic.ts";
import { checkAuthRequest } from "./auth-request.ts";
import { delayRequest } from "./request-delay.ts";

type Check = (context: RequestContext) => AccessResult | Promise<AccessResult>;
type Refusal = 401 | 403 | 500;

const CHECKS: readonly Check[] = [checkAddress, checkBasicAuth, checkAuthRequest];

export const accessEntry = {
  name: "access",
  // A check's own request needs no leave.
  run: (context: RequestContext): Outcome | Promise<Outcome> =>
    context.exchange instanceof SubrequestExchange ? "next" : checkFrom(context, 0, undefined),
};

/** @param held what an earlier check said, with `satisfy any`. */
function checkFrom(
  context: RequestContext,
  start: number,
  held: Refusal | undefined,
): Outcome | Promise<Outcome> {
  let refusal = held;
  for (let at = start; at < CHECKS.length; at++) {
    const result = CHECKS[at]?.(context) ?? "none";
    if (result instanceof Promise) return goOnAfter(result, context, at, refusal);
    const decided = decide(context, result);
    if (decided !== undefined) return decided;
    refusal = strongest(refusal, result);
  }
  return refusal === undefined ? "next" : refuse(context, refusal);
}

async function goOnAfter(
  waiting: Promise<AccessResult>,
  context: RequestContext,
  at: number,
  held: Refusal | undefined,
): Promise<Outcome> {
  const result = await waiting;
  return decide(context, result) ?? checkFrom(context, at + 1, strongest(held, result));
}

/** Undefined: the next check is asked too. */
function decide(
  context: RequestContext,
  result: AccessResult,
): Outcome | Promise<Outcome> | undefined {
  if (result === "none") return undefined;
  const any = context.location.settings.core.satisfy === "any";
  if (result === "granted") return any ? admit(context) : undefined;
  return !any || result === 500 ? refuse(context, result) : undefined;
}

/** With `satisfy any` a client that may give a password is asked for it. */
function strongest(held: Refusal | undefined, result: AccessResult): Refusal | undefined {
  if (typeof result !== "number") return held;
  return held === 401 ? held : result;
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
  context.keepFields([]);
  return "next";
}

async function refuse(context: RequestContext, status: Refusal): Promise<Outcome> {
  const { authDelayMs } = context.location.settings.core;
  if (status === 401 && authDelayMs > 0) {
    context.logError("info", "delaying unauthorized request");
    if (!(await delayRequest(context, authDelayMs))) return "done";
  }
  await respondError(context, status);
  return "done";
}
