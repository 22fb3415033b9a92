/** `try_files` (ngx_http_try_files_module): the first name that exists, else the last word: a URI, "@name" or "=code". */
import { stat } from "node:fs/promises";
import { DirectiveFault } from "../../nginx/directive-fault.ts";
import { single } from "../../nginx/directive.ts";
import { parseNumber } from "../../nginx/units.ts";
import type { Template } from "../../nginx/template.ts";
import { climbs } from "../mapped-path.ts";
import type { Outcome } from "../phase.ts";
import type { RequestContext } from "../request-context.ts";
import { respondError } from "../responses.ts";

interface TryFiles {
  readonly names: readonly Template[];
  readonly fallback: Template | number;
}

export const tryFilesSettings = {
  choice: single<TryFiles, undefined>({
    name: "try_files",
    contexts: ["server", "location"],
    arity: { min: 2, max: 64 },
    inherited: false,
    initial: undefined,
    value(args, scope) {
      const last = args.at(-1) ?? "";
      const names = args.slice(0, -1).map((name) => scope.template(name));
      if (!last.startsWith("=")) return { names, fallback: scope.template(last) };
      const status = parseNumber(last.slice(1));
      if (status === undefined || status > 999) throw new DirectiveFault(`invalid code "${last}"`);
      return { names, fallback: status };
    },
  }),
};

export const tryFilesEntry = {
  name: "try_files",
  run(context: RequestContext): Outcome | Promise<Outcome> {
    const { choice } = context.location.settings.tryFiles;
    return choice ? choose(context, choice) : "next";
  },
};

async function choose(context: RequestContext, { names, fallback }: TryFiles): Promise<Outcome> {
  for (const template of names) {
    const path = template.evaluate(context);
    if (!path.startsWith("/") || climbs(path) || path.includes("\0")) continue;
    const stats = await stat(context.filePath(path)).catch(() => undefined);
    if (!stats || stats.isDirectory() !== path.endsWith("/")) continue;
    context.changeTarget(path, context.target.query);
    return "next";
  }
  if (typeof fallback === "number") await respondError(context, fallback);
  else await enter(context, fallback.evaluate(context));
  return "done";
}

async function enter(context: RequestContext, uri: string): Promise<void> {
  const isNamed = uri.startsWith("@");
  const entered = isNamed ? context.enterNamedLocation(uri) : context.redirectInside(uri);
  if (!entered) return respondError(context, 500);
  return context.runPhases(isNamed ? "rewrite" : "server rewrite");
}
