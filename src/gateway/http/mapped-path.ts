/** URI → file under `root` or `alias` (ngx_http_map_uri_to_path). */
import type { RequestContext } from "./request-context.ts";

/** A string of bytes, absolute. `path`: decoded. */
export function mappedPath(context: RequestContext, path: string): string {
  const { location } = context;
  const { base, isAlias } = location.settings.core.root;
  const folder = base.evaluate(context);
  if (!isAlias) return folder.replace(/\/$/, "") + path;
  const { aliasSpan } = location;
  // A regular expression's alias names the whole file.
  if (aliasSpan === undefined) return folder;
  return folder + (context.isLocationPathValid ? path.slice(aliasSpan) : path);
}

/** true when a segment of the text is "..": it could lead out of the folder. */
export function climbs(path: string): boolean {
  return /(?:^|\/)\.\.(?:\/|$)/.test(path);
}
