/**
 * One message of many (AggregateMediator, EIPUtils): a copy of the first with what the expression finds in each of them as
 * children of its body, in an element of the user's when one is named; of JSON messages an array.
 */
import { type Expression, type ExpressionResult } from "../message/expression.ts";
import { MediationFault } from "../mediation-fault.ts";
import type { Message } from "../message/message.ts";
import { jsonPayload } from "../message/payload-builder.ts";
import {
  appendCopy,
  elementsOf,
  isElement,
  removeChildren,
  type XmlElementNode,
  type XmlNode,
} from "../xml/dom.ts";
import type { JsonValue } from "../xml/json-path.ts";
import { bodyOf } from "../xml/soap.ts";

/**
 * The result is searched before each message joins it, until it was so often in order: to search it for each of
 * thousands takes seconds, and what came behind it has nothing to move.
 */
const QUIET_MAX = 2;

export interface AggregationOptions {
  readonly expression: Expression;
  /** Name of the property whose element goes around the result. */
  readonly enclosingProperty: string | undefined;
}

/** @throws MediationFault when nothing is found where something has to be. */
export async function aggregatedMessage(
  messages: readonly [Message, ...Message[]],
  options: AggregationOptions,
): Promise<Message> {
  const [first, ...others] = messages;
  const result = await first.fork();
  const found = await options.expression.evaluate(result);
  if (found.kind === "json") {
    const items = [jsonItem(found)];
    for (const other of others) items.push(jsonItem(await options.expression.evaluate(other)));
    setJson(result, items, options.enclosingProperty);
    return result;
  }
  const envelope = await result.editableEnvelope();
  const body = bodyOf(envelope);
  let quiet = 0;
  for (const other of others) {
    if (quiet < QUIET_MAX)
      quiet = gather(body, nodesOf(await options.expression.evaluate(result))) ? 0 : quiet + 1;
    append(body, nodesOf(await options.expression.evaluate(other)));
  }
  if (options.enclosingProperty !== undefined)
    enclose(bodyOf(envelope), enclosingElement(result, options.enclosingProperty));
  return result;
}

function jsonItem(result: ExpressionResult): JsonValue {
  if (result.kind !== "json") return null;
  const [only = null] = result.hits;
  return result.hits.length === 1 ? only : result.hits;
}

function setJson(
  message: Message,
  items: readonly JsonValue[],
  enclosing: string | undefined,
): void {
  const value = enclosing === undefined ? items : { [enclosingName(message, enclosing)]: items };
  message.replacePayload(jsonPayload(JSON.stringify(value)));
}

/** Of an element its local name, else the text. */
function enclosingName(message: Message, property: string): string {
  const value = message.properties.get(property);
  if (value === undefined) throw missingEnclosing(property);
  if (typeof value !== "object") return String(value);
  return enclosingElement(message, property).localName ?? property;
}

function nodesOf(result: ExpressionResult): readonly XmlNode[] {
  return result.kind === "xpath" && typeof result.value === "object" ? result.value : [];
}

/** Moves what was found in the result so far to the body. @returns whether anything had to move. */
function gather(body: XmlElementNode, mine: readonly XmlNode[]): boolean {
  const [first] = mine;
  if (!first?.parentNode || first.parentNode === body) return false;
  moveToBody(body, first.parentNode, mine);
  return true;
}

/** Puts what was found in another message behind it. */
function append(body: XmlElementNode, theirs: readonly XmlNode[]): void {
  if (theirs.length === 0)
    throw new MediationFault("Could not find matching elements to aggregate.");
  for (const node of theirs) appendCopy(body, node);
}

/** The child of the body that held them goes. */
function moveToBody(body: XmlElementNode, parent: XmlNode, nodes: readonly XmlNode[]): void {
  let top: XmlNode | null = parent;
  while (top && top.parentNode !== body) top = top.parentNode;
  for (const node of nodes) body.appendChild(node);
  if (top) body.removeChild(top);
}

function enclosingElement(message: Message, property: string): XmlElementNode {
  const value = message.properties.get(property);
  if (value === undefined || value === "") throw missingEnclosing(property);
  const [node] = typeof value === "object" ? value : [];
  if (node && isElement(node)) return node;
  throw new MediationFault(
    `Enclosing Element defined in the property: ${property} is not an XML element`,
  );
}

function missingEnclosing(property: string): MediationFault {
  return new MediationFault(`Enclosing Element property: ${property} not found`);
}

function enclose(body: XmlElementNode, element: XmlElementNode): void {
  const content = elementsOf(body);
  removeChildren(body);
  appendCopy(body, element);
  const [around] = elementsOf(body);
  if (around) for (const node of content) around.appendChild(node);
}
