/** A manager with real sockets and a real SQLite file in a folder of its own; the repository stays in memory. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DEPSYNC_DEFAULTS } from "../../../src/config/deployment-synchronizer.ts";
import type { NodeConfig } from "../../../src/config/node-config.ts";
import { type Manager, type ManagerOptions, startManager } from "../../../src/manager/manager.ts";
import { makeAuthority, makeLeaf } from "../../../src/net/tls/local-certificates.ts";
import type { LogRing } from "../../../src/observability/log-ring.ts";
import { systemClock } from "../../../src/runtime/clock.ts";
import { request, type TestRequest, type TestResponse } from "../../helpers/http-request.ts";
import { basic, CHEAP_PASSWORDS } from "../../helpers/management-fixture.ts";
import { makeLogs } from "../../helpers/made-logs.ts";
import { MemoryLog } from "../../helpers/memory-log.ts";
import { MemoryPublisher } from "../../helpers/memory-publisher.ts";
import { toyCompile } from "../../helpers/toy-compile.ts";

const authority = await makeAuthority("Test authority");
/** Of every manager. */
export const leaf = await makeLeaf(["localhost", "127.0.0.1"], authority);
/** PEM of the authority that signed the managers' certificate. */
export const AUTHORITY = authority.certificate;

export function makeHome(): string {
  return mkdtempSync(join(tmpdir(), "bascule-manager-"));
}

export function removeHome(home: string): void {
  rmSync(home, { recursive: true, force: true });
}

const CONNECTOR = {
  bindAddress: "127.0.0.1",
  port: 0,
  proxyPort: undefined,
  proxyName: undefined,
  tls: undefined,
} as const;

export function makeConfig(home: string, given: Partial<NodeConfig> = {}): NodeConfig {
  return {
    home,
    name: "manager",
    role: "standalone",
    setup: true,
    hostName: "esb.localhost",
    mgtHostName: "mgt.esb.localhost",
    portOffset: 0,
    repositoryLocation: join(home, "repository", "deployment", "server"),
    deploymentUpdateIntervalMs: 15_000,
    clustering: undefined,
    serviceListeners: [],
    connectors: [
      { ...CONNECTOR, scheme: "http" },
      { ...CONNECTOR, scheme: "https" },
    ],
    depsync: { ...DEPSYNC_DEFAULTS, enabled: true, autoCommit: true },
    datasources: [],
    registry: { readOnly: false, datasource: undefined, mounts: [] },
    properties: {},
    ...given,
  };
}

export interface StartedManager {
  readonly manager: Manager;
  readonly log: MemoryLog;
  /** The manager's own log, which MemoryLog does not feed. */
  readonly ring: LogRing;
  readonly publisher: MemoryPublisher;
  /** "https://127.0.0.1:PORT". */
  readonly url: string;
  /** As admin with that password; undefined: without credentials. */
  readonly ask: (
    path: string,
    password: string | undefined,
    options?: TestRequest,
  ) => Promise<TestResponse>;
}

export async function start(
  config: NodeConfig,
  given: Partial<ManagerOptions> = {},
): Promise<StartedManager> {
  const log = new MemoryLog();
  const { ring, logs } = makeLogs(config.name);
  const publisher = new MemoryPublisher();
  const manager = await startManager({
    config,
    log,
    logs,
    clock: systemClock,
    publisher,
    compile: toyCompile,
    cluster: undefined,
    tls: { cert: leaf.certificate, key: leaf.key },
    passwords: CHEAP_PASSWORDS,
    ...given,
  });
  const [url = ""] = manager.addresses;
  const ask: StartedManager["ask"] = (path, password, options = {}) => {
    const credentials: Record<string, string> =
      password === undefined ? {} : { authorization: basic({ user: "admin", password }) };
    const headers = { ...credentials, ...options.headers };
    return request(`${url}${path}`, { ca: AUTHORITY, ...options, headers });
  };
  return { manager, log, ring, publisher, url, ask };
}
