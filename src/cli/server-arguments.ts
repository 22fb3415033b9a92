/** The arguments of `bascule server`: --home and the -D properties, as WSO2's start script takes them. */
import { isAbsolute, resolve } from "node:path";
import { AppError } from "../errors/app-error.ts";

export interface ServerArguments {
  /** Absolute. */
  readonly home: string;
  /** -Dname=value; -Dname alone means "true". */
  readonly properties: Readonly<Record<string, string>>;
}

/** @param folder what relative paths are relative to. @throws AppError USAGE. */
export function parseServerArguments(args: readonly string[], folder: string): ServerArguments {
  let home = folder;
  const properties: Record<string, string> = {};
  const rest = [...args];
  while (rest.length > 0) {
    const argument = rest.shift() ?? "";
    if (argument.startsWith("-D") && argument.length > 2) {
      const [name, value] = splitProperty(argument.slice(2));
      properties[name] = value;
    } else if (argument === "--home") {
      const given = rest.shift();
      if (given === undefined) throw new AppError("USAGE", "--home needs a folder");
      home = given;
    } else if (argument.startsWith("--home=")) {
      home = argument.slice("--home=".length);
    } else {
      throw new AppError("USAGE", `server does not know the argument "${argument}"`);
    }
  }
  return { home: isAbsolute(home) ? home : resolve(folder, home), properties };
}

function splitProperty(text: string): readonly [name: string, value: string] {
  const equals = text.indexOf("=");
  if (equals === 0) throw new AppError("USAGE", `-D${text} has no name before the "="`);
  return equals === -1 ? [text, "true"] : [text.slice(0, equals), text.slice(equals + 1)];
}
