/** Reads what clone and iterate have in common: `id`, `sequential`, `continueParent`. */
import { attributeOf } from "../../../config/xml-query.ts";
import type { XmlElement } from "../../../config/xml.ts";
import type { SplitOptions } from "../../mediators/split.ts";

export function readSplitOptions(element: XmlElement): SplitOptions {
  return {
    id: attributeOf(element, "id"),
    sequential: isTrue(element, "sequential"),
    continueParent: isTrue(element, "continueParent"),
  };
}

/** Whether an attribute says true; absent is false. */
export function isTrue(element: XmlElement, attribute: string): boolean {
  return attributeOf(element, attribute)?.trim().toLowerCase() === "true";
}
