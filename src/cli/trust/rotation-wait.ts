/** Waits at the manager until the rotation of the secret is over, as the commands that begin one do. */
import { AppError } from "../../errors/app-error.ts";
import { type Clock, sleep } from "../../runtime/clock.ts";
import { askManager, type ManagerAccess } from "../manager-client.ts";
import { done } from "./manager-answer.ts";

const LOOK_MS = 300;
/** Three steps of at most 30 s, and once more where a node was removed meanwhile. */
const WAIT_MS_MAX = 200_000;

/** @throws AppError MANAGER_BUSY when it takes too long; the manager goes on. */
export async function untilRotated(access: ManagerAccess, clock: Clock): Promise<void> {
  const endMs = clock.monotonicMs() + WAIT_MS_MAX;
  while (clock.monotonicMs() < endMs) {
    if ((await membersOf(access))["secretRotation"] === false) return;
    await sleep(clock, LOOK_MS);
  }
  const message = "the rotation takes longer than usual; its end is in the manager's log";
  throw new AppError("MANAGER_BUSY", message, { retryable: true });
}

/** GET /management/cluster/nodes. @throws AppError. */
export async function membersOf(
  access: ManagerAccess,
): Promise<Partial<Readonly<Record<string, unknown>>>> {
  return done(await askManager(access, { method: "GET", path: "/management/cluster/nodes" }));
}
