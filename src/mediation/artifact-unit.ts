/**
 * One file as it was read: what it defines, what is wrong with it, and what the rest of the deployment has to answer for. A unit
 * depends on its file and on the files that it looked up, and on nothing else; it holds nothing of a generation. So it
 * serves every compilation in which these files are the same.
 */
import { childElements } from "../config/xml-query.ts";
import { parseXml, type XmlElement } from "../config/xml.ts";
import { ConfigProblems } from "../errors/config-error.ts";
import { type Definition, readDefinition } from "./artifact-readers.ts";
import { roleOf } from "./artifact-files.ts";
import type { ArtifactFile, ArtifactSummary } from "./engine.ts";
import type { LocalEntry } from "./message/local-entry.ts";
import { readRegistryResource } from "./registry-resources.ts";
import { type FileLookup, isSameFile, RepositoryFiles } from "./repository-files.ts";
import { type NewerStylesheet, newerStylesheet } from "./transform/stylesheet-check.ts";
import type { TemplateUse } from "./xml/read/endpoint-ledger.ts";
import { MEDIATOR_READERS } from "./xml/read/mediator-readers.ts";
import { ReadContext, type ScriptUse } from "./xml/read/read-context.ts";
import { artifactText } from "./xml/write/artifact-text.ts";

/** A definition, and where it stands. */
export interface PlacedDefinition extends Definition {
  /** Kind and name: what only one definition of a generation may have. */
  readonly id: string;
  readonly element: XmlElement;
  readonly summary: ArtifactSummary;
}

export interface ArtifactUnit {
  readonly file: ArtifactFile;
  /** Of this file alone. */
  readonly problems: ConfigProblems;
  readonly definitions: readonly PlacedDefinition[];
  /** What the file is in the registry; its key is the path there. */
  readonly resource: LocalEntry | undefined;
  readonly templateUses: readonly TemplateUse[];
  readonly scriptUses: readonly ScriptUse[];
  /** Stylesheets in it that need XSLT 2.0. */
  readonly newerStylesheets: readonly NewerStylesheet[];
  readonly lookups: readonly FileLookup[];
}

/** The files of one compilation by their path. */
export type FilesByPath = ReadonlyMap<string, ArtifactFile>;

/** Reads one file. Undefined when it is none of the engine's. */
export function readUnit(file: ArtifactFile, files: FilesByPath): ArtifactUnit | undefined {
  const role = roleOf(file);
  if (role.kind === "ignored") return undefined;
  const problems = new ConfigProblems();
  const context = new ReadContext(problems, MEDIATOR_READERS);
  const lookups: FileLookup[] = [];
  const definitions: PlacedDefinition[] = [];
  let resource: LocalEntry | undefined;
  try {
    if (role.kind === "refused") problems.error({ file: file.path, line: 1 }, role.why);
    else if (role.kind === "resource") resource = readRegistryResource(file, role.path, problems);
    else
      for (const element of artifactsIn(file, problems)) {
        const definition = readDefinition(element, context, new RepositoryFiles(files, lookups));
        if (definition) definitions.push(placed(definition, element, file));
      }
  } catch (error) {
    problems.addThrown(error);
  }
  const entries = [resource, ...definitions.map(({ entry }) => entry)];
  return {
    file,
    problems,
    definitions,
    resource,
    templateUses: context.endpoints.templateUses,
    scriptUses: context.scriptUses,
    newerStylesheets: entries.flatMap((entry) => newerStylesheet(entry) ?? []),
    lookups,
  };
}

/** Whether a unit is what reading the file now would give. */
export function isCurrent(unit: ArtifactUnit, file: ArtifactFile, files: FilesByPath): boolean {
  return (
    isSameFile(unit.file, file) &&
    isSamePart(unit.file, file) &&
    unit.lookups.every(({ path, found }) => {
      const now = files.get(path);
      return now && found ? isSameFile(now, found) : now === found;
    })
  );
}

/** Whether two files are the same part of an application, or none. */
export function isSamePart({ part: one }: ArtifactFile, { part: other }: ArtifactFile): boolean {
  if (one === other) return true;
  if (!one || !other || one.app !== other.app) return false;
  if (one.kind === "artifact") return other.kind === "artifact" && one.element === other.element;
  return other.kind === "resource" && one.path === other.path;
}

/** The artifacts of a file: its root, or what stands in its definitions, however deep. */
function artifactsIn(file: ArtifactFile, problems: ConfigProblems): readonly XmlElement[] {
  const root = parseXml(file.content.toString("utf8"), file.path);
  const { part } = file;
  if (part?.kind !== "artifact" || root.name === part.element) return insideOf(root);
  problems.error(
    root.place,
    `artifact.xml calls this file a <${part.element}>, but it holds a <${root.name}>`,
  );
  return [];
}

function insideOf(element: XmlElement): readonly XmlElement[] {
  if (element.name !== "definitions") return [element];
  return childElements(element).flatMap(insideOf);
}

function placed(definition: Definition, element: XmlElement, file: ArtifactFile): PlacedDefinition {
  const { kind, name } = definition;
  const summary = {
    kind,
    name,
    path: element.place.file,
    ...(file.part && { app: file.part.app }),
    source: () => artifactText(element),
  };
  return { ...definition, id: `${kind} ${name}`, element, summary };
}
