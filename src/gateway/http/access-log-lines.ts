/** Writes the access log lines of a finished request: one per `access_log` of its location. */
import type { LogBook } from "../log-book.ts";
import { accessLogTargets, escapeLogValue, type LogFormat } from "./modules/access-log.ts";
import type { RequestContext } from "./request-context.ts";

export function writeAccessLog(
  context: RequestContext,
  formats: ReadonlyMap<string, LogFormat>,
  logs: LogBook,
): void {
  for (const target of accessLogTargets(context.location.settings.accessLog.choices)) {
    const condition = target.condition?.evaluate(context);
    if (condition === "" || condition === "0") continue;
    const format = formats.get(target.formatName);
    if (format) logs.write(target.path, `${formatLine(context, format)}\n`);
  }
}

function formatLine(context: RequestContext, { parts, escape }: LogFormat): string {
  return parts
    .map((part) =>
      typeof part === "string" ? part : escapeLogValue(part.evaluate(context), escape),
    )
    .join("");
}
