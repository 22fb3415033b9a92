/** A worker's follower over a real mirror of a real deployment repository, and a manager that deploys to it step by step. */
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { FileChange } from "../../../src/depsync/deployment-repository.ts";
import { openMirror } from "../../../src/depsync/git-mirror.ts";
import { EngineCompiler } from "../../../src/mediation/engine-compiler.ts";
import { systemClock } from "../../../src/runtime/clock.ts";
import { RepositorySource } from "../../../src/worker/repository-source.ts";
import { RevisionFollower } from "../../../src/worker/revision-follower.ts";
import { FakeClock } from "../../helpers/fake-clock.ts";
import { MemoryLog } from "../../helpers/memory-log.ts";
import {
  ADMIN,
  MANAGER_KEY,
  publisherIn,
  put,
  temporaryFolder,
} from "../depsync/repository-room.ts";

export function proxyPath(name: string): string {
  return `synapse-configs/default/proxy-services/${name}.xml`;
}

export function proxy(name: string, text: string): FileChange {
  const xml = `<proxy xmlns="http://ws.apache.org/ns/synapse" name="${name}" transports="http https">
  <target><inSequence><payloadFactory media-type="xml"><format><r xmlns="">${text}</r></format><args/></payloadFactory><respond/></inSequence></target>
</proxy>
`;
  return put(proxyPath(name), xml);
}

export async function followingRoom(context: TestContext) {
  const folder = temporaryFolder(context);
  const clock = new FakeClock();
  const publisher = await publisherIn(folder, { clock });
  let location: string | undefined = publisher.location;
  let live: string | undefined;
  let keys = [MANAGER_KEY];

  const propose = (...changes: readonly FileChange[]): Promise<string> =>
    publisher.propose({ base: live, changes, message: "deploy", author: ADMIN });
  const goLive = async (commit: string): Promise<void> => {
    const { main } = await publisher.refs();
    await publisher.goLive({ commit, live, main, movesMain: true });
    live = commit;
  };
  const open = async (tickMs = 60_000) => {
    const log = new MemoryLog();
    const mirror = await openMirror({
      folder: join(folder, "mirror.git"),
      location: () => location,
      managerKeys: () => keys,
      log,
    });
    const source = new RepositorySource({
      mirror,
      location: () => location,
      hasManagerKeys: () => keys.length > 0,
      log,
    });
    const compiler = new EngineCompiler({
      log,
      callEndpoint: () => Promise.reject(new Error("nothing is called here")),
      systemProperties: {},
    });
    const follower = new RevisionFollower({
      source,
      compile: (files, signal) => compiler.compileSliced(files, signal),
      clock: systemClock,
      tickMs,
      onSwitch: () => {},
      log,
    });
    context.after(() => follower.close());
    return { log, mirror, follower };
  };
  return {
    folder,
    publisher,
    /** Dates the commits. */
    clock,
    gitDir: join(folder, "mirror.git"),
    propose,
    goLive,
    open,
    /** The repository moves: where nothing is, or back. */
    moveTo: (place: string | undefined) => void (location = place),
    forgetKeys: () => void (keys = []),
    get live() {
      return live;
    },
  };
}

/** Asks again and again, as the timer does after a failed look. */
export async function lookUntil(
  follower: RevisionFollower,
  isDone: () => boolean | Promise<boolean>,
  looksMax = 6,
): Promise<void> {
  for (let looks = 0; looks < looksMax; looks += 1) {
    await follower.look();
    if (await isDone()) return;
  }
  throw new Error(`it has not come to pass after ${looksMax} looks`);
}
