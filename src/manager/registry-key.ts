/**
 * Registry resources by their keys, as artifacts name them: "conf:/a/b.xslt" is the file registry/config/a/b.xslt of the
 * deployment repository, "gov:/.." one in registry/governance/. Used where people deploy, list and undeploy them.
 */
import { registryPathOf } from "../mediation/registry-resources.ts";
import { isFileName } from "./file-name.ts";

const ROOTS = [
  { prefix: "conf:/", folder: "registry/config/" },
  { prefix: "gov:/", folder: "registry/governance/" },
] as const;

/** Folders and the name, at most. */
const PARTS_MAX = 20;
/** Longest key. */
export const RESOURCE_KEY_LENGTH_MAX = 400;

/** Where the resource lies; undefined: no key of a resource, or one whose parts cannot be names of files. */
export function resourcePathOfKey(key: string): string | undefined {
  if (key.length > RESOURCE_KEY_LENGTH_MAX) return undefined;
  const path = registryPathOf(key);
  const parts = path?.split("/").slice(2) ?? [];
  const isGood = parts.length > 0 && parts.length <= PARTS_MAX && parts.every(isPart);
  return isGood ? path : undefined;
}

/** "conf:/a/b.xslt"; undefined: no resource lies there. */
export function resourceKeyOf(path: string): string | undefined {
  const root = ROOTS.find(({ folder }) => path.startsWith(folder));
  return root && `${root.prefix}${path.slice(root.folder.length)}`;
}

function isPart(part: string): boolean {
  return part !== "" && isFileName(part);
}
