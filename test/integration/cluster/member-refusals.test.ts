/** A member that may not take part any more, though it still knows the secret: what trust says of a removed node. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Cluster } from "../../../src/cluster/cluster.ts";
import type { MemberRefusals } from "../../../src/cluster/member-refusals.ts";
import { startCluster } from "../../../src/cluster/start-cluster.ts";
import { systemClock } from "../../../src/runtime/clock.ts";
import { MemoryLog } from "../../helpers/memory-log.ts";

/** Refuses whom the test names. */
class NamedRefusals implements MemberRefusals {
  #name = "";
  #listener = (): void => undefined;

  reason({ name }: { readonly name: string }): string | undefined {
    return name === this.#name ? "it was removed" : undefined;
  }

  onChange(listener: () => void): () => void {
    this.#listener = listener;
    return () => undefined;
  }

  refuse(name: string): void {
    this.#name = name;
    this.#listener();
  }
}

function start(name: string, refusals: MemberRefusals, known?: Cluster): Promise<Cluster> {
  return startCluster({
    provider: "embedded",
    domain: "refusals.test",
    localMemberHost: "127.0.0.1",
    localMemberPort: 0,
    members: known ? [known.self] : [],
    groupPassword: "secret",
    refusals,
    self: { role: "worker", subDomain: "worker", ports: {}, properties: {}, name },
    log: new MemoryLog(),
    clock: systemClock,
  });
}

test("a member that is refused leaves at once, says why, and does not come back while it lives", async () => {
  const refusals = new NamedRefusals();
  const first = await start("first", refusals);
  const removed = await start("removed", new NamedRefusals(), first);
  const left: string[] = [];
  first.on("left", ({ name }, reason) => left.push(`${name} ${reason}`));
  try {
    assert.equal(first.members().length, 2);
    refusals.refuse("removed");
    await new Promise((resolve) => void setTimeout(resolve, 1_500));
    assert.deepEqual(left, ["removed refused"]);
    assert.deepEqual(
      first.members().map(({ name }) => name),
      ["first"],
    );
  } finally {
    await Promise.all([first.close(), removed.close()]);
  }
});
