/**
 * Where registry resources lie in the deployment repository, and by which keys artifacts name them: "conf:/a/b.xslt", or
 * "/_system/config/a/b.xslt", is the file registry/config/a/b.xslt, "gov:/.." one in registry/governance/. The one place that
 * knows; the engine, the manager and `bascule deploy` ask here. Imports nothing.
 */

const ROOTS = [
  { prefix: "conf:/", folder: "registry/config/" },
  { prefix: "gov:/", folder: "registry/governance/" },
] as const;

/** Undefined for keys that do not name the registry. */
export function registryPathOf(key: string): string | undefined {
  const text = key.trim();
  const named = /^(?:registry:)?(?:(conf|gov):|\/_system\/(config|governance)\/)\/*(.+)$/.exec(
    text,
  );
  if (!named) return undefined;
  const [, prefix, root, rest = ""] = named;
  const [config, governance] = ROOTS;
  const isConfig = prefix === "conf" || root === "config";
  return `${(isConfig ? config : governance).folder}${rest}`;
}

/** "conf:/a/b.xslt"; undefined: no resource lies there. */
export function resourceKeyOf(path: string): string | undefined {
  const root = ROOTS.find(({ folder }) => path.startsWith(folder));
  return root && `${root.prefix}${path.slice(root.folder.length)}`;
}
