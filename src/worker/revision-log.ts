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

/** What has come and gone with a switch. */
export function logDifference(
  log: Log,
  before: readonly ArtifactSummary[],
  after: readonly ArtifactSummary[],
): void {
  const key = (artifact: ArtifactSummary): string => `${artifact.kind} ${artifact.name}`;
  const had = new Set(before.map(key));
  const has = new Set(after.map(key));
  for (const artifact of before) {
    if (!has.has(key(artifact))) log.info(`${title(artifact)} has been undeployed`);
  }
  for (const artifact of after) {
    if (had.has(key(artifact))) continue;
    for (const line of startLines(artifact)) log.info(line);
    log.info(`${title(artifact)} has been deployed from file : ${artifact.path}`);
  }
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
