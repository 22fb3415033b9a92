/** `add_header NAME VALUE [always];` (ngx_http_headers_module) and the fields of `expires`. */
import type { Template } from "../../nginx/template.ts";
import { DirectiveFault } from "../../nginx/directive-fault.ts";
import { HTTP_LEVELS_AND_IF, list } from "../../nginx/directive.ts";
import type { HeaderField } from "../header-fields.ts";
import type { RequestContext } from "../request-context.ts";
import { expiresFields } from "./expires.ts";

/** Statuses to which fields without `always` are added. */
const STATUSES = new Set([200, 201, 204, 206, 301, 302, 303, 304, 307, 308]);

interface AddedHeader {
  readonly name: string;
  readonly value: Template;
  readonly always: boolean;
}

export const headersSettings = {
  added: list<AddedHeader>({
    name: "add_header",
    contexts: HTTP_LEVELS_AND_IF,
    arity: { min: 2, max: 3 },
    value([name = "", value = "", always], scope) {
      if (always !== undefined && always !== "always") {
        throw new DirectiveFault(`invalid parameter "${always}"`);
      }
      if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name)) {
        throw new DirectiveFault(`invalid header name "${name}"`);
      }
      return { name, value: scope.template(value), always: always === "always" };
    },
  }),
};

/** `fields` with what the location adds for that status; empty values add nothing. */
export function withAddedFields(
  context: RequestContext,
  status: number,
  fields: readonly HeaderField[],
): readonly HeaderField[] {
  const isPlain = STATUSES.has(status);
  const expires = isPlain ? expiresFields(context, fields) : [];
  const replaced = new Set(expires.map(([name]) => name.toLowerCase()));
  const all = fields.filter(([name]) => !replaced.has(name.toLowerCase()));
  all.push(...expires);
  for (const { name, value, always } of context.location.settings.headers.added) {
    if (!always && !isPlain) continue;
    const text = value.evaluate(context);
    if (text !== "") all.push([name, text]);
  }
  return all;
}
