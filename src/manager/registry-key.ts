/** Keys of registry resources as people hand them in: which of them name a file that may be. */
import { registryPathOf } from "../mediation/registry-place.ts";
import { isFileName } from "./file-name.ts";

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

function isPart(part: string): boolean {
  return part !== "" && isFileName(part);
}
