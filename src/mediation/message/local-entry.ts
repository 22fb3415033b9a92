/** Local entries: named constants of the configuration, text or XML. */
import type { XmlElement } from "../../config/xml.ts";

export interface LocalEntry {
  readonly key: string;
  /** The text, or the XML as text. */
  readonly text: string;
  /** The XML, when the entry is XML. */
  readonly element: XmlElement | undefined;
}
