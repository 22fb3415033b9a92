/**
 * The cluster's secrets as the providers see them: the first seals, all open, so that one can be replaced while
 * the cluster runs (add it behind the old one, bring it to the front once all nodes have it, drop the old one).
 * Made by `cli` from `groupPassword`; changed by whoever hears from the manager that they were rotated.
 */

/** Secrets at once; a rotation needs two, a third one covers a rotation that follows at once. */
export const SECRETS_MAX = 4;

/** A promise that it returns resolves when the secrets are in use. */
export type SecretsHandler = (all: readonly string[]) => void | Promise<void>;

export class ClusterSecrets {
  #all: readonly string[];
  readonly #handlers = new Set<SecretsHandler>();

  /** @param all at least one, at most SECRETS_MAX. @throws RangeError. */
  constructor(all: readonly string[]) {
    this.#all = checked(all);
  }

  /** The first seals, all open. Never empty, never logged. */
  get all(): readonly string[] {
    return this.#all;
  }

  /**
   * Replaces them all; handlers are called when something has changed. Resolves when all of them use the new ones: only
   * then may another node seal with them. @throws RangeError.
   */
  async replace(all: readonly string[]): Promise<void> {
    const next = checked(all);
    if (next.length === this.#all.length && next.every((secret, at) => secret === this.#all[at]))
      return;
    this.#all = next;
    for (const applied of [...this.#handlers].map((handler) => handler(next))) await applied;
  }

  /** Returns the function that removes the handler. */
  onChange(handler: SecretsHandler): () => void {
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }
}

/** The secrets of a `groupPassword`: one a line, blank lines left out. */
export function secretsOf(groupPassword: string): readonly string[] {
  return groupPassword
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

function checked(all: readonly string[]): readonly string[] {
  if (all.length >= 1 && all.length <= SECRETS_MAX && !all.includes("")) return [...all];
  throw new RangeError(`a cluster has 1 to ${SECRETS_MAX} secrets, not ${all.length}`);
}
