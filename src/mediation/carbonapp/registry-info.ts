/**
 * Reads registry-info.xml of an artifact of type registry/resource (Carbon's RegistryResourceDeployer):
 *
 *   <resources>
 *     <item><file>a.xslt</file><path>/_system/config/xslt</path></item>
 *     <collection><directory>schemas</directory><path>/_system/governance/schemas</path></collection>
 *     <association/> <dump/>
 *
 * Files lie in the folder "resources" beside it. Resources are files of a deployment here: what the registry adds to them
 * (associations, properties) has no meaning, and a dump is refused.
 */
import { childElements, childNamed, textOf } from "../../config/xml-query.ts";
import type { XmlElement } from "../../config/xml.ts";
import type { ConfigProblems } from "../../errors/config-error.ts";
import { registryPathOf } from "../registry-place.ts";
import { APP_ENTRIES_MAX, type AppArchive } from "./app-archive.ts";
import { entryPath } from "./app-paths.ts";

/** A file of the archive, and its place in the registry. */
export interface AppResource {
  readonly entry: string;
  /** "registry/config/xslt/a.xslt". */
  readonly path: string;
}

/** @param folder where the files lie, "R_1.0.0/resources/". */
export function readRegistryInfo(
  root: XmlElement,
  folder: string,
  archive: AppArchive,
  problems: ConfigProblems,
): readonly AppResource[] {
  const found: AppResource[] = [];
  for (const [index, element] of childElements(root).entries()) {
    // Collections may name one another's files: what they come to is bounded, not only what lies in the archive.
    if (index >= APP_ENTRIES_MAX || found.length > APP_ENTRIES_MAX) {
      const sentence = `registry-info.xml names more than ${APP_ENTRIES_MAX} resources`;
      problems.error(element.place, sentence);
      return [];
    }
    found.push(...readElement(element, folder, archive, problems));
  }
  return found;
}

// eslint-disable-next-line max-params
function readElement(
  element: XmlElement,
  folder: string,
  archive: AppArchive,
  problems: ConfigProblems,
): readonly AppResource[] {
  switch (element.name) {
    case "item":
      return readItem(element, folder, archive, problems);
    case "collection":
      return readCollection(element, folder, archive, problems);
    case "association":
      problems.warning(element.place, "Associations of the registry are left out");
      return [];
    default: {
      const sentence = `<${element.name}> of registry-info.xml is not supported: name each file with <item>, or a folder with <collection>`;
      problems.error(element.place, sentence);
      return [];
    }
  }
}

// eslint-disable-next-line max-params
function readItem(
  element: XmlElement,
  folder: string,
  archive: AppArchive,
  problems: ConfigProblems,
): readonly AppResource[] {
  const file = childText(element, "file", problems);
  const path = registryFolder(element, problems);
  if (file === undefined || path === undefined) return [];
  const entry = `${folder}${file}`;
  if (archive.has(entry)) return [{ entry, path: `${path}/${file.split("/").at(-1)}` }];
  problems.error(element.place, `The file ${entryPath(archive.path, entry)} is missing`);
  return [];
}

// eslint-disable-next-line max-params
function readCollection(
  element: XmlElement,
  folder: string,
  archive: AppArchive,
  problems: ConfigProblems,
): readonly AppResource[] {
  const directory = childText(element, "directory", problems);
  const path = registryFolder(element, problems);
  if (directory === undefined || path === undefined) return [];
  const start = `${folder}${directory.replace(/\/+$/, "")}/`;
  return archive.names
    .filter((name) => name.startsWith(start))
    .map((entry) => ({ entry, path: `${path}/${entry.slice(start.length)}` }));
}

function childText(
  element: XmlElement,
  name: string,
  problems: ConfigProblems,
): string | undefined {
  const child = childNamed(element, name);
  const text = child && textOf(child);
  if (text) return text;
  problems.error(element.place, `<${element.name}> of registry-info.xml needs a <${name}>`);
  return undefined;
}

/** The folder of the repository that stands for a collection of the registry. */
function registryFolder(element: XmlElement, problems: ConfigProblems): string | undefined {
  const path = childText(element, "path", problems);
  if (path === undefined) return undefined;
  const segments = path.split("/").filter((segment) => segment !== "");
  const folder = registryPathOf(`/${segments.join("/")}/x`)?.slice(0, -"/x".length);
  if (folder !== undefined && !segments.includes("..") && !segments.includes(".")) return folder;
  problems.error(
    element.place,
    `The path ${path} cannot be used: resources lie under /_system/config or /_system/governance`,
  );
  return undefined;
}
