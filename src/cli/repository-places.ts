/** Where a server node keeps git repositories in its home, where it finds the manager's, and what it shows a remote one. */
import { accessSync, constants, statSync } from "node:fs";
import { hostname } from "node:os";
import { isAbsolute, join } from "node:path";
import type { Member } from "../cluster/cluster.ts";
import { MEMBER_PROPERTIES } from "../cluster/member-properties.ts";
import type { NodeConfig } from "../config/node-config.ts";
import type { GitCredentials } from "../depsync/git-location.ts";
import type { TrustView } from "../net/trust/trust-view.ts";
import { repositoryUrl } from "./manager-repository.ts";

/** The folder in a home where git repositories are kept. */
export function repositoryFolder(config: NodeConfig, name: string): string {
  return join(config.home, "repository", "depsync", name);
}

/** GitUserName and GitPassword of carbon.xml. */
export function credentialsOf({ depsync }: NodeConfig): GitCredentials {
  return { user: depsync.gitUserName, password: depsync.gitPassword };
}

/** What decides between path and URL; of this machine, unless a test says otherwise. */
export interface Surroundings {
  readonly machine: string;
  /** Whether git on this machine would read the folder: it is there, readable, and of this user. */
  readonly isUsable: (folder: string) => boolean;
}

const HERE: Surroundings = { machine: hostname(), isUsable };

/**
 * From where a worker fetches what a manager tells in its member record: a URL as it stands; a folder by its path on the
 * manager's own machine, elsewhere over the manager's https port. Undefined: the manager tells nothing that can be used.
 */
export function locationOf(manager: Member, here: Surroundings = HERE): string | undefined {
  const told = manager.properties[MEMBER_PROPERTIES.deploymentRepository];
  if (told === undefined || !isAbsolute(told)) return told;
  const isSameMachine = manager.properties[MEMBER_PROPERTIES.machine] === here.machine;
  return isSameMachine && here.isUsable(told) ? told : repositoryUrl(manager);
}

/**
 * The location that counts of those that managers tell in their member records. A registered node takes a URL only where it is
 * the one that its manager has named to it over TLS: whoever has the cluster's secret can join as a manager and name a
 * repository of its own. A folder is read where it lies, or from a manager whose certificate is looked at.
 */
export function toldLocation(
  managers: readonly Member[],
  trust: Pick<TrustView, "material" | "repository"> | undefined,
  here: Surroundings = HERE,
): string | undefined {
  const counts = (manager: Member): boolean => {
    const told = manager.properties[MEMBER_PROPERTIES.deploymentRepository];
    if (told === undefined) return false;
    return !trust?.material || isAbsolute(told) || told === trust.repository;
  };
  const manager = managers.find(counts);
  return manager && locationOf(manager, here);
}

function isUsable(folder: string): boolean {
  try {
    accessSync(join(folder, "objects"), constants.R_OK | constants.X_OK);
    // git refuses repositories of other users.
    return statSync(folder).uid === process.getuid?.();
  } catch {
    return false;
  }
}
