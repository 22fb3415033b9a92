/** The --dir option that `down`, `status` and others share. */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { AppError, messageOf } from "../errors/app-error.ts";

export interface DirOptions {
  /** Absolute. */
  readonly dir: string;
  readonly json: boolean;
}

/** Reads --dir and, where `allowJson`, --json. @throws AppError USAGE. */
export function parseDirOptions(args: readonly string[], allowJson: boolean): DirOptions {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        dir: { type: "string", default: ".bascule" },
        json: { type: "boolean", default: false },
      },
    });
    if (values.json && !allowJson) throw new AppError("USAGE", "--json is not an option here");
    return { dir: resolve(values.dir), json: values.json };
  } catch (error) {
    throw error instanceof AppError ? error : new AppError("USAGE", messageOf(error));
  }
}
