/**
 * Which files of a deployment repository hold Synapse artifacts: synapse-configs/default/<kind>/*.xml and a
 * synapse.xml with `<definitions>` beside them. Other files, dot files and folders are not the engine's.
 */
import type { ArtifactFile } from "./engine.ts";
import { resourcePathOf } from "./registry-resources.ts";

const ROOT = /^synapse-configs\/[^/]+\/(.+)$/;

/** Folders whose artifacts the engine reads. */
const READ_FOLDERS: readonly string[] = [
  "proxy-services",
  "sequences",
  "templates",
  "api",
  "endpoints",
  "local-entries",
  "message-stores",
  "message-processors",
  "tasks",
  "inbound-endpoints",
  "priority-executors",
];

/** Folders of Synapse whose artifacts are refused. */
const REFUSED_FOLDERS: Readonly<Record<string, string>> = {
  "event-sources": "event source",
};

/** What to do with a file. */
export type FileRole =
  | { readonly kind: "artifact" }
  /** `path`: where it stands in the registry. */
  | { readonly kind: "resource"; readonly path: string }
  /** `why` is a sentence for whoever deployed it. */
  | { readonly kind: "refused"; readonly why: string }
  | { readonly kind: "ignored" };

/** The role of a file, by its path and by what it is in its application. */
export function roleOf(file: ArtifactFile): FileRole {
  const resource = resourcePathOf(file);
  if (resource !== undefined) return { kind: "resource", path: resource };
  if (file.part) return { kind: "artifact" };
  const inside = ROOT.exec(file.path)?.[1];
  const segments = inside?.split("/") ?? [];
  const isXml = file.path.endsWith(".xml") && !segments.some((part) => part.startsWith("."));
  const [folder = ""] = segments;
  if (!isXml) return { kind: "ignored" };
  if (segments.length === 1 || READ_FOLDERS.includes(folder)) return { kind: "artifact" };
  const what = Object.hasOwn(REFUSED_FOLDERS, folder) ? REFUSED_FOLDERS[folder] : undefined;
  if (what === undefined) return { kind: "ignored" };
  return { kind: "refused", why: `Artifacts of kind ${what} are not supported` };
}
