/**
 * Reads local entries (EntryFactory):
 *
 *   <localEntry key="string" [src="url"]>text | <xml-element/></localEntry>
 *
 * An entry whose content lies elsewhere (src) is left out with a warning: an engine reads no files and opens no
 * connections while it is compiled.
 */
import { attributeOf, childElements } from "../../../config/xml-query.ts";
import type { XmlElement } from "../../../config/xml.ts";
import type { LocalEntry } from "../../message/local-entry.ts";
import { elementText } from "../element-text.ts";
import type { ReadContext } from "./read-context.ts";

/** Undefined when the entry is faulty or lies elsewhere (a problem or a warning was reported). */
export function readLocalEntry(element: XmlElement, context: ReadContext): LocalEntry | undefined {
  const key = attributeOf(element, "key")?.trim();
  if (!key)
    return context.error(element, "The 'key' attribute is required for a local registry entry");
  const src = attributeOf(element, "src");
  if (src !== undefined) {
    context.warning(
      element,
      `The src "${src}" of local entry ${key} is not read: write its content in place`,
    );
    return undefined;
  }
  const child = childElements(element).find((inner) => inner.name !== "description");
  if (child) return { key, text: elementText(child, true), element: child };
  const text = element.children.map((node) => (node.kind === "text" ? node.value : "")).join("");
  return { key, text: text.trim(), element: undefined };
}
