/**
 * Trust in a running node, of whatever role: the secrets that membership seals with, the certificates that its management port
 * shows, and what it knows of other nodes' certificates. On a home that was never registered it is what the configuration
 * files say, as in the WSO2 cluster that they come from, and nothing is asked of anybody.
 */
import { statSync } from "node:fs";
import type { Cluster } from "../../cluster/cluster.ts";
import { MEMBER_PROPERTIES, TRUST_TOPIC } from "../../cluster/member-properties.ts";
import type { MemberRefusals } from "../../cluster/member-refusals.ts";
import { ClusterSecrets, secretsOf } from "../../cluster/secrets.ts";
import { AppError, messageOf } from "../../errors/app-error.ts";
import { LiveIdentity } from "../../net/tls/live-identity.ts";
import { type IdentityFiles, readServerIdentity } from "../../net/tls/tls-files.ts";
import { TrustHome } from "../../net/trust/trust-home.ts";
import { TrustView } from "../../net/trust/trust-view.ts";
import type { Log } from "../../observability/log.ts";
import type { Clock, Timer } from "../../runtime/clock.ts";
import type { Closable } from "../../runtime/lifecycle.ts";
import { type ManagerPlace, type Standing, TrustFollower } from "./trust-follower.ts";

/** Between two looks at the public certificate's files. */
const LOOK_MS = 5_000;

const REMOVED =
  "this node was removed from the cluster, and stops: to let it take part again, remove the folder conf/trust of its home, register the home (bascule register-node) and start it";
const REFUSED =
  "the manager does not know this node any more, which goes on with what it has: it was removed, or the manager's database was restored from before its registration; register its home again (bascule register-node) and restart it";

export interface NodeTrustOptions {
  /** Absolute. */
  readonly home: string;
  /** What the configuration says; undefined: it names no secret. */
  readonly groupPassword: string | undefined;
  /** The public certificate of the management port; undefined: the node has none. */
  readonly publicFiles: IdentityFiles | undefined;
  /** The name in membership. */
  readonly name: string;
  /** Whether this node is the manager that holds the authority: it asks nobody. */
  readonly isAuthority: boolean;
  /** Called when `trouble` has changed. Default: nobody is told. */
  readonly onTrouble?: () => void;
  /** Called once, when a manager has said that this node was removed: it is to stop. Default: it goes on. */
  readonly onRemoved?: (() => void) | undefined;
  readonly log: Log;
  readonly clock: Clock;
}

export class NodeTrust implements Closable {
  readonly home: TrustHome;
  readonly view: TrustView;
  /** Undefined: the cluster is keyed by its domain's name alone. */
  readonly secrets: ClusterSecrets | undefined;
  /** Undefined: the node has no management port. */
  readonly identity: LiveIdentity | undefined;
  readonly #options: NodeTrustOptions;
  readonly #follower: TrustFollower | undefined;
  #cluster: Cluster | undefined;
  #timer: Timer | undefined;
  #look = "";
  #isOpen = false;

  private constructor(options: NodeTrustOptions) {
    const { home, groupPassword, publicFiles, clock } = options;
    this.#options = options;
    this.home = new TrustHome(home);
    this.view = new TrustView(clock);
    const { isRegistered } = this.home;
    if (isRegistered) this.view.take(this.home.material());
    const known = this.view.material?.secrets ?? secretsOf(groupPassword ?? "");
    this.secrets = known.length === 0 ? undefined : new ClusterSecrets(known);
    if (publicFiles) {
      const own = isRegistered ? this.home.identity() : undefined;
      this.identity = new LiveIdentity(readServerIdentity(publicFiles), own);
    }
    if (isRegistered && !options.isAuthority) this.#follower = this.#makeFollower();
  }

  /**
   * Resolves when the manager was asked once, if the home is registered.
   * @throws AppError CLUSTER_TRUST, TLS_MATERIAL; NODE_REMOVED when the manager says so: the node must not start.
   */
  static async open(options: NodeTrustOptions): Promise<NodeTrust> {
    const trust = new NodeTrust(options);
    trust.#checkName();
    await trust.#follower?.start();
    if (trust.view.isExpelled) {
      await trust.close();
      throw new AppError("NODE_REMOVED", REMOVED, { side: "peer" });
    }
    trust.#isOpen = true;
    trust.#watchPublic();
    return trust;
  }

  /** Options of `startCluster`. */
  get membership(): {
    readonly secrets?: ClusterSecrets;
    readonly registeredMembers?: readonly string[];
    readonly refusals: MemberRefusals;
  } {
    const { registeredNames } = this.view;
    return {
      refusals: {
        reason: ({ name }) =>
          this.view.isRemoved(name) ? `the node ${name} was removed from the cluster` : undefined,
        onChange: (listener) => this.view.onChange(listener),
      },
      ...(this.secrets && { secrets: this.secrets }),
      ...(registeredNames.length > 0 && { registeredMembers: registeredNames }),
    };
  }

  /** Why this node has no part in the cluster any more, as a sentence for people; undefined: it has, or nobody has said otherwise. */
  get trouble(): string | undefined {
    const standing = this.#follower?.standing ?? "taken";
    return { taken: undefined, refused: REFUSED, removed: REMOVED }[standing];
  }

  /** Properties that the node tells through membership. */
  get properties(): Readonly<Record<string, string>> {
    const fingerprint = this.identity?.fingerprint;
    return fingerprint === undefined
      ? {}
      : { [MEMBER_PROPERTIES.managementCertificate]: fingerprint };
  }

  /** From now on members hear of another certificate, and this node of the manager's hints. */
  joined(cluster: Cluster): void {
    this.#cluster = cluster;
    this.identity?.onChange(() => this.#tell());
    cluster.on("message", ({ topic }) => {
      if (topic === TRUST_TOPIC) void this.#follower?.ask();
    });
    cluster.on("joined", ({ role }) => {
      if (role === "manager") void this.#follower?.ask();
    });
    this.#tell();
  }

  close(): Promise<void> {
    this.#timer?.cancel();
    return this.#follower?.close() ?? Promise.resolve();
  }

  #makeFollower(): TrustFollower {
    return new TrustFollower({
      ...this.#options,
      home: this.home,
      view: this.view,
      managers: () => this.#managers(),
      onMaterial: ({ secrets }) => this.secrets?.replace(secrets),
      onCertificate: () => this.identity?.replaceNode(this.home.identity()),
      onStanding: (standing) => this.#onStanding(standing),
    });
  }

  #onStanding(standing: Standing): void {
    if (standing === "removed") this.view.expel();
    // Before it is open the node does not start, and whoever starts it says why.
    if (!this.#isOpen && standing === "removed") return;
    const { log, onTrouble, onRemoved } = this.#options;
    if (this.trouble !== undefined) log.error(this.trouble);
    onTrouble?.();
    if (standing === "removed") onRemoved?.();
  }

  #managers(): readonly ManagerPlace[] {
    const managers = this.#cluster?.members().filter(({ role }) => role === "manager") ?? [];
    return managers.flatMap(({ host, ports: { management } }) =>
      management === undefined ? [] : [{ host, port: management }],
    );
  }

  #tell(): void {
    const { self } = this.#cluster ?? {};
    const name = MEMBER_PROPERTIES.managementCertificate;
    if (!self || self.properties[name] === this.properties[name]) return;
    this.#cluster?.update({ properties: { ...self.properties, ...this.properties } });
  }

  #checkName(): void {
    const { log, name } = this.#options;
    if (!this.home.isRegistered) return;
    const registered = this.home.registration().name;
    if (registered === name) return;
    log.warn(
      `the node runs as ${name}, but is registered as ${registered}: it does not count as registered under the other name; start it with -DnodeName=${registered} (a gateway: node_name)`,
    );
  }

  #watchPublic(): void {
    const { publicFiles, clock } = this.#options;
    if (!publicFiles) return;
    this.#look = lookOf(publicFiles);
    this.#timer = clock.every(LOOK_MS, () => this.#renewPublic(publicFiles));
  }

  /** Files that do not fit yet are looked at again when one of them changes. */
  #renewPublic(files: IdentityFiles): void {
    const look = lookOf(files);
    if (look === this.#look) return;
    this.#look = look;
    const { log } = this.#options;
    try {
      this.identity?.replacePublic(readServerIdentity(files));
      log.info("The public certificate of the management port was replaced");
    } catch (error) {
      log.warn(`The public certificate is not replaced, the old one stays: ${messageOf(error)}`);
    }
  }
}

/** Changes with the files. */
function lookOf(files: IdentityFiles): string {
  const paths = files.kind === "pem" ? [files.certificateFile, files.keyFile] : [files.file];
  const looks = paths.map((path) => {
    const found = statSync(path, { throwIfNoEntry: false });
    return found ? `${found.ino} ${found.mtimeMs} ${found.size}` : "none";
  });
  return looks.join("\n");
}
