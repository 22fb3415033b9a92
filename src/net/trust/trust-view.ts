/**
 * What a running node knows of its cluster's trust at this moment: set by whoever hears from the manager (or is the manager), asked
 * by membership (whose majority counts) and by those who look at certificates of other nodes.
 */
import { X509Certificate } from "node:crypto";
import type { Clock } from "../../runtime/clock.ts";
import { fingerprintOf } from "../tls/certificate-fingerprint.ts";
import { certifiedNode, type CertifiedNode } from "../tls/node-certificate.ts";
import { TRUST_ENTRIES_MAX, type TrustMaterial } from "./trust-material.ts";

export class TrustView {
  readonly #clock: Clock;
  readonly #names: string[] = [];
  #material: TrustMaterial | undefined;
  #authority: X509Certificate | undefined;
  #revoked: ReadonlySet<string> = new Set();
  /** Names that were registered since this node's start and are not any more. */
  readonly #removed = new Set<string>();
  #isExpelled = false;
  #repository: string | undefined;
  #onRepository: () => void = () => {};
  readonly #listeners = new Set<() => void>();

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
    this.#takeNames(material.members.map(({ name }) => name));
    for (const listener of this.#listeners) listener();
    return true;
  }

  /** Calls when something new was taken. Returns the function that ends it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Whether the node of that name was removed while this node ran; later the rotated secret keeps it out. */
  isRemoved(name: string): boolean {
    return this.#removed.has(name);
  }

  /** Whether a node of that name is registered now. */
  isRegistered(name: string): boolean {
    return this.#names.includes(name);
  }

  /** Where a manager has said, on a connection on which it has proven to be one, that the deployment repository is; a path or a URL. */
  get repository(): string | undefined {
    return this.#repository;
  }

  takeRepository(location: string): void {
    if (location === this.#repository) return;
    this.#repository = location;
    this.#onRepository();
  }

  /** Calls when `repository` is another one; takes the place of an earlier listener. */
  onRepository(listener: () => void): void {
    this.#onRepository = listener;
  }

  /** Whether a manager of this cluster has said that this very node was removed. For good: only another registration ends it. */
  get isExpelled(): boolean {
    return this.#isExpelled;
  }

  /** To be called on a manager's word alone, over a connection on which it has proven to be one. */
  expel(): void {
    this.#isExpelled = true;
  }

  isRevoked(fingerprint: string): boolean {
    return this.#revoked.has(fingerprint);
  }

  #takeNames(names: readonly string[]): void {
    for (const name of this.#names) this.#removed.add(name);
    for (const name of names) this.#removed.delete(name);
    for (const oldest of this.#removed) {
      if (this.#removed.size <= TRUST_ENTRIES_MAX) break;
      this.#removed.delete(oldest);
    }
    this.#names.splice(0, Infinity, ...names);
  }

  /** The node that a certificate names, when the internal authority has signed it and it was not withdrawn. */
  certified(certificate: X509Certificate): CertifiedNode | undefined {
    if (!this.#authority || this.isRevoked(fingerprintOf(certificate))) return undefined;
    return certifiedNode(certificate, this.#authority, this.#clock.wallMs());
  }

  /**
   * Whether a certificate is one of this cluster's managers: the internal authority has made it for a manager, it was not
   * withdrawn, and a manager of that name is registered now. Never where nothing is registered.
   */
  isManager(certificate: X509Certificate): boolean {
    const node = this.certified(certificate);
    if (node?.role !== "manager") return false;
    const members = this.#material?.members ?? [];
    return members.some(({ name, role }) => role === "manager" && name === node.name);
  }
}
