/** Facts of the installed package: its version and the folder that it lies in. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The package's folder: holds package.json, bin/ and conf/. Two levels up from src/runtime and dist/runtime alike. */
export const PACKAGE_ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

function readVersion(): string {
  const content: unknown = JSON.parse(readFileSync(join(PACKAGE_ROOT, "package.json"), "utf8"));
  const version =
    typeof content === "object" && content && "version" in content ? content.version : "";
  return typeof version === "string" ? version : "";
}

/** Semantic version of the package. */
export const PRODUCT_VERSION = readVersion();
