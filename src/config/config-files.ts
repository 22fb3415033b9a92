/**
 * Finds and parses the configuration files of a home: `<home>/conf/...` as in EI 6, else
 * `<home>/repository/conf/...` as in ESB 5. `load-node-config.ts` calls it, one call a file.
 */
import { existsSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { AppError, messageOf } from "../errors/app-error.ts";
import type { ConfigProblems } from "../errors/config-error.ts";
import { parseXml, type XmlElement } from "./xml.ts";

/** Where a home keeps its configuration; the first that has a file wins. */
const CONF_FOLDERS = ["conf", "repository/conf"] as const;

/**
 * The absolute path of a home folder.
 * @throws AppError HOME_INVALID when it is not a folder or has no configuration folder.
 */
export function resolveHome(home: string): string {
  const path = resolve(home);
  const advice =
    "`bascule up` makes the homes of a cluster; or make the folder yourself and copy the conf folder of a WSO2 node into it";
  if (!isFolder(path))
    throw new AppError("HOME_INVALID", `there is no home folder ${path}: ${advice}`, {
      side: "config",
    });
  if (!CONF_FOLDERS.some((folder) => isFolder(join(path, folder))))
    throw new AppError(
      "HOME_INVALID",
      `the folder ${path} is not the home of a node, it has neither conf nor repository/conf: ${advice}`,
      { side: "config" },
    );
  return path;
}

/**
 * The root element of a configuration file, or undefined when the home does not have the file.
 * A file that cannot be read, is not well-formed or has another root is an error in `problems`.
 */
export function readConfigFile(
  file: { readonly home: string; readonly path: string; readonly root: string },
  problems: ConfigProblems,
): XmlElement | undefined {
  const [found, ignored] = CONF_FOLDERS.map((folder) => join(file.home, folder, file.path)).filter(
    (path) => existsSync(path),
  );
  if (found === undefined) return undefined;
  if (ignored !== undefined)
    problems.warning({ file: ignored, line: 1 }, `this file is ignored because ${found} exists`);
  const root = parseFile(found, problems);
  if (!root || root.name === file.root) return root;
  problems.error(root.place, `the root element is <${root.name}>: expected <${file.root}>`);
  return undefined;
}

function parseFile(path: string, problems: ConfigProblems): XmlElement | undefined {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    problems.error({ file: path, line: 1 }, `the file cannot be read (${messageOf(error)})`);
    return undefined;
  }
  try {
    return parseXml(decode(bytes), path);
  } catch (error) {
    problems.addThrown(error);
    return undefined;
  }
}

/** UTF-8 unless the XML declaration says ISO-8859-1, as some of WSO2's own files do. */
function decode(bytes: Buffer): string {
  const declaration = bytes.subarray(0, 100).toString("latin1");
  const isLatin1 = /^<\?xml[^>]*encoding=["']iso-8859-1["']/i.test(declaration);
  return bytes.toString(isLatin1 ? "latin1" : "utf8");
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
