/**
 * Reads local entries (EntryFactory):
 *
 *   <localEntry key="string" [src="file:path|http:url"]>text | <xml-element/></localEntry>
 *
 * A file: src is a file of the deployment; an http: one is fetched when the generation begins to run. What cannot be found
 * is left out with a warning: a message that needs it meets a fault, as in WSO2.
 */
import { attributeOf, childElements } from "../../../config/xml-query.ts";
import { parseXml, type XmlElement } from "../../../config/xml.ts";
import { messageOf } from "../../../errors/app-error.ts";
import type { LocalEntry } from "../../message/local-entry.ts";
import type { RepositoryFiles } from "../../repository-files.ts";
import { isWebAddress } from "../../services/remote-text.ts";
import { elementText } from "../element-text.ts";
import type { ReadContext } from "./read-context.ts";

/** An entry whose content is here, or lies on a web server, or could not be found. */
export type ReadEntry =
  | { readonly kind: "entry"; readonly entry: LocalEntry }
  | { readonly kind: "remote"; readonly key: string; readonly url: string }
  | { readonly kind: "absent"; readonly key: string };

/** Undefined when the entry is faulty (a problem was reported). */
export function readLocalEntry(
  element: XmlElement,
  files: RepositoryFiles,
  context: ReadContext,
): ReadEntry | undefined {
  const key = attributeOf(element, "key")?.trim();
  if (!key)
    return context.error(element, "The 'key' attribute is required for a local registry entry");
  const src = attributeOf(element, "src")?.trim();
  if (src) return readSource(element, { key, src, files }, context);
  const child = childElements(element).find((inner) => inner.name !== "description");
  if (child) return entry(key, elementText(child, true), child);
  const text = element.children.map((node) => (node.kind === "text" ? node.value : "")).join("");
  return entry(key, text.trim(), undefined);
}

function entry(key: string, text: string, element: XmlElement | undefined): ReadEntry {
  return { kind: "entry", entry: { key, text, element } };
}

interface EntrySource {
  readonly key: string;
  readonly src: string;
  readonly files: RepositoryFiles;
}

function readSource(
  element: XmlElement,
  { key, src, files }: EntrySource,
  context: ReadContext,
): ReadEntry {
  if (isWebAddress(src)) return { kind: "remote", key, url: src };
  const text = files.text(src);
  if (text === undefined) {
    context.warning(
      element,
      `The src "${src}" of local entry ${key} is no file of this deployment: deploy the file too, or write its content in place`,
    );
    return { kind: "absent", key };
  }
  const { root, problem } = xmlOf(text, src);
  if (problem !== undefined)
    context.warning(element, `Local entry ${key} is used as text, its XML is faulty: ${problem}`);
  return { kind: "entry", entry: { key, text, element: root } };
}

/** The XML of a text that looks like XML. */
export function xmlOf(
  text: string,
  name: string,
): { readonly root: XmlElement | undefined; readonly problem: string | undefined } {
  if (!/^\uFEFF?\s*</.test(text)) return { root: undefined, problem: undefined };
  try {
    return { root: parseXml(text, name), problem: undefined };
  } catch (error) {
    return { root: undefined, problem: messageOf(error) };
  }
}
