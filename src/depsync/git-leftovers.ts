/**
 * What a git that failed or was killed leaves half written: packs and objects under temporary names, and fast-import's
 * crash reports. git itself keeps them for two weeks, and on a full disk they are what keeps it full. A
 * repository folder has one owner, this process, which runs one writing command at a time; so between two
 * commands nobody needs them.
 */
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";

/** Which names to remove below a bare repository. */
const PLACES = [
  { folder: "", names: /^fast_import_crash_\d+$/ },
  { folder: "objects/pack", names: /^tmp_(pack|idx|rev|bitmap)_\w+$/ },
  // Where a push lies until all of it was checked.
  { folder: "objects", names: /^(tmp_objdir-)?incoming-\w+$/ },
];
/** The 256 folders of loose objects. */
const OBJECT_FOLDER = /^[0-9a-f]{2}$/;
const OBJECT_LEFTOVER = /^tmp_obj_\w+$/;

/** Removes them all; what cannot be removed stays. */
export async function removeLeftovers(gitDir: string): Promise<void> {
  const objectFolders = (await namesIn(join(gitDir, "objects"))).filter((name) =>
    OBJECT_FOLDER.test(name),
  );
  const places = [
    ...PLACES,
    ...objectFolders.map((name) => ({ folder: `objects/${name}`, names: OBJECT_LEFTOVER })),
  ];
  for (const { folder, names } of places) {
    for (const name of (await namesIn(join(gitDir, folder))).filter((one) => names.test(one))) {
      await rm(join(gitDir, folder, name), { force: true, recursive: true }).catch(() => {});
    }
  }
}

function namesIn(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch(() => []);
}
