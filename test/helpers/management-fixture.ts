/**
 * The management API on doubles: a store and a repository in memory, a clock that tests own, the toy reader of
 * artifacts. Requests go in by injection, so no port is opened.
 */
import type { InjectOptions } from "fastify";
import { AppError } from "../../src/errors/app-error.ts";
import { READY } from "../../src/cluster/stability.ts";
import { announceRevision } from "../../src/manager/announcement.ts";
import { buildManagementApp, type BuiltApp } from "../../src/manager/api/app.ts";
import { Authenticator } from "../../src/manager/auth/authenticator.ts";
import { Passwords } from "../../src/manager/auth/passwords.ts";
import { Deployments, type DeploymentsOptions } from "../../src/manager/deployments.ts";
import { Draining } from "../../src/manager/draining/draining.ts";
import type { WorkerDoor } from "../../src/manager/draining/worker-door.ts";
import { MembershipJournal } from "../../src/manager/membership-journal.ts";
import { nodeViews } from "../../src/manager/node-view.ts";
import { Revisions } from "../../src/manager/revisions.ts";
import { setUpStore, type Store } from "../../src/manager/store/store.ts";
import { NodeDirectory } from "../../src/manager/relay/node-directory.ts";
import { NodeRelay } from "../../src/manager/relay/node-relay.ts";
import { LiveIdentity } from "../../src/net/tls/live-identity.ts";
import type { LogRing } from "../../src/observability/log-ring.ts";
import type { FileChange } from "../../src/depsync/deployment-repository.ts";
import { FakeClock } from "./fake-clock.ts";
import { makeLogs } from "./made-logs.ts";
import { MemoryLog } from "./memory-log.ts";
import { MemoryPublisher } from "./memory-publisher.ts";
import type { RecordingCluster } from "./recording-cluster.ts";
import { toyCompile } from "./toy-compile.ts";

/** scrypt at a cost that tests can pay. */
export const CHEAP_PASSWORDS = new Passwords({ cost: 16, blockSize: 1, parallelization: 1 });

/** Of workers that nobody reaches. */
const deaf = ({ name }: { name: string }) =>
  Promise.reject(new AppError("NODE_UNREACHABLE", `${name} is deaf`));
const DEAF_DOOR: WorkerDoor = { drain: deaf, resume: deaf };

export const ADMIN = { user: "admin", password: "correct horse" } as const;
export const READER = { user: "reader", password: "battery staple" } as const;

export function basic({ user, password }: { user: string; password: string }): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
}

export interface ManagementFixture extends BuiltApp {
  readonly clock: FakeClock;
  readonly log: MemoryLog;
  readonly publisher: MemoryPublisher;
  readonly store: Store;
  readonly deployments: Deployments;
  /** The manager's own log, which MemoryLog does not feed. */
  readonly ring: LogRing;
  /** Changes that the deployment folder was told. */
  readonly changed: FileChange[];
  /** As admin with Basic credentials, unless headers say otherwise. */
  readonly ask: (
    method: "GET" | "POST" | "DELETE",
    url: string,
    options?: AskOptions,
  ) => Promise<Asked>;
}

export interface AskOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** XML text, or what is sent as JSON. */
  readonly xml?: string | Buffer;
  readonly json?: object;
  /** Without the default Basic credentials. */
  readonly isAnonymous?: boolean;
  readonly remoteAddress?: string;
}

export interface Asked {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
  /** The body as JSON; throws when it is none. */
  readonly json: () => ReturnType<typeof JSON.parse>;
}

export async function startFixture(
  cluster?: RecordingCluster,
  given: Partial<DeploymentsOptions> = {},
): Promise<ManagementFixture> {
  const clock = new FakeClock();
  const log = new MemoryLog();
  const publisher = new MemoryPublisher();
  const store = await setUpStore({ file: ":memory:", home: "/nowhere", clock });
  await addUsers(store);
  const { users, journal } = store;
  const passwords = CHEAP_PASSWORDS;
  const revisions = new Revisions(publisher, toyCompile);
  const changed: FileChange[] = [];
  const deployments = new Deployments({
    publisher,
    revisions,
    journal,
    log,
    clock,
    cluster,
    announce: (commit) => announceRevision({ cluster, onDeployed: undefined, log }, commit),
    onChanged: async (changes) => void changed.push(...changes),
    ...given,
  });
  const itself = { name: "node", address: "127.0.0.1:9443", ports: {}, revision: undefined };
  const { ring, logs } = makeLogs(itself.name, clock);
  const directory = new NodeDirectory(cluster, itself.name);
  const identity = new LiveIdentity({ cert: "", key: "" });
  const built = await buildManagementApp({
    locate: (_request, path) => path,
    services: {
      authenticator: new Authenticator({ users, passwords, clock, log }),
      users,
      passwords,
      journal,
      deployments,
      revisions,
      publisher,
      nodes: () => nodeViews(cluster, itself),
      nodeDirectory: directory,
      draining: new Draining({
        cluster,
        directory,
        door: DEAF_DOOR,
        drainTimeMs: 600_000,
        clock,
        log,
      }),
      nodeRelay: new NodeRelay(identity, clock),
      logs,
      ownTraces: undefined,
      isOwnOrigin: () => false,
      isGateway: (address) => address === "10.0.0.9",
      cluster,
      membership: new MembershipJournal(cluster, clock),
      readiness: () => READY,
      checkReady: () => store.check(),
      name: "node",
      home: "/nowhere",
      log,
      clock,
    },
  });
  const ask = makeAsk(built);
  return { ...built, clock, log, publisher, store, deployments, ring, changed, ask };
}

async function addUsers({ users }: Store): Promise<void> {
  for (const { user: name, password } of [ADMIN, READER]) {
    const passwordHash = await CHEAP_PASSWORDS.hash(password);
    await users.add({ name, passwordHash, isAdmin: name === ADMIN.user });
  }
}

function makeAsk({ app }: BuiltApp): ManagementFixture["ask"] {
  return async (method, url, options = {}) => {
    const { headers = {}, xml, json, isAnonymous = false, remoteAddress = "127.0.0.1" } = options;
    const credentials = isAnonymous ? {} : { authorization: basic(ADMIN) };
    const type = xml === undefined ? {} : { "content-type": "application/xml" };
    const payload = xml ?? json;
    const injected: InjectOptions = {
      method,
      url,
      remoteAddress,
      headers: { ...credentials, ...type, ...headers },
      ...(payload !== undefined && { payload }),
    };
    const response = await app.inject(injected);
    return {
      status: response.statusCode,
      headers: response.headers,
      text: response.body,
      json: () => JSON.parse(response.body),
    };
  };
}
