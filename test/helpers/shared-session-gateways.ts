/** Gateways that share a session table (`sticky learn ... sync`) over real sockets, in this process. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { GatewayNode } from "../../src/cli/gateway-node.ts";
import { systemClock } from "../../src/runtime/clock.ts";
import type { NodeStatus } from "../../src/runtime/node-status.ts";
import { type Backend, freePort, GatewayFixture, startBackend } from "./gateway-fixture.ts";
import { request } from "./http-request.ts";
import { MemoryLog } from "./memory-log.ts";

let sessionCount = 0;

/** Gives a session to whoever has none, and says its name. */
function startWorker(name: string): Promise<Backend> {
  return startBackend(name, {
    handler(incoming, response) {
      if (!incoming.headers.cookie) {
        response.setHeader("Set-Cookie", `JSESSIONID=S${++sessionCount}.${process.pid}; Path=/`);
      }
      response.end(name);
    },
  });
}

/** How the gateways of a test find each other and share. */
export interface Sharing {
  /** More lines of the block `cluster`. */
  readonly cluster?: string;
  /** More parameters of `sticky learn`. */
  readonly sticky?: string;
}

interface Place extends Sharing {
  readonly port: number;
  readonly memberPort: number;
  readonly otherMember: number;
  readonly backends: readonly Backend[];
}

const upstreamOf = ({ backends, sticky = "" }: Place): string => `upstream w {
  ${backends.map(({ port }) => `server 127.0.0.1:${port};`).join(" ")}
  sticky learn create=$upstream_cookie_jsessionid lookup=$cookie_jsessionid zone=s:1m ${sticky} sync;
}`;
const serverOf = ({ port }: Place): string =>
  `server { listen 127.0.0.1:${port}; location / { proxy_pass http://w; } }`;
const mainOf = ({ memberPort, otherMember, cluster = "" }: Place): string =>
  `error_log error.log info; cluster { domain shared-sessions; local_member_port ${memberPort};
   member 127.0.0.1:${otherMember}; ${cluster} group_password_file secret; node_name g${memberPort}; }`;

/** A gateway in this process. */
export class Gateway implements AsyncDisposable {
  readonly #fixture = new GatewayFixture();
  readonly place: Place;
  readonly log = new MemoryLog();
  status: NodeStatus | undefined;
  #node: GatewayNode | undefined;

  constructor(place: Place) {
    this.place = place;
    this.#fixture.write("secret", "one for all\n");
  }

  get file(): string {
    return join(this.#fixture.folder, "gateway.conf");
  }

  get memberCount(): number {
    return this.status?.members.length ?? 0;
  }

  load() {
    return this.#fixture.load(upstreamOf(this.place) + serverOf(this.place), mainOf(this.place));
  }

  async start(): Promise<this> {
    const load = () => this.load();
    const onStatus = (status: NodeStatus): void => void (this.status = status);
    const { log } = this;
    this.#node = new GatewayNode({ config: await load(), load, log, clock: systemClock, onStatus });
    assert.equal(await this.#node.start(), true);
    return this;
  }

  async stop(): Promise<void> {
    await this.#node?.stop();
    this.#node = undefined;
  }

  async ask(cookie?: string): Promise<{ readonly body: string; readonly cookie: string }> {
    return askGateway(this.place.port, cookie);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await this.#fixture[Symbol.asyncDispose]();
  }
}

/** Who answered, and the cookie that it made. */
export async function askGateway(port: number, cookie?: string) {
  const headers = cookie === undefined ? {} : { cookie };
  const answer = await request(`http://127.0.0.1:${port}/`, { headers });
  const [made = ""] = answer.headers["set-cookie"] ?? [];
  return { body: answer.body, cookie: made.split(";", 1)[0] ?? "" };
}

/** Makes sessions; with the worker that each began at. */
export async function learn(gateway: Gateway, count: number): Promise<ReadonlyMap<string, string>> {
  const sessions = new Map<string, string>();
  for (let index = 0; index < count; index++) {
    const { cookie, body } = await gateway.ask();
    sessions.set(cookie, body);
  }
  return sessions;
}

/** Each session goes to its worker there. */
export async function assertFound(
  port: number,
  sessions: ReadonlyMap<string, string>,
): Promise<void> {
  for (const [cookie, worker] of sessions) {
    assert.equal((await askGateway(port, cookie)).body, worker, cookie);
  }
}

/** Two gateways, not started yet, before three workers that give sessions. */
export async function gatewayPair(sharing: Sharing = {}) {
  const backends = await Promise.all(["one", "two", "three"].map(startWorker));
  const [port, otherPort, memberPort, otherMember] = await Promise.all(
    [1, 2, 3, 4].map(() => freePort()),
  );
  assert.ok(port && otherPort && memberPort && otherMember);
  const first = new Gateway({ ...sharing, port, memberPort, otherMember, backends });
  const second = new Gateway({
    ...sharing,
    port: otherPort,
    memberPort: otherMember,
    otherMember: memberPort,
    backends,
  });
  return {
    first,
    second,
    async [Symbol.asyncDispose]() {
      await Promise.all([first, second].map((gateway) => gateway[Symbol.asyncDispose]()));
      await Promise.all(backends.map((backend) => backend[Symbol.asyncDispose]()));
    },
  };
}
