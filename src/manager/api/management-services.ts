/** What the API's resources work on; made once by the manager and handed to each resource. */
import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from "fastify";
import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import type { Cluster } from "../../cluster/cluster.ts";
import type { Readiness } from "../../cluster/stability.ts";
import type { DeploymentPublisher } from "../../depsync/deployment-repository.ts";
import type { LiveIdentity } from "../../net/tls/live-identity.ts";
import type { Log } from "../../observability/log.ts";
import type { LogAnswer, LogService } from "../../observability/log-service.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Authenticator } from "../auth/authenticator.ts";
import type { Passwords } from "../auth/passwords.ts";
import type { Deployments } from "../deployments.ts";
import type { Draining } from "../draining/draining.ts";
import type { MembershipJournal } from "../membership-journal.ts";
import type { NodeView } from "../node-view.ts";
import type { NodeDirectory } from "../relay/node-directory.ts";
import type { NodeRelay } from "../relay/node-relay.ts";
import type { Revisions } from "../revisions.ts";
import type { Journal } from "../store/journal.ts";
import type { Users } from "../store/users.ts";
import type { ManagerTrust } from "../trust/manager-trust.ts";
import type { ServedRepository } from "./repository.ts";

export interface ManagementServices {
  readonly authenticator: Authenticator;
  readonly users: Users;
  readonly passwords: Passwords;
  readonly journal: Journal;
  readonly deployments: Deployments;
  readonly revisions: Revisions;
  /** The deployment repository, for questions about its revisions. */
  readonly publisher: DeploymentPublisher;
  readonly nodes: () => readonly NodeView[];
  /** Undefined: clustering is off. */
  readonly cluster: Cluster | undefined;
  /** Who joined and left lately. */
  readonly membership: Pick<MembershipJournal, "after" | "last">;
  /** Workers on their way out of the rotation and back. */
  readonly draining: Draining;
  /** Finds the node that a path names, and takes requests to it. */
  readonly nodeDirectory: NodeDirectory;
  readonly nodeRelay: NodeRelay;
  /** Undefined: the manager does not hold the cluster's authority. */
  readonly trust?: ManagerTrust | undefined;
  /** What this node shows on its management port. Default: nobody asks. */
  readonly identity?: Pick<LiveIdentity, "fingerprint">;
  /** The manager's own repository as others use it; undefined: the truth is somewhere else. */
  readonly repository?: ServedRepository | undefined;
  /** The manager's own log. */
  readonly logs: LogService;
  /** Traces of the worker in the same process, by path ("/traces", ..); undefined where there is none. */
  readonly ownTraces: ((path: string) => LogAnswer | undefined) | undefined;
  /** Whether a page of that origin is this manager's own; `host` is the request's Host. */
  readonly isOwnOrigin: (origin: string, host: string | undefined) => boolean;
  /** Whether the address is one of the cluster's gateways, whose X-Forwarded-For is believed. */
  readonly isGateway: (address: string) => boolean;
  /** Which members the manager waits for. */
  readonly readiness: () => Readiness;
  /** Rejects with the reason while the manager cannot do its work. */
  readonly checkReady: () => Promise<void>;
  /** The node's name. */
  readonly name: string;
  readonly home: string;
  readonly log: Log;
  readonly clock: Clock;
}

export type ManagementApp = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

/** A resource adds its routes to the app. */
export type ManagementResource = (app: ManagementApp, services: ManagementServices) => void;
