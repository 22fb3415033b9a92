/** Reads what a mediator runs inside: `sequence="key|{xpath}"`, or child mediators in place. The attribute wins. */
import { attributeOf } from "../../../config/xml-query.ts";
import type { XmlElement } from "../../../config/xml.ts";
import type { Branch } from "../../mediators/branch.ts";
import type { ReadContext } from "./read-context.ts";

/** The branch of an element; undefined when its key is faulty (a problem was reported). */
export function readBranch(
  element: XmlElement,
  context: ReadContext,
  attribute = "sequence",
): Branch | undefined {
  const text = attributeOf(element, attribute)?.trim();
  if (text === undefined || text === "") return inlineBranch(element, context);
  const key = context.keyReference(element, text);
  return key && { kind: "key", key };
}

/** The child mediators of an element. */
export function inlineBranch(element: XmlElement, context: ReadContext): Branch {
  return { kind: "inline", mediators: context.mediators(element) };
}
