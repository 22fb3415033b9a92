/**
 * The cluster's keys while it runs: the first seals, all open. Derived from the cluster's secrets, and anew when these change;
 * whoever keeps keys derived from these looks at `epoch`.
 */
import type { Log } from "../../observability/log.ts";
import type { ClusterSecrets } from "../secrets.ts";
import { deriveGroupKey } from "./group-key.ts";

export class Keyring {
  #keys: readonly Buffer[];
  #epoch = 0;

  /** @param keys at least one. */
  constructor(keys: readonly Buffer[]) {
    this.#keys = keys;
  }

  get keys(): readonly Buffer[] {
    return this.#keys;
  }

  /** Grows with each `replace`. */
  get epoch(): number {
    return this.#epoch;
  }

  replace(keys: readonly Buffer[]): void {
    if (keys.length === 0) return;
    this.#keys = keys;
    this.#epoch += 1;
  }
}

/** Derives the keys of the secrets and follows their changes until `stop`. Each derivation takes some 80 ms off the main thread. */
export async function followSecrets(
  domain: string,
  secrets: ClusterSecrets,
  log: Log,
): Promise<{ readonly keyring: Keyring; readonly stop: () => void }> {
  const known = new Map<string, Promise<Buffer>>();
  const keysOf = (all: readonly string[]): Promise<readonly Buffer[]> =>
    Promise.all(
      all.map((secret) => {
        const key = known.get(secret) ?? deriveGroupKey(domain, secret);
        known.set(secret, key);
        return key;
      }),
    );
  const keyring = new Keyring(await keysOf(secrets.all));
  const adopt = async (all: readonly string[]): Promise<void> => {
    const keys = await keysOf(all);
    // A later change may have been quicker.
    if (secrets.all !== all) return;
    keyring.replace(keys);
    log.info(`The cluster's secrets have changed: ${keys.length} open, the first one seals`);
  };
  const stop = secrets.onChange((all) => {
    for (const secret of known.keys()) if (!all.includes(secret)) known.delete(secret);
    return adopt(all);
  });
  return { keyring, stop };
}
