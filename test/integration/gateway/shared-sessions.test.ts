/** `sticky learn ... sync`: two gateways of one domain share their sessions, over real sockets, also when one dies. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { GatewayNode } from "../../../src/cli/gateway-node.ts";
import { systemClock } from "../../../src/runtime/clock.ts";
import type { NodeStatus } from "../../../src/runtime/node-status.ts";
import { PACKAGE_ROOT } from "../../../src/runtime/product.ts";
import {
  type Backend,
  freePort,
  GatewayFixture,
  startBackend,
  until,
} from "../../helpers/gateway-fixture.ts";
import { request } from "../../helpers/http-request.ts";
import { MemoryLog } from "../../helpers/memory-log.ts";

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

interface Place {
  readonly port: number;
  readonly memberPort: number;
  readonly otherMember: number;
  readonly backends: readonly Backend[];
}

const upstreamOf = ({ backends }: Place): string => `upstream w {
  ${backends.map(({ port }) => `server 127.0.0.1:${port};`).join(" ")}
  sticky learn create=$upstream_cookie_jsessionid lookup=$cookie_jsessionid zone=s:1m sync;
}`;
const serverOf = ({ port }: Place): string =>
  `server { listen 127.0.0.1:${port}; location / { proxy_pass http://w; } }`;
const mainOf = ({ memberPort, otherMember }: Place): string =>
  `error_log error.log info; cluster { domain shared-sessions; local_member_port ${memberPort};
   member 127.0.0.1:${otherMember}; group_password_file secret; node_name g${memberPort}; }`;

/** A gateway in this process. */
class Gateway implements AsyncDisposable {
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

async function askGateway(port: number, cookie?: string) {
  const headers = cookie === undefined ? {} : { cookie };
  const answer = await request(`http://127.0.0.1:${port}/`, { headers });
  const [made = ""] = answer.headers["set-cookie"] ?? [];
  return { body: answer.body, cookie: made.split(";", 1)[0] ?? "" };
}

/** Sessions with the worker that each began at. */
async function learn(gateway: Gateway, count: number): Promise<ReadonlyMap<string, string>> {
  const sessions = new Map<string, string>();
  for (let index = 0; index < count; index++) {
    const { cookie, body } = await gateway.ask();
    sessions.set(cookie, body);
  }
  return sessions;
}

async function assertFound(port: number, sessions: ReadonlyMap<string, string>): Promise<void> {
  for (const [cookie, worker] of sessions) {
    assert.equal((await askGateway(port, cookie)).body, worker, cookie);
  }
}

async function room() {
  const backends = await Promise.all(["one", "two", "three"].map(startWorker));
  const [port, otherPort, memberPort, otherMember] = await Promise.all(
    [1, 2, 3, 4].map(() => freePort()),
  );
  assert.ok(port && otherPort && memberPort && otherMember);
  const first = new Gateway({ port, memberPort, otherMember, backends });
  const second = new Gateway({
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

test("a session that one gateway learns is found on the other at once, and after a restart", async () => {
  await using place = await room();
  const { first, second } = place;
  await Promise.all([first.start(), second.start()]);
  await until(() => first.memberCount === 2 && second.memberCount === 2, "both gateways");
  // Each is asked for at the other gateway before its delta has come, or found in the own table after that.
  for (let count = 0; count < 20; count++) {
    const { cookie, body } = await first.ask();
    assert.equal((await second.ask(cookie)).body, body);
  }
  const sessions = await learn(first, 30);
  await assertFound(second.place.port, sessions);
  await second.stop();
  await until(() => first.memberCount === 1, "one gateway left");
  const more = await learn(first, 10);
  await second.start();
  await until(() => second.memberCount === 2, "both gateways again");
  await assertFound(second.place.port, new Map([...sessions, ...more]));
});

test("a gateway that is killed leaves its sessions with the other, and finds them there again", async () => {
  await using place = await room();
  const { first, second } = place;
  await second.load();
  await first.start();
  let child = spawnGateway(second.file);
  try {
    await until(() => first.memberCount === 2, "the other process");
    await until(
      () => first.status?.members.every(({ state }) => state === "active") ?? false,
      "active",
    );
    const { cookie, body } = await askGateway(second.place.port);
    const sessions = new Map([[cookie, body]]);
    for (let count = 0; count < 30; count++) {
      const made = await askGateway(second.place.port);
      sessions.set(made.cookie, made.body);
    }
    await until(() => first.memberCount === 2, "both");
    await new Promise((resolve) => setTimeout(resolve, 200));
    child.kill("SIGKILL");
    await child.ended;
    await assertFound(first.place.port, sessions);
    child = spawnGateway(second.file);
    await until(() => isUp(first, child.pid), "the other process again");
    await assertFound(second.place.port, sessions);
  } finally {
    child.kill("SIGKILL");
    await child.ended;
  }
});

function isUp({ status }: Gateway, pid: number | undefined): boolean {
  return status?.members.some((member) => member.pid === pid && member.state === "active") ?? false;
}

function spawnGateway(file: string) {
  const command = join(PACKAGE_ROOT, "bin", "bascule");
  const child = spawn(command, ["gateway", "-c", file, "-p", join(file, "..")], {
    stdio: "ignore",
  });
  const ended = new Promise<void>((resolve) => void child.once("exit", () => resolve()));
  return { pid: child.pid, ended, kill: (signal: NodeJS.Signals) => void child.kill(signal) };
}
