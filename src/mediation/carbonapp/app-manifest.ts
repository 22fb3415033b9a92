/**
 * Reads what a carbon application says of itself (Carbon's ApplicationConfiguration):
 *
 *   artifacts.xml        <artifacts><artifact name="A" version="1.0.0" type="carbon/application">
 *                          <dependency artifact="P" version="1.0.0" [include="true|false"] [serverRole="role"]/>*
 *   P_1.0.0/artifact.xml <artifact name="P" version="1.0.0" type="synapse/proxy-service" [serverRole="role"]>
 *                          <file>P-1.0.0.xml</file> <dependency artifact=".." version=".."/>*
 */
import { attributeOf, childNamed, childrenNamed, textOf } from "../../config/xml-query.ts";
import { parseXml, type XmlElement } from "../../config/xml.ts";
import type { SourcePlace } from "../../errors/config-error.ts";
import type { ConfigProblems } from "../../errors/config-error.ts";
import type { AppArchive } from "./app-archive.ts";
import { entryPath } from "./app-paths.ts";

/** What an application or an artifact of it needs. */
export interface AppDependency {
  readonly artifact: string;
  readonly version: string;
  /** False: something else brings it. */
  readonly include: boolean;
  /** "": for every server. */
  readonly serverRole: string;
  readonly place: SourcePlace;
}

export interface AppManifest {
  readonly name: string;
  readonly version: string;
  readonly dependencies: readonly AppDependency[];
}

/** One artifact.xml. */
export interface ArtifactManifest {
  readonly name: string;
  readonly version: string;
  readonly type: string;
  readonly serverRole: string;
  /** The folder in the archive, with "/" at its end. */
  readonly folder: string;
  readonly file: string;
  readonly dependencies: readonly AppDependency[];
  readonly place: SourcePlace;
}

const MANIFEST = "artifacts.xml";
const ARTIFACT = /^[^/]+\/artifact\.xml$/;

/** Undefined when it is missing or faulty (a problem was reported). @throws ConfigError when it is no XML. */
export async function readManifest(
  archive: AppArchive,
  problems: ConfigProblems,
): Promise<AppManifest | undefined> {
  if (!archive.has(MANIFEST)) {
    const sentence = "This is no carbon application: artifacts.xml is missing";
    problems.error({ file: archive.path, line: 0 }, sentence);
    return undefined;
  }
  const root = await parsed(archive, MANIFEST);
  const app = [root, ...childrenNamed(root, "artifact")].find(
    (element) => attributeOf(element, "type") === "carbon/application",
  );
  const named = app && readName(app, problems);
  if (!app) {
    const sentence = 'artifacts.xml holds no <artifact type="carbon/application">';
    problems.error(root.place, sentence);
  }
  return named && app && { ...named, dependencies: readDependencies(app, problems) };
}

/** All artifacts that lie in the archive; faulty ones are left out (a problem was reported). */
export async function readArtifactManifests(
  archive: AppArchive,
  problems: ConfigProblems,
): Promise<readonly ArtifactManifest[]> {
  const manifests: ArtifactManifest[] = [];
  for (const entry of archive.names.filter((name) => ARTIFACT.test(name))) {
    try {
      const manifest = readArtifact(await parsed(archive, entry), problems);
      const folder = entry.slice(0, entry.indexOf("/") + 1);
      if (manifest) manifests.push({ ...manifest, folder });
    } catch (error) {
      problems.addThrown(error);
    }
  }
  return manifests;
}

/** The root of an XML file of the archive. @throws ConfigError when it is missing or no XML. */
export async function parsed(archive: AppArchive, entry: string): Promise<XmlElement> {
  const content = await archive.read(entry);
  return parseXml(content.toString("utf8"), entryPath(archive.path, entry));
}

function readArtifact(
  element: XmlElement,
  problems: ConfigProblems,
): Omit<ArtifactManifest, "folder"> | undefined {
  const named = readName(element, problems);
  const type = attributeOf(element, "type")?.trim();
  const child = childNamed(element, "file");
  const file = child && textOf(child);
  if (!type) problems.error(element.place, "The 'type' attribute is required for an artifact");
  if (!file) problems.error(element.place, "An artifact needs a <file>");
  const isSingle = childrenNamed(element, "file").length <= 1;
  if (!isSingle) problems.error(element.place, "An artifact has one <file> only");
  if (!named || !type || !file || !isSingle) return undefined;
  return {
    ...named,
    type,
    serverRole: attributeOf(element, "serverRole")?.trim() ?? "",
    file,
    dependencies: readDependencies(element, problems),
    place: element.place,
  };
}

function readName(
  element: XmlElement,
  problems: ConfigProblems,
): { readonly name: string; readonly version: string } | undefined {
  const name = attributeOf(element, "name")?.trim();
  const version = attributeOf(element, "version")?.trim();
  if (name && version) return { name, version };
  const missing = name ? "version" : "name";
  problems.error(element.place, `The '${missing}' attribute is required for an artifact`);
  return undefined;
}

function readDependencies(element: XmlElement, problems: ConfigProblems): readonly AppDependency[] {
  const dependencies: AppDependency[] = [];
  for (const child of childrenNamed(element, "dependency")) {
    const artifact = attributeOf(child, "artifact")?.trim();
    const version = attributeOf(child, "version")?.trim() ?? "";
    const include = attributeOf(child, "include")?.trim().toLowerCase() !== "false";
    const serverRole = attributeOf(child, "serverRole")?.trim() ?? "";
    if (artifact) dependencies.push({ artifact, version, include, serverRole, place: child.place });
    else problems.error(child.place, "The 'artifact' attribute is required for a dependency");
  }
  return dependencies;
}
