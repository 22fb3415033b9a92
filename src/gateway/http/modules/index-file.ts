/** `index` (ngx_http_index_module): a URI that ends in "/" becomes that of the first file that exists. */
import { stat } from "node:fs/promises";
import { HTTP_LEVELS, list } from "../../nginx/directive.ts";
import { toByteString } from "../../byte-string.ts";
import type { Template } from "../../nginx/template.ts";
import type { Outcome } from "../phase.ts";
import type { RequestContext } from "../request-context.ts";
import { respondError } from "../responses.ts";

export const indexSettings = {
  /** Each statement's names; none at all: "index.html". */
  names: list<readonly Template[]>({
    name: "index",
    contexts: HTTP_LEVELS,
    arity: { min: 1, max: 64 },
    value: (args, scope) => args.map((name) => scope.template(name)),
  }),
};

export const indexEntry = {
  name: "index",
  run: (context: RequestContext): Outcome | Promise<Outcome> =>
    context.target.path.endsWith("/") ? findIndex(context) : "next",
};

async function findIndex(context: RequestContext): Promise<Outcome> {
  if (!["GET", "HEAD", "POST"].includes(context.method)) return "next";
  const configured = context.location.settings.index.names.flat();
  const names = configured.length === 0 ? ["index.html"] : configured;
  for (const entry of names) {
    const name = typeof entry === "string" ? entry : entry.evaluate(context);
    if (name === "") continue;
    if (name.startsWith("/")) return enter(context, name);
    const uri = context.target.path + toByteString(name);
    if (await isFile(context.filePath(uri))) return enter(context, uri);
  }
  const folder = context.filePath();
  if (await exists(folder)) return "next";
  context.logError("error", `"${folder}" is not found (2: No such file or directory)`);
  await respondError(context, 404);
  return "done";
}

async function enter(context: RequestContext, uri: string): Promise<Outcome> {
  const { query } = context.target;
  if (context.redirectInside(uri, query)) {
    await context.runPhases("server rewrite");
  } else await respondError(context, 500);
  return "done";
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() === true;
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}
