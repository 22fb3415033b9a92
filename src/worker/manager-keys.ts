/**
 * Whose signature vouches for a revision: the keys of the cluster's managers. A registered node has them from the trust
 * material; where nothing is registered the managers' member records tell them, which the cluster's secret seals.
 */
import type { Member } from "../cluster/cluster.ts";
import { MEMBER_PROPERTIES } from "../cluster/member-properties.ts";
import { readAllowedSigners } from "../depsync/signatures/allowed-signers.ts";
import { ed25519PublicKey, type SshPublicKey } from "../depsync/signatures/ssh-public-key.ts";
import type { TrustView } from "../net/trust/trust-view.ts";

const BASE64_OF_32_BYTES = /^[A-Za-z0-9+/]{43}=$/;

export interface ManagerKeysOptions {
  /** Those that membership knows now. */
  readonly members: () => readonly Member[];
  /** Undefined, or without material: the node is not registered. */
  readonly trust: Pick<TrustView, "material"> | undefined;
}

export class ManagerKeys {
  readonly #options: ManagerKeysOptions;
  /** The keys of the last text of allowed signers: it hardly ever changes. */
  #read: { readonly text: string; readonly keys: readonly SshPublicKey[] } = { text: "", keys: [] };

  constructor(options: ManagerKeysOptions) {
    this.#options = options;
  }

  /** As they are known now; empty: none is. */
  keys(): readonly SshPublicKey[] {
    const material = this.#options.trust?.material;
    return material ? this.#registered(material.allowedSigners) : this.#told();
  }

  #registered(text: string): readonly SshPublicKey[] {
    if (this.#read.text !== text)
      this.#read = { text, keys: readAllowedSigners(text).signers.map(({ key }) => key) };
    return this.#read.keys;
  }

  #told(): readonly SshPublicKey[] {
    return this.#options.members().flatMap(({ role, properties }) => {
      const text = properties[MEMBER_PROPERTIES.signingKey] ?? "";
      const isKey = role === "manager" && BASE64_OF_32_BYTES.test(text);
      return isKey ? [ed25519PublicKey(Buffer.from(text, "base64"))] : [];
    });
  }
}
