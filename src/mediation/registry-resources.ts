/**
 * The registry of a generation: files of the deployment repository that artifacts refer to by key (`registry-place.ts`). Kept as
 * deployed: a generation never reads anything else.
 */
import { messageOf } from "../errors/app-error.ts";
import type { ConfigProblems } from "../errors/config-error.ts";
import { parseXml, type XmlElement } from "../config/xml.ts";
import type { ArtifactFile } from "./engine.ts";
import type { LocalEntry } from "./message/local-entry.ts";
import { resourceKeyOf } from "./registry-place.ts";

/** The place of a file in the registry, "registry/config/a.xslt"; undefined: it is no resource. */
export function resourcePathOf({ path, part }: ArtifactFile): string | undefined {
  if (part) return part.kind === "resource" ? part.path : undefined;
  return resourceKeyOf(path) === undefined ? undefined : path;
}

/** A resource as artifacts use it: text, and XML where it is well-formed XML. */
export function readRegistryResource(
  file: ArtifactFile,
  key: string,
  problems: ConfigProblems,
): LocalEntry {
  const text = file.content.toString("utf8");
  return { key, text, element: elementOf(text, file.path, problems) };
}

function elementOf(text: string, path: string, problems: ConfigProblems): XmlElement | undefined {
  if (!/^\uFEFF?\s*</.test(text)) return undefined;
  try {
    return parseXml(text, path);
  } catch (error) {
    const sentence = `The registry resource is not well-formed XML and is used as text: ${messageOf(error)}`;
    problems.warning({ file: path, line: 1 }, sentence);
    return undefined;
  }
}
