/** `add_header NAME VALUE [always];` (ngx_http_headers_module). */
import type { Template } from "../../nginx/template.ts";
import { DirectiveFault } from "../../nginx/directive-fault.ts";
import { HTTP_LEVELS, list } from "../../nginx/directive.ts";
import type { HeaderField } from "../header-fields.ts";
import type { RequestContext } from "../request-context.ts";

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
    contexts: HTTP_LEVELS,
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

/** The fields that the location adds to a response of that status; empty values add nothing. */
export function addedFields(context: RequestContext, status: number): readonly HeaderField[] {
  const fields: HeaderField[] = [];
  for (const { name, value, always } of context.location.settings.headers.added) {
    if (!always && !STATUSES.has(status)) continue;
    const text = value.evaluate(context);
    if (text !== "") fields.push([name, text]);
  }
  return fields;
}
