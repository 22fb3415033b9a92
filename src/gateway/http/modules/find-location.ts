/** The choice of the location for a URI, and what its choice alone decides (ngx_http_core_find_config_phase). */
import { fieldValue } from "../header-fields.ts";
import { limitsFor } from "./connection.ts";
import type { Outcome } from "../phase.ts";
import type { RequestContext } from "../request-context.ts";
import { escapePath } from "../request-target.ts";
import { respondError, respondRedirect } from "../responses.ts";

export function findLocation(context: RequestContext): Outcome | Promise<Outcome> {
  const { target } = context;
  const match = context.server.locations.find(target.path);
  if (match.kind === "redirect") {
    const query = target.query === "" ? "" : `?${target.query}`;
    return done(respondRedirect(context, 301, `${escapePath(match.path)}${query}`));
  }
  context.enterLocation(match.kind === "location" ? match.location : context.server.location);
  if (match.kind === "location" && match.captures) context.noteCaptures(match.captures);
  const { core } = context.location.settings;
  context.exchange.useLimits(limitsFor(context));
  if (core.internal && !context.isInternal) return done(respondError(context, 404));
  if (!context.exchange.body) return "next";
  const length = Number(fieldValue(context.exchange.head.fields, "content-length"));
  if (context.isInternal || core.bodyBytesMax === 0 || !(length > core.bodyBytesMax)) return "next";
  context.logError("error", `client intended to send too large body: ${length} bytes`);
  return done(respondError(context, 413));
}

async function done(answer: Promise<void>): Promise<Outcome> {
  await answer;
  return "done";
}
