/**
 * The deployment repository that the benchmark's manager finds at its first start: so many proxy services after so many commits, as an
 * unsigned history of people. Made as one pack: thousands of deploys would take an hour.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { HistoryPack } from "./history-pack.ts";

const FOLDERS = ["synapse-configs", "default", "proxy-services"];
/** 2025-01-01. */
const FIRST_SECOND = 1_735_689_600;

/** The name of a service; `index` from 0 on. */
export function serviceName(index: number): string {
  return `Bench${String(index).padStart(5, "0")}`;
}

/** A service that answers by itself, with a number that tells its versions apart. */
export function serviceXml(index: number, version: number): string {
  return `<proxy xmlns="http://ws.apache.org/ns/synapse" name="${serviceName(index)}" transports="http https" startOnLoad="true">
  <target>
    <inSequence>
      <property name="version" value="${version}"/>
      <filter source="get-property('version')" regex="none">
        <then><drop/></then>
        <else>
          <payloadFactory media-type="xml">
            <format><answer xmlns=""><service>${index}</service><version>${version}</version></answer></format>
          </payloadFactory>
        </else>
      </filter>
      <respond/>
    </inSequence>
  </target>
</proxy>
`;
}

/** What the engine refuses: a mediator that does not exist. */
export function faultyXml(index: number): string {
  return serviceXml(index, 0).replace("<respond/>", "<respondTwice/>");
}

/** Makes the bare repository; the first commit has all services, each further one changes one. */
export async function seedRepository(
  gitDir: string,
  { artifacts, commits }: { readonly artifacts: number; readonly commits: number },
): Promise<void> {
  mkdirSync(gitDir, { recursive: true });
  await run(["init", "--bare", "--quiet", "--template=", "--initial-branch=main", gitDir], []);
  const pack = new HistoryPack({
    folders: FOLDERS,
    names: Array.from({ length: artifacts }, (_, index) => `${serviceName(index)}.xml`),
    commits,
    content: serviceXml,
    author: (number) => `Bench <bench@bascule.invalid> ${FIRST_SECOND + number} +0000`,
  });
  await run(["--git-dir", gitDir, "index-pack", "--stdin"], pack.bytes());
  for (const ref of ["main", "live"])
    await run(["--git-dir", gitDir, "update-ref", `refs/heads/${ref}`, pack.tip], []);
}

async function run(args: readonly string[], input: Iterable<Buffer>): Promise<void> {
  const child = spawn("git", [...args], { stdio: ["pipe", "ignore", "inherit"] });
  const ended = once(child, "close");
  for (const bytes of input)
    if (!child.stdin.write(bytes)) await Promise.race([once(child.stdin, "drain"), ended]);
  child.stdin.end();
  const [status] = (await ended) as [number | null];
  if (status !== 0) throw new Error(`git ${args.at(-2) ?? ""} ended with ${status ?? "a signal"}`);
}
