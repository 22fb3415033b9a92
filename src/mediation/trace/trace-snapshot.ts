/**
 * What a trace sees of a message at one moment: properties of every scope as text, and the body. Looking changes nothing: a
 * body that has not been read is left alone, unless it is announced to be small; then it is taken into memory
 * and goes on from there. What looks like a secret is never kept.
 */
import { rootOf, serializeNode } from "../xml/dom.ts";
import type { Message } from "../message/message.ts";
import { propertyText, type PropertyValue } from "../message/property-value.ts";

/** Properties of a message that a trace looks at, in each scope. */
const PROPERTIES_MAX = 200;
/** Longer values are cut, in characters. */
const VALUE_CHARS_MAX = 1_024;
/** Longer bodies are cut, in characters. */
export const BODY_CHARS_MAX = 4_096;
/** An unread body of at most so many announced bytes is taken into memory to be shown. */
const UNREAD_BYTES_MAX = 65_536;

const SECRET_HEADERS = /^(?:authorization|proxy-authorization|cookie|set-cookie|x-bascule-trace)$/i;
const SECRET_NAMES = /passw|secret|token|credential|api-?key|private-?key/i;
const HIDDEN = "(hidden)";

export interface PropertyChange {
  readonly scope: string;
  readonly name: string;
  /** Undefined: it was not there. */
  readonly before: string | undefined;
  /** Undefined: it is gone. */
  readonly after: string | undefined;
}

export interface MessageSnapshot {
  /** "scope name" to text. */
  readonly properties: ReadonlyMap<string, string>;
  readonly body: string;
}

/** Never rejects. */
export async function snapshotOf(message: Message): Promise<MessageSnapshot> {
  const properties = new Map<string, string>();
  add(properties, "default", message.properties);
  add(properties, "axis2", message.axis2);
  add(properties, "axis2-client", message.axis2Client);
  add(properties, "operation", message.exchange.operation);
  const fields = message.headers.forRequest();
  add(
    properties,
    "transport",
    fields.map(([name, value]) => [name, value]),
  );
  return { properties, body: await bodyText(message) };
}

/** What differs between two moments. */
export function changesBetween(
  before: MessageSnapshot,
  after: MessageSnapshot,
): readonly PropertyChange[] {
  const names = new Set([...before.properties.keys(), ...after.properties.keys()]);
  return [...names].flatMap((key) => {
    const [one, other] = [before.properties.get(key), after.properties.get(key)];
    if (one === other) return [];
    const at = key.indexOf(" ");
    return [{ scope: key.slice(0, at), name: key.slice(at + 1), before: one, after: other }];
  });
}

function add(
  properties: Map<string, string>,
  scope: string,
  values: Iterable<readonly [string, PropertyValue]>,
): void {
  let count = 0;
  for (const [name, value] of values) {
    if (count >= PROPERTIES_MAX) return;
    count += 1;
    const secret = SECRET_NAMES.test(name) || SECRET_HEADERS.test(name);
    properties.set(`${scope} ${name}`, secret ? HIDDEN : cut(textOf(value), VALUE_CHARS_MAX));
  }
}

function textOf(value: PropertyValue): string {
  if (typeof value !== "object") return propertyText(value);
  return value.map((node) => serializeNode(node)).join("");
}

async function bodyText({ body, headers }: Message): Promise<string> {
  const { payload } = body;
  if (payload?.kind === "json") return cut(payload.text, BODY_CHARS_MAX);
  if (payload) return cut(serializeNode(rootOf(payload.envelope)), BODY_CHARS_MAX);
  if (body.isEmpty) return "";
  const length = Number(headers.bodyLength ?? Number.NaN);
  if (length <= UNREAD_BYTES_MAX) {
    try {
      await body.buffer();
    } catch {
      return "(the body broke off)";
    }
  }
  const { bytes } = body;
  if (bytes === undefined) return "(not read: it passes through)";
  return cut(bytes.subarray(0, BODY_CHARS_MAX * 4).toString("utf8"), BODY_CHARS_MAX);
}

function cut(text: string, charsMax: number): string {
  return text.length <= charsMax ? text : `${text.slice(0, charsMax)}...`;
}
