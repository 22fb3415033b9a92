/**
 * `add_header` and `add_trailer NAME VALUE [always];` (ngx_http_headers_module): what a location adds to every response,
 * with the fields of `expires`.
 */
import { isToken } from "../../../net/http1/header-field.ts";
import type { Template } from "../../nginx/template.ts";
import { DirectiveFault } from "../../nginx/directive-fault.ts";
import { HTTP_LEVELS_AND_IF, list } from "../../nginx/directive.ts";
import type { DirectiveScope } from "../../nginx/directive-scope.ts";
import type { ResponseHead } from "../exchange.ts";
import type { HeaderField } from "../header-fields.ts";
import type { RequestContext } from "../request-context.ts";
import { expiresFields } from "./expires.ts";

/** Statuses to which fields without `always` are added. */
const STATUSES = new Set([200, 201, 204, 206, 301, 302, 303, 304, 307, 308]);

/** Fields of which there can be only one: an added one takes the place of the response's own, an empty one removes it. */
const REPLACED = new Set(["last-modified", "etag"]);

interface AddedField {
  readonly name: string;
  readonly value: Template;
  readonly always: boolean;
  /** The field in lower case that it takes the place of; undefined: it stands beside others. */
  readonly replaces: string | undefined;
}

function additions(name: "add_header" | "add_trailer") {
  return list<AddedField>({
    name,
    contexts: HTTP_LEVELS_AND_IF,
    arity: { min: 2, max: 3 },
    value: readAddition,
  });
}

export const headersSettings = {
  added: additions("add_header"),
  trailers: additions("add_trailer"),
};

function readAddition(
  [name = "", value = "", always]: readonly string[],
  scope: DirectiveScope,
): AddedField {
  if (always !== undefined && always !== "always") {
    throw new DirectiveFault(`invalid parameter "${always}"`);
  }
  if (!isToken(name)) {
    throw new DirectiveFault(`invalid header name "${name}"`);
  }
  const lower = name.toLowerCase();
  const replaces = REPLACED.has(lower) ? lower : undefined;
  return { name, value: scope.template(value), always: always === "always", replaces };
}

/** The head with what the location adds; trailers need a body in chunks, so its length is not told then. */
export function withAdditions(context: RequestContext, head: ResponseHead): ResponseHead {
  const { settings } = context.location;
  const fields = withAddedFields(context, head.status, head.fields);
  const { trailers } = settings.headers;
  if (fields === head.fields && settings.core.chunked && trailers.length === 0) return head;
  if (!settings.core.chunked) return { ...head, fields, neverChunked: true };
  if (trailers.length === 0 || !mayHaveTrailers(context, head.status)) return { ...head, fields };
  const expected = trailers.filter(({ always }) => always || STATUSES.has(head.status));
  if (expected.length === 0) return { ...head, fields };
  return {
    ...head,
    fields: fields.filter(([name]) => name.toLowerCase() !== "content-length"),
    trailers: () => evaluateTrailers(context, expected),
  };
}

function mayHaveTrailers({ exchange }: RequestContext, status: number): boolean {
  const { version, method } = exchange.head;
  const hasBody = status >= 200 && status !== 204 && status !== 304;
  return version === "1.1" && method !== "HEAD" && hasBody;
}

/** One after the other: a later one may ask for an earlier one ($sent_trailer_name). */
function evaluateTrailers(
  context: RequestContext,
  expected: readonly AddedField[],
): readonly HeaderField[] {
  for (const { name, value } of expected) {
    const text = value.evaluate(context);
    if (text !== "") context.sentTrailers.push([name, text]);
  }
  return context.sentTrailers;
}

/** `fields` with what the location adds for that status; empty values add nothing. */
function withAddedFields(
  context: RequestContext,
  status: number,
  fields: readonly HeaderField[],
): readonly HeaderField[] {
  const isPlain = STATUSES.has(status);
  const { added } = context.location.settings.headers;
  const expires = isPlain ? expiresFields(context, fields) : [];
  if (added.length === 0 && expires.length === 0) return fields;
  const all = [...fields];
  for (const [name] of expires) removeField(all, name.toLowerCase());
  all.push(...expires);
  for (const { name, value, always, replaces } of added) {
    if (!always && !isPlain) continue;
    const text = value.evaluate(context);
    if (replaces !== undefined) removeField(all, replaces);
    if (text !== "") all.push([name, text]);
  }
  return all;
}

function removeField(fields: HeaderField[], lowerName: string): void {
  const kept = fields.filter(([name]) => name.toLowerCase() !== lowerName);
  fields.splice(0, fields.length, ...kept);
}
