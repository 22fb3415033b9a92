/** Writes the access log lines of a finished request: one per `access_log` of its location. */
import { fromByteString } from "../byte-string.ts";
import type { LogBook } from "../log-book.ts";
import { accessLogTargets, escapeLogValue, type LogFormat } from "./modules/access-log.ts";
import { climbs } from "./mapped-path.ts";
import { describeSystemError } from "../nginx/system-error.ts";
import type { Template } from "../nginx/template.ts";
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
    if (!format) continue;
    const line = `${formatLine(context, format)}\n`;
    if (target.pathTemplate) writeToNamedLog(context, { path: target.pathTemplate, line }, logs);
    else if (target.buffer) logs.writeBuffered(target.path, target.buffer, line);
    else logs.write(target.path, line);
  }
}

/** A value of the request must not lead out of the folder. */
function writeToNamedLog(
  context: RequestContext,
  { path, line }: { readonly path: Template; readonly line: string },
  logs: LogBook,
): void {
  const name = fromByteString(path.evaluate(context));
  if (climbs(name) || name.includes("\0")) {
    context.logError("error", `"${name}" leads out of its folder`);
    return;
  }
  try {
    logs.writeNamed(name, line, context.location.settings.accessLog.fileCache);
  } catch (error) {
    context.logError("crit", `open() "${name}" failed (${describeSystemError(error)})`);
  }
}

function formatLine(context: RequestContext, { parts, escape }: LogFormat): string {
  return parts
    .map((part) =>
      typeof part === "string" ? part : escapeLogValue(part.evaluate(context), escape),
    )
    .join("");
}
