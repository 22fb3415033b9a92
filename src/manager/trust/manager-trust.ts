/**
 * Trust on a running manager that has the cluster's authority: the authority itself, who has followed, the rotation of the secret,
 * and the manager's own certificate, which it renews like that of any node. Made by `manager.ts`, used by the API.
 */
import type { Cluster } from "../../cluster/cluster.ts";
import { TRUST_TOPIC } from "../../cluster/member-properties.ts";
import type { ClusterSecrets } from "../../cluster/secrets.ts";
import { AppError, messageOf } from "../../errors/app-error.ts";
import type { LiveIdentity } from "../../net/tls/live-identity.ts";
import { makeNodeKeyPair } from "../../net/tls/node-certificate.ts";
import { renewalOf } from "../../net/trust/renewal.ts";
import type { TrustHome } from "../../net/trust/trust-home.ts";
import type { TrustMaterial } from "../../net/trust/trust-material.ts";
import type { TrustView } from "../../net/trust/trust-view.ts";
import type { Log } from "../../observability/log.ts";
import type { Clock, Timer } from "../../runtime/clock.ts";
import type { Closable } from "../../runtime/lifecycle.ts";
import type { NodeRecord, TrustRecords } from "../store/trust-records.ts";
import { Acknowledgements } from "./acknowledgements.ts";
import { readAuthorityFiles } from "./authority-files.ts";
import { SecretRotation } from "./secret-rotation.ts";
import { TrustAuthority } from "./trust-authority.ts";

/** What the node brings: the same objects that its membership and its ports use. */
export interface OwnTrust {
  readonly home: TrustHome;
  readonly secrets: ClusterSecrets;
  readonly identity: LiveIdentity;
  readonly view: TrustView;
  readonly principal: string;
}

export interface ManagerTrustOptions extends OwnTrust {
  readonly records: TrustRecords;
  readonly cluster: Cluster | undefined;
  readonly log: Log;
  readonly clock: Clock;
}

/** A registered node as the API shows it. */
export interface RegisteredNodeView {
  readonly name: string;
  readonly role: string;
  readonly registeredAtMs: number;
  readonly certificateUntilMs: number;
  /** Whether it has asked this manager a moment ago; the manager itself always has. */
  readonly isInTouch: boolean;
}

/** Between two looks at the own certificate. */
const RENEWAL_LOOK_MS = 3_600_000;
/** After a node is known to show its new certificate. */
const WITHDRAW_MS = 2_000;

export class ManagerTrust implements Closable {
  readonly authority: TrustAuthority;
  readonly rotation: SecretRotation;
  readonly #options: ManagerTrustOptions;
  readonly #acknowledgements: Acknowledgements;
  readonly #timer: Timer;
  readonly #withdrawals = new Map<string, Timer>();

  private constructor(options: ManagerTrustOptions) {
    const { home, cluster, view, log, clock } = options;
    this.#options = options;
    this.#acknowledgements = new Acknowledgements(clock);
    this.authority = new TrustAuthority({
      ...options,
      files: readAuthorityFiles(home.home),
      onPublished: (material) => {
        view.take(material);
        announce(cluster, material.generation, log);
      },
    });
    this.rotation = new SecretRotation({
      ...options,
      acknowledgements: this.#acknowledgements,
      live: () => this.#live(),
      publish: (secrets) => this.authority.publish(secrets),
    });
    this.#timer = clock.every(RENEWAL_LOOK_MS, () => void this.#renewOwn());
  }

  /** Goes on with what was left. @throws AppError CLUSTER_TRUST. */
  static async open(options: ManagerTrustOptions): Promise<ManagerTrust> {
    const trust = new ManagerTrust(options);
    await trust.rotation.resume();
    await trust.#renewOwn();
    return trust;
  }

  /** What nodes are given. @throws AppError CLUSTER_TRUST when none was ever published. */
  get material(): TrustMaterial {
    const { view, home } = this.#options;
    return view.material ?? home.material();
  }

  get status(): { readonly generation: number; readonly isRotating: boolean } {
    return { generation: this.material.generation, isRotating: this.rotation.isRunning };
  }

  async members(): Promise<readonly RegisteredNodeView[]> {
    const own = this.#options.home.registration().name;
    return (await this.#options.records.nodes()).map((node) => ({
      name: node.name,
      role: node.role,
      registeredAtMs: node.registeredAtMs,
      certificateUntilMs: node.certificateUntilMs,
      isInTouch: node.name === own || this.#acknowledgements.isPresent(node.name),
    }));
  }

  /** A registered node has asked and has that generation. */
  note({ name, replaced }: NodeRecord, generation: number): void {
    this.#acknowledgements.note(name, generation);
    if (replaced) this.#withdrawSoon(name);
  }

  /** @throws AppError REQUEST_INVALID where members would be cut off, MANAGER_BUSY. */
  async rotateSecret(): Promise<void> {
    const strangers = await this.#unregistered();
    if (strangers.length > 0) {
      const message = `${strangers.join(", ")} take part in the cluster without being registered, and would be cut off by another secret: register their homes first (\`bascule register-node\`), or stop them`;
      throw new AppError("REQUEST_INVALID", message, { side: "downstream" });
    }
    await this.rotation.begin();
  }

  /** Every registered node replaces its certificate as soon as it hears of it. */
  async rotateCertificates(): Promise<number> {
    const round = await this.authority.startRound();
    await this.#renewOwn();
    return round;
  }

  /**
   * Withdraws what the node has, and replaces the secret, which it knows.
   * @throws AppError RESOURCE_UNKNOWN, REQUEST_INVALID.
   */
  async removeNode(name: string): Promise<void> {
    await this.authority.remove(name);
    this.#acknowledgements.forget(name);
    await this.rotation.expel();
  }

  async close(): Promise<void> {
    this.#timer.cancel();
    for (const timer of this.#withdrawals.values()) timer.cancel();
    this.rotation.close();
    await this.rotation.idle();
  }

  #live(): readonly string[] {
    const { cluster, view } = this.#options;
    const others = cluster?.members().filter(({ id }) => id !== cluster.self.id) ?? [];
    return others.map(({ name }) => name).filter((name) => view.registeredNames.includes(name));
  }

  /** Names of live members that have no registration, and so would not hear of another secret. */
  async #unregistered(): Promise<readonly string[]> {
    const names = new Set((await this.#options.records.nodes()).map(({ name }) => name));
    const members = this.#options.cluster?.members() ?? [];
    return members.filter(({ name }) => !names.has(name)).map(({ name }) => name);
  }

  /** Not at once: handshakes with the certificate before may be under way. */
  #withdrawSoon(name: string): void {
    if (this.#withdrawals.has(name)) return;
    const { clock, log } = this.#options;
    const timer = clock.after(WITHDRAW_MS, () => {
      this.#withdrawals.delete(name);
      this.authority.withdrawReplaced(name).catch((error: unknown) => {
        log.error(`The replaced certificate of ${name} still counts: ${messageOf(error)}`);
      });
    });
    this.#withdrawals.set(name, timer);
  }

  async #renewOwn(): Promise<void> {
    const { home, records, identity, view, log } = this.#options;
    try {
      const registration = home.registration();
      const node = await records.findNode(registration.name);
      if (node?.replaced) this.#withdrawSoon(node.name);
      if (!node || !(await this.authority.mustRenew(node))) return;
      const pair = makeNodeKeyPair();
      const request = renewalOf(registration, home, pair);
      const certificate = await this.authority.renew(registration.name, request);
      home.writeIdentity(certificate, view.material?.authority ?? "", pair.privateKey);
      identity.replaceNode(home.identity());
      this.#withdrawSoon(registration.name);
    } catch (error) {
      log.error(`The manager's own certificate could not be renewed: ${messageOf(error)}`);
    }
  }
}

/** A hint: who misses it asks within seconds by itself. */
function announce(cluster: Cluster | undefined, generation: number, log: Log): void {
  try {
    cluster?.broadcast(TRUST_TOPIC, { generation });
  } catch (error) {
    log.warn(`New trust material could not be announced: ${messageOf(error)}`);
  }
}
