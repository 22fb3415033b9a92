/**
 * Writes the files of a home from the templates of the package's conf folder. A template holds tokens:
 * `@name@` stands for a value (escaped in .xml files), `@xml:name@` for markup that goes in as it is.
 * A file that exists is never touched, so that a home keeps what its operator wrote.
 */
import { lstatSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { AppError, systemCodeOf } from "../errors/app-error.ts";
import { encodeEntities } from "./xml-entities.ts";

/** The owner reads and writes, the group reads: configuration may hold secrets. */
const FILE_MODE = 0o640;
const FOLDER_MODE = 0o750;
const TOKEN = /@(?:(xml):)?([A-Za-z][A-Za-z0-9]*)@/g;

interface HomeFile {
  readonly path: string;
  readonly text: string;
}

/**
 * Copies a template file, or all files below a template folder, with tokens replaced. Every template is
 * filled in before the first file is written, so a wrong template leaves nothing behind.
 * @param source the template file or folder.
 * @param target the file or folder to write; folders are made as needed.
 * @returns the absolute or relative paths of the files written, in order; those that existed are not among them.
 * @throws AppError CONFIG_INVALID when a template holds a token that has no value; HOME_INVALID when a file
 * cannot be written.
 */
export function writeHomeFiles(
  source: string,
  target: string,
  tokens: Readonly<Record<string, string>>,
): readonly string[] {
  const files = [...templateFiles(source, target)].map(([template, path]) => ({
    path,
    text: fillTemplate(template, tokens),
  }));
  return files.filter(writeNew).map(({ path }) => path);
}

/** Pairs of template file and target path. Links and other special files are left out. */
function* templateFiles(source: string, target: string): Generator<readonly [string, string]> {
  const kind = lstatSync(source);
  if (kind.isFile()) yield [source, target];
  if (!kind.isDirectory()) return;
  for (const name of readdirSync(source).sort())
    yield* templateFiles(join(source, name), join(target, name));
}

function fillTemplate(template: string, tokens: Readonly<Record<string, string>>): string {
  const isXml = template.endsWith(".xml");
  const text = readFileSync(template, "utf8");
  return text.replace(TOKEN, (_token, kind: string | undefined, name: string, offset: number) => {
    const value = Object.hasOwn(tokens, name) ? tokens[name] : undefined;
    if (value === undefined) {
      const line = text.slice(0, offset).split("\n").length;
      const message = `the token @${name}@ has no value in the template ${template}:${line}`;
      throw new AppError("CONFIG_INVALID", message, { side: "internal" });
    }
    return isXml && kind === undefined ? encodeEntities(value) : value;
  });
}

/** @returns whether the file was written; false when there is one already. */
function writeNew({ path, text }: HomeFile): boolean {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: FOLDER_MODE });
    writeFileSync(path, text, { flag: "wx", mode: FILE_MODE });
    return true;
  } catch (error) {
    if (systemCodeOf(error) === "EEXIST" && statSync(path, { throwIfNoEntry: false })?.isFile())
      return false;
    const reason = systemCodeOf(error) ?? "unknown reason";
    throw new AppError("HOME_INVALID", `the file ${path} cannot be written (${reason})`, {
      side: "config",
      cause: error,
    });
  }
}
