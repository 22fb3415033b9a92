/**
 * The kinds of Synapse artifacts as the manager sees them: which root element they have, which attribute
 * names them, and in which folder of the deployment repository WSO2 keeps them
 * (synapse-configs/default/<folder>/<name>.xml). What an artifact means is the mediation engine's business.
 */
import { attributeOf } from "../config/xml-query.ts";
import { parseXml, type XmlElement } from "../config/xml.ts";
import { ConfigError, type SourcePlace } from "../errors/config-error.ts";
import type { ArtifactKind, ArtifactSummary } from "../mediation/engine.ts";
import { isFileName } from "./file-name.ts";
import { resourcePathOfKey } from "./registry-key.ts";

/** What is deployed and undeployed by name: an artifact, a carbon application as a whole, or a registry resource by its key. */
export type DeployableKind = ArtifactKind | "carbonapp" | "registry-resource";

interface KindRow {
  readonly kind: ArtifactKind;
  /** The root element. */
  readonly root: string;
  readonly folder: string;
  readonly nameAttribute: "name" | "key";
}

const KINDS: readonly KindRow[] = [
  { kind: "proxy-service", root: "proxy", folder: "proxy-services", nameAttribute: "name" },
  { kind: "sequence", root: "sequence", folder: "sequences", nameAttribute: "name" },
  { kind: "endpoint", root: "endpoint", folder: "endpoints", nameAttribute: "name" },
  { kind: "local-entry", root: "localEntry", folder: "local-entries", nameAttribute: "key" },
  { kind: "api", root: "api", folder: "api", nameAttribute: "name" },
  { kind: "template", root: "template", folder: "templates", nameAttribute: "name" },
  { kind: "task", root: "task", folder: "tasks", nameAttribute: "name" },
  { kind: "message-store", root: "messageStore", folder: "message-stores", nameAttribute: "name" },
  {
    kind: "message-processor",
    root: "messageProcessor",
    folder: "message-processors",
    nameAttribute: "name",
  },
  {
    kind: "inbound-endpoint",
    root: "inboundEndpoint",
    folder: "inbound-endpoints",
    nameAttribute: "name",
  },
  {
    kind: "priority-executor",
    root: "priority-executor",
    folder: "priority-executors",
    nameAttribute: "name",
  },
];

const APPS_FOLDER = "carbonapps";
const APP_ENDING = ".car";
const ROOT_FOLDER = "synapse-configs/default";

/** The kind that a word means: the kind itself, WSO2's folder, or the root element; undefined when none does. */
export function artifactKindOf(word: string): DeployableKind | undefined {
  if (["carbonapp", APPS_FOLDER, "car"].includes(word)) return "carbonapp";
  if (["registry-resource", "resource", "registry"].includes(word)) return "registry-resource";
  return KINDS.find(({ kind, root, folder }) => [kind, root, folder].includes(word))?.kind;
}

/** All kinds, for messages. */
export function artifactKinds(): readonly DeployableKind[] {
  return [...KINDS.map(({ kind }) => kind), "carbonapp", "registry-resource"];
}

/** Where an application lies; `id` is NAME_VERSION. */
export function appPathOf(id: string): string {
  return `${APPS_FOLDER}/${id}${APP_ENDING}`;
}

/** NAME_VERSION, as the file is called; undefined: no application lies there. */
export function appIdOf(path: string): string | undefined {
  const name = path.slice(APPS_FOLDER.length + 1);
  const isApp = path.startsWith(`${APPS_FOLDER}/`) && name.endsWith(APP_ENDING);
  return isApp && !name.includes("/") ? name.slice(0, -APP_ENDING.length) : undefined;
}

/** Where something lies when nobody has put it elsewhere. Undefined: a registry resource cannot have that key. */
export function defaultPathOf(kind: DeployableKind, name: string): string | undefined {
  if (kind === "registry-resource") return resourcePathOfKey(name);
  return kind === "carbonapp" ? appPathOf(name) : artifactPath(kind, name);
}

/** The API "Quotes:v2.0" lies in Quotes_v2.0.xml. */
function artifactPath(kind: ArtifactKind, name: string): string {
  const folder = KINDS.find((row) => row.kind === kind)?.folder ?? kind;
  return `${ROOT_FOLDER}/${folder}/${name.replaceAll(":", "_")}.xml`;
}

/**
 * Reads kind and name from the root element; `path` of the answer is the default one.
 * @param file the name used in errors.
 * @throws ConfigError ARTIFACT_FAULTY with file and line when the bytes are not UTF-8 or not well-formed XML,
 * the root element is no artifact, or its name is missing or cannot be a file name.
 */
export function readArtifact(content: Buffer, file: string): ArtifactSummary {
  const root = parseArtifact(content, file);
  const row = KINDS.find((candidate) => candidate.root === root.name);
  if (!row) {
    const known = KINDS.map((candidate) => candidate.root).join(", ");
    throw faulty(
      root.place,
      `<${root.name}> is no Synapse artifact; the root must be: ${known}. A registry resource is deployed with its key; a file with several artifacts is saved into repository/deployment/server/ of the manager`,
    );
  }
  const name = attributeOf(root, row.nameAttribute)?.trim() ?? "";
  if (name === "")
    throw faulty(root.place, `<${root.name}> needs the attribute "${row.nameAttribute}"`);
  if (!isFileName(name))
    throw faulty(root.place, `the name "${name}" cannot be used as the name of a file`);
  const known = row.kind === "api" ? versionedName(root, name) : name;
  return { kind: row.kind, name: known, path: artifactPath(row.kind, known) };
}

/** Two versions of an API are two artifacts: the engine calls them "Quotes:v1.0" and "Quotes:v2.0". */
function versionedName(root: XmlElement, name: string): string {
  const version = attributeOf(root, "version")?.trim() ?? "";
  if (version === "") return name;
  if (!isFileName(version))
    throw faulty(root.place, `the version "${version}" cannot be used in the name of a file`);
  return `${name}:v${version}`;
}

function parseArtifact(content: Buffer, file: string): XmlElement {
  try {
    return parseXml(decodeUtf8(content, file), file);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new ConfigError(error.problems, "ARTIFACT_FAULTY");
  }
}

function decodeUtf8(content: Buffer, file: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(content);
  } catch {
    throw faulty({ file, line: 1 }, "the file is not encoded in UTF-8");
  }
}

function faulty(place: SourcePlace, message: string): ConfigError {
  return new ConfigError([{ ...place, severity: "error", message }], "ARTIFACT_FAULTY");
}
