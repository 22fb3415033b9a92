/** `sticky learn ... sync`: two gateways of one domain share their sessions, over real sockets, also when one dies. */
import { spawn } from "node:child_process";
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { PACKAGE_ROOT } from "../../../src/runtime/product.ts";
import { until } from "../../helpers/gateway-fixture.ts";
import {
  askGateway,
  assertFound,
  type Gateway,
  gatewayPair,
  learn,
} from "../../helpers/shared-session-gateways.ts";

test("a session that one gateway learns is found on the other at once, and after a restart", async () => {
  await using place = await gatewayPair();
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
  await using place = await gatewayPair();
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
