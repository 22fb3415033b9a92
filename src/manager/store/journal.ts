/**
 * The deployment journal: one row for everything that was deployed, undeployed or refused, by whom, how,
 * when, as which commit, and why not. A row is "pending" from just before the commit until `live` has moved,
 * so that a manager that was killed in between can tell at its next start. Bounded: the oldest rows go.
 */
import type { Kysely, Selectable } from "kysely";
import type { ConfigProblem } from "../../errors/config-error.ts";
import type { ArtifactKind } from "../../mediation/engine.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { DeploymentTable, Tables } from "./tables.ts";

/** Rows that are kept where nobody says otherwise. */
const JOURNAL_ROWS_MAX = 10_000;

/** Artifacts and problems of one row that are kept: the journal is for people. */
const DETAILS_MAX = 200;

/** How a change came; "start": the manager found it at its start. */
export type DeploymentVia = "api" | "cli" | "console" | "file" | "start";

export type DeploymentAction = "deploy" | "undeploy" | "recover";

/** interrupted: the manager was killed before the commit; failed: the repository did not take it. */
export type DeploymentOutcome =
  "pending" | "deployed" | "unchanged" | "refused" | "failed" | "interrupted";

/** An artifact, or a file that is not known to be one. */
export interface DeployedArtifact {
  readonly kind?: ArtifactKind;
  readonly name?: string;
  readonly path: string;
}

export interface DeploymentProblem {
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

export interface NewDeployment {
  readonly who: string;
  readonly via: DeploymentVia;
  readonly action: DeploymentAction;
  readonly artifacts: readonly DeployedArtifact[];
  readonly baseCommit: string | undefined;
  readonly commit: string | undefined;
  readonly outcome: DeploymentOutcome;
  readonly problems: readonly DeploymentProblem[];
  /** Given for refused files only. */
  readonly fingerprint?: string;
}

export interface Deployment extends Omit<NewDeployment, "fingerprint"> {
  readonly id: number;
  /** Milliseconds since 1970. */
  readonly atMs: number;
}

export interface DeploymentResult {
  readonly outcome: DeploymentOutcome;
  readonly commit: string | undefined;
  readonly problems: readonly DeploymentProblem[];
}

/** What of a problem is journaled and shown. */
export function toDeploymentProblem(problem: ConfigProblem): DeploymentProblem {
  return { file: problem.file, line: problem.line, message: problem.message };
}

export class Journal {
  readonly #database: Kysely<Tables>;
  readonly #clock: Clock;
  readonly #rowsMax: number;

  constructor(database: Kysely<Tables>, clock: Clock, rowsMax: number = JOURNAL_ROWS_MAX) {
    this.#database = database;
    this.#clock = clock;
    this.#rowsMax = rowsMax;
  }

  /** @returns the id of the new row. */
  async add(deployment: NewDeployment): Promise<number> {
    const result = await this.#database
      .insertInto("deployments")
      .values({
        who: deployment.who,
        via: deployment.via,
        action: deployment.action,
        artifacts: JSON.stringify(deployment.artifacts.slice(0, DETAILS_MAX)),
        created_at: this.#clock.wallMs(),
        base_commit: deployment.baseCommit ?? null,
        commit_id: deployment.commit ?? null,
        outcome: deployment.outcome,
        problems: JSON.stringify(deployment.problems.slice(0, DETAILS_MAX)),
        fingerprint: deployment.fingerprint ?? null,
      })
      .executeTakeFirstOrThrow();
    const id = Number(result.insertId);
    await this.#database
      .deleteFrom("deployments")
      .where("id", "<=", id - this.#rowsMax)
      .execute();
    return id;
  }

  /** Writes how a pending deployment ended. */
  async settle(id: number, result: DeploymentResult): Promise<void> {
    await this.#database
      .updateTable("deployments")
      .set({
        outcome: result.outcome,
        commit_id: result.commit ?? null,
        problems: JSON.stringify(result.problems.slice(0, DETAILS_MAX)),
      })
      .where("id", "=", id)
      .execute();
  }

  /** Newest first; `beforeId` undefined: from the newest. */
  async list(countMax: number, beforeId?: number): Promise<readonly Deployment[]> {
    let query = this.#database.selectFrom("deployments").selectAll();
    if (beforeId !== undefined) query = query.where("id", "<", beforeId);
    const rows = await query.orderBy("id", "desc").limit(countMax).execute();
    return rows.map(toDeployment);
  }

  async find(id: number): Promise<Deployment | undefined> {
    const query = this.#database.selectFrom("deployments").selectAll().where("id", "=", id);
    const row = await query.executeTakeFirst();
    return row && toDeployment(row);
  }

  /** Rows that a killed manager has left pending, oldest first. */
  async pending(): Promise<readonly Deployment[]> {
    const query = this.#database.selectFrom("deployments").selectAll();
    const rows = await query.where("outcome", "=", "pending").orderBy("id").execute();
    return rows.map(toDeployment);
  }

  async hasFingerprint(fingerprint: string): Promise<boolean> {
    const query = this.#database.selectFrom("deployments").select("id");
    return (
      (await query.where("fingerprint", "=", fingerprint).limit(1).executeTakeFirst()) !== undefined
    );
  }

  /** Whether some row ended that way for that commit. */
  async has(outcome: DeploymentOutcome, commit: string): Promise<boolean> {
    const query = this.#database.selectFrom("deployments").select("id");
    const row = await query
      .where("outcome", "=", outcome)
      .where("commit_id", "=", commit)
      .limit(1)
      .executeTakeFirst();
    return row !== undefined;
  }
}

/** The casts undo what `add` wrote: nobody else writes the table. */
function toDeployment(row: Selectable<DeploymentTable>): Deployment {
  return {
    id: row.id,
    who: row.who,
    via: row.via as DeploymentVia,
    action: row.action as DeploymentAction,
    artifacts: JSON.parse(row.artifacts) as readonly DeployedArtifact[],
    atMs: row.created_at,
    baseCommit: row.base_commit ?? undefined,
    commit: row.commit_id ?? undefined,
    outcome: row.outcome as DeploymentOutcome,
    problems: JSON.parse(row.problems) as readonly DeploymentProblem[],
  };
}
