/**
 * What a running node knows of its cluster's trust at this moment: set by whoever hears from the manager (or is the manager), asked
 * by membership (whose majority counts) and by those who look at certificates of other nodes.
 */
import { X509Certificate } from "node:crypto";
import type { Clock } from "../../runtime/clock.ts";
import { fingerprintOf } from "../tls/certificate-fingerprint.ts";
import { certifiedNode, type CertifiedNode } from "../tls/node-certificate.ts";
import type { TrustMaterial } from "./trust-material.ts";

export class TrustView {
  readonly #clock: Clock;
  readonly #names: string[] = [];
  #material: TrustMaterial | undefined;
  #authority: X509Certificate | undefined;
  #revoked: ReadonlySet<string> = new Set();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Undefined: the node is not registered. */
  get material(): TrustMaterial | undefined {
    return this.#material;
  }

  /** Names of all registered nodes: one list, which is kept current in its place. Empty where nothing is registered. */
  get registeredNames(): readonly string[] {
    return this.#names;
  }

  /** What is older than what is known is not taken. @returns whether it was taken. */
  take(material: TrustMaterial): boolean {
    if (this.#material && material.generation <= this.#material.generation) return false;
    this.#authority = new X509Certificate(material.authority);
    this.#revoked = new Set(material.revoked);
    this.#material = material;
    this.#names.splice(0, Infinity, ...material.members.map(({ name }) => name));
    return true;
  }

  isRevoked(fingerprint: string): boolean {
    return this.#revoked.has(fingerprint);
  }

  /** The node that a certificate names, when the internal authority has signed it and it was not withdrawn. */
  certified(certificate: X509Certificate): CertifiedNode | undefined {
    if (!this.#authority || this.isRevoked(fingerprintOf(certificate))) return undefined;
    return certifiedNode(certificate, this.#authority, this.#clock.wallMs());
  }
}
