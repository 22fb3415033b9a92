/** What a file of the repository is to people: an artifact with kind and name, a carbon application, a registry resource, or just a file. */
import { ConfigError } from "../../errors/config-error.ts";
import { appIdOf, readArtifact } from "../artifact-place.ts";
import { resourceKeyOf } from "../../mediation/registry-place.ts";
import type { DeployedArtifact } from "../store/journal.ts";

/** Never fails: what cannot be read is a file. */
export function labelOf(path: string, content: Buffer): DeployedArtifact {
  const app = appIdOf(path);
  if (app !== undefined) return { kind: "carbonapp", name: app, path };
  const key = resourceKeyOf(path);
  if (key !== undefined) return { kind: "registry-resource", name: key, path };
  if (!path.startsWith("synapse-configs/") || !path.endsWith(".xml")) return { path };
  try {
    const { kind, name } = readArtifact(content, path);
    return { kind, name, path };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { path };
  }
}
