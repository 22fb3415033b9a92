/** `error_page CODE ... [=[CODE]] URI;` and `recursive_error_pages` (ngx_http_core_error_page). */
import { DirectiveFault } from "../../nginx/directive-fault.ts";
import { flag, HTTP_LEVELS, HTTP_LEVELS_AND_IF, list, single } from "../../nginx/directive.ts";
import type { DirectiveScope } from "../../nginx/directive-scope.ts";
import { parseNumber } from "../../nginx/units.ts";
import type { Template } from "../../nginx/template.ts";

export interface ErrorPageRule {
  readonly statuses: readonly number[];
  /** The status that the client gets; 0: that of the page's own answer; undefined: the first one. */
  readonly overwrite: number | undefined;
  /** A path, "@name", or a URL. */
  readonly uri: Template;
}

/** nginx's own codes about TLS clients are answered as 400. */
const AS_BAD_REQUEST = new Set([494, 495, 496, 497]);

export const errorPageSettings = {
  rules: list<ErrorPageRule>({
    name: "error_page",
    contexts: HTTP_LEVELS_AND_IF,
    arity: { min: 2, max: 64 },
    value: readErrorPage,
  }),
  /** A page's own error may have a page. */
  recursive: single({
    name: "recursive_error_pages",
    contexts: HTTP_LEVELS,
    value: flag,
    initial: false,
  }),
};

function readErrorPage(args: readonly string[], scope: DirectiveScope): ErrorPageRule {
  const words = args.slice(0, -1);
  const marker = words.at(-1)?.startsWith("=") ? words.pop() : undefined;
  if (words.length === 0) throw new DirectiveFault(`invalid value "${marker ?? ""}"`);
  const statuses = words.map((word) => {
    const status = parseNumber(word);
    if (status === undefined) throw new DirectiveFault(`invalid value "${word}"`);
    if (status === 499 || status < 300 || status > 599) {
      throw new DirectiveFault(`value "${word}" must be between 300 and 599`);
    }
    return status;
  });
  const overwrite = readOverwrite(marker);
  const implied = statuses.some((status) => AS_BAD_REQUEST.has(status)) ? 400 : undefined;
  return { statuses, overwrite: overwrite ?? implied, uri: scope.template(args.at(-1) ?? "") };
}

function readOverwrite(marker: string | undefined): number | undefined {
  if (marker === undefined) return undefined;
  if (marker === "=") return 0;
  const status = parseNumber(marker.slice(1));
  if (status === undefined) throw new DirectiveFault(`invalid value "${marker}"`);
  return status;
}
