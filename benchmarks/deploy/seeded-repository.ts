/**
 * The deployment repository that the benchmark's manager finds at its first start: so many proxy services after so many commits, as an
 * unsigned history of people. Made by `git fast-import`: ten thousand deploys would take an hour.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";

const FOLDER = "synapse-configs/default/proxy-services";
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
  await run(["--git-dir", gitDir, "fast-import", "--quiet"], history(artifacts, commits));
}

function* history(artifacts: number, commits: number): Generator<string> {
  for (let number = 0; number < commits; number += 1) {
    const message = `change ${number}`;
    yield `commit refs/heads/main\ncommitter Bench <bench@bascule.invalid> ${FIRST_SECOND + number} +0000\n${data(message)}`;
    if (number === 0) for (let index = 0; index < artifacts; index += 1) yield file(index, 0);
    else yield file(number % artifacts, number);
  }
  yield "reset refs/heads/live\nfrom refs/heads/main\n\ndone\n";
}

function file(index: number, version: number): string {
  return `M 100644 inline ${FOLDER}/${serviceName(index)}.xml\n${data(serviceXml(index, version))}`;
}

function data(text: string): string {
  return `data ${Buffer.byteLength(text)}\n${text}\n`;
}

async function run(args: readonly string[], input: Iterable<string>): Promise<void> {
  const child = spawn("git", [...args], { stdio: ["pipe", "ignore", "inherit"] });
  const ended = once(child, "close");
  for (const text of input)
    if (!child.stdin.write(text)) await Promise.race([once(child.stdin, "drain"), ended]);
  child.stdin.end();
  const [status] = (await ended) as [number | null];
  if (status !== 0) throw new Error(`git ${args.at(-2) ?? ""} ended with ${status ?? "a signal"}`);
}
