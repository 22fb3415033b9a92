/** Where carbon applications lie in the deployment repository, and how places inside them are named. */
import type { ArtifactFile } from "../engine.ts";

/** "carbonapps/NAME_VERSION.car", in that folder and nowhere below it. */
const APP = /^carbonapps\/[^/]+\.car$/;

/** Whether a file of the repository is a carbon application. */
export function isCarbonApp({ path, part }: ArtifactFile): boolean {
  return part === undefined && APP.test(path);
}

/** "carbonapps/A_1.0.0.car!/P_1.0.0/P.xml": an entry of an archive, as problems name it. */
export function entryPath(archive: string, entry: string): string {
  return `${archive}!/${entry}`;
}
