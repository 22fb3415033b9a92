/** A revision follower over a fake source and a fake clock, with a compiler for which content that starts with "bad" is faulty. */
import type { ArtifactFile, CompileResult, ServiceOutcome } from "../../src/mediation/engine.ts";
import { createLog } from "../../src/observability/log.ts";
import type { Generation } from "../../src/worker/generation-maker.ts";
import { RevisionFollower } from "../../src/worker/revision-follower.ts";
import { FakeClock } from "./fake-clock.ts";
import { FakeRevisionSource } from "./fake-revision-source.ts";

export function followerFixture() {
  const source = new FakeRevisionSource();
  const clock = new FakeClock();
  const lines: string[] = [];
  const switches: Generation[] = [];
  const compiled: string[] = [];
  const outcomes: ServiceOutcome[] = [];
  const follower = new RevisionFollower({
    source,
    compile: (files, signal) => {
      compiled.push(files[0]?.content.toString() ?? "");
      return compile(files, signal, outcomes);
    },
    clock,
    tickMs: 15_000,
    onSwitch: (generation) => switches.push(generation),
    log: createLog({ node: "w", sinks: [{ write: (line) => lines.push(line) }] }),
  });
  return { source, clock, lines, switches, compiled, outcomes, follower };
}

/** Lets the promises of a look run that a timer has started. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 100; turn += 1) await Promise.resolve();
}

async function compile(
  files: readonly ArtifactFile[],
  signal: AbortSignal | undefined,
  outcomes: readonly ServiceOutcome[],
): Promise<CompileResult> {
  await Promise.resolve();
  signal?.throwIfAborted();
  if (files[0]?.content.toString().startsWith("bad") === true) {
    const place = { file: "P.xml", line: 3, severity: "error" } as const;
    return { kind: "faulty", problems: [{ ...place, message: "no such mediator" }] };
  }
  const handle = () => Promise.reject(new Error("not called"));
  const done = () => Promise.resolve();
  const artifacts = [{ kind: "proxy-service", name: "P", path: "P.xml" }] as const;
  const jobs = { activate: done, retire: done };
  const engine = { artifacts, apps: [], outcomes: () => outcomes, handle, ...jobs };
  return { kind: "compiled", engine, warnings: [] };
}
