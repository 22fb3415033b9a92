/** What a worker's log says of revisions, in WSO2's words where WSO2 has words. Used by revision-follower.ts. */
import { formatProblem, type ConfigProblem } from "../errors/config-error.ts";
import type { ArtifactSummary } from "../mediation/engine.ts";
import type { Log } from "../observability/log.ts";

/** Each file at fault, and every problem with line and reason. */
export function logProblems(log: Log, problems: readonly ConfigProblem[]): void {
  for (const file of new Set(problems.map((problem) => problem.file))) {
    log.error(`Deployment of the Synapse Artifact from file : ${file} : Failed!`);
  }
  for (const problem of problems) log.error(formatProblem(problem));
}

/** What has come and gone with a switch. An artifact that was taken over from before is the same object. */
export function logDifference(
  log: Log,
  before: readonly ArtifactSummary[],
  after: readonly ArtifactSummary[],
): void {
  const [old, young] = differing(before, after);
  const key = (artifact: ArtifactSummary): string => `${artifact.kind} ${artifact.name}`;
  const had = new Set(old.map(key));
  const has = new Set(young.map(key));
  for (const artifact of old) {
    if (!has.has(key(artifact))) log.info(`${title(artifact)} has been undeployed`);
  }
  for (const artifact of young) {
    if (had.has(key(artifact))) continue;
    for (const line of startLines(artifact)) log.info(line);
    log.info(`${title(artifact)} has been deployed from file : ${artifact.path}`);
  }
}

/** Both lists without what they have in common at their beginnings and at their ends: mostly nearly all. */
function differing<Item>(
  before: readonly Item[],
  after: readonly Item[],
): readonly [before: readonly Item[], after: readonly Item[]] {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before[start] === after[start]) start += 1;
  let end = 0;
  while (end < shorter - start && before.at(-1 - end) === after.at(-1 - end)) end += 1;
  return [before.slice(start, before.length - end), after.slice(start, after.length - end)];
}

/** The form of a revision in logs. */
export function short(revision: string): string {
  return revision.slice(0, 12);
}

/** What WSO2 logs while it makes an artifact ready. */
function startLines({ kind, name }: ArtifactSummary): readonly string[] {
  if (kind === "api") return [`Initializing API: ${name}`];
  if (kind !== "proxy-service") return [];
  return [
    `Building Axis service for Proxy service : ${name}`,
    `Adding service ${name} to the Axis2 configuration`,
    `Successfully created the Axis2 service for Proxy service : ${name}`,
  ];
}

/** WSO2's words: "Proxy service named 'P'", "Sequence named 'S'". */
function title(artifact: ArtifactSummary): string {
  const words = artifact.kind === "api" ? "API" : artifact.kind.replaceAll("-", " ");
  return `${words.charAt(0).toUpperCase()}${words.slice(1)} named '${artifact.name}'`;
}
