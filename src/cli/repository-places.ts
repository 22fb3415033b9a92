/** Where a server node keeps git repositories in its home, and what it shows a remote one. */
import { join } from "node:path";
import type { NodeConfig } from "../config/node-config.ts";
import type { GitCredentials } from "../depsync/git-location.ts";

/** The folder in a home where git repositories are kept. */
export function repositoryFolder(config: NodeConfig, name: string): string {
  return join(config.home, "repository", "depsync", name);
}

/** GitUserName and GitPassword of carbon.xml. */
export function credentialsOf({ depsync }: NodeConfig): GitCredentials {
  return { user: depsync.gitUserName, password: depsync.gitPassword };
}
