/** What the management API tells of deployments and revisions, as the commands read it; its own schemas hold the form. */
import { AppError } from "../errors/app-error.ts";
import { askManager, errorOf, type ManagerAccess } from "./manager-client.ts";

export interface ProblemRow {
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

export interface ArtifactRow {
  readonly kind?: string;
  readonly name?: string;
  readonly path: string;
}

export interface WorkerRow {
  readonly node: string;
  readonly answer: string;
  readonly reason: string;
  readonly problems: readonly ProblemRow[];
  readonly stageMs: number | null;
  readonly switchMs: number | null;
  readonly late: boolean;
}

export interface DeploymentRow {
  readonly id: number;
  readonly who: string;
  readonly via: string;
  readonly action: string;
  readonly artifacts: readonly ArtifactRow[];
  readonly at: string;
  readonly ms: number | null;
  readonly commit: string | null;
  readonly outcome: string;
  readonly problems: readonly ProblemRow[];
  readonly notes: readonly string[];
}

export interface DeploymentDetail extends DeploymentRow {
  readonly phases: readonly { readonly phase: string; readonly ms: number }[];
  readonly workers: readonly WorkerRow[];
  readonly diff: DifferenceRow | null;
}

export interface DifferenceRow {
  readonly from: string | null;
  readonly to: string;
  readonly count: number;
  readonly list: readonly (ArtifactRow & { readonly change: string; readonly lines?: string })[];
  readonly cut: boolean;
}

export interface CandidateRow {
  readonly commit: string;
  readonly ref: string;
  readonly deployment: DeploymentRow | null;
  readonly workers: readonly WorkerRow[];
}

export interface RevisionState {
  readonly Error?: string;
  readonly revision: string;
  readonly live: string | null;
  readonly arrived: boolean;
  readonly missing: readonly string[];
  readonly nodes: readonly {
    readonly name: string;
    readonly role: string;
    readonly state: string;
    readonly revision: string | null;
    readonly arrived: boolean;
    readonly late: boolean;
  }[];
}

/** The body of a GET that is expected to succeed. @throws AppError RESOURCE_UNKNOWN or REQUEST_INVALID with the manager's sentence. */
export async function askFor<Body>(access: ManagerAccess, path: string): Promise<Body> {
  const { status, body } = await askManager(access, { method: "GET", path });
  if (status === 200) return body as Body;
  const reason = errorOf(body) ?? `the manager answers ${status} to GET ${path}`;
  throw new AppError(status === 404 ? "RESOURCE_UNKNOWN" : "REQUEST_INVALID", reason);
}

/** "proxy-service P", or the path of what is no artifact. */
export function artifactText({ kind, name, path }: ArtifactRow): string {
  return kind !== undefined && name !== undefined ? `${kind} ${name}` : path;
}

/** How people read commits. */
export function shortCommit(commit: string | null): string {
  return commit?.slice(0, 10) ?? "-";
}
