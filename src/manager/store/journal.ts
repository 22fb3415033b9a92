/**
 * The deployment journal: one row for everything that was deployed, undeployed or refused, by whom, how,
 * when, as which commit, and why not, with what each worker answered (`deployment-answers.ts`). A row is "pending" from
 * before the commit until the deploy is over, so that a manager that was killed in between can tell at its next start.
 * Bounded: the oldest rows go.
 */
import { type Kysely, type Selectable, sql } from "kysely";
import type { ConfigProblem } from "../../errors/config-error.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { DeployableKind } from "../artifact-place.ts";
import type { WorkerAnswer } from "../barrier/worker-answer.ts";
import { insertAnswers, readAnswers } from "./deployment-answers.ts";
import type { DeploymentTable, Tables } from "./tables.ts";

/** Rows that are kept where nobody says otherwise. */
const JOURNAL_ROWS_MAX = 10_000;

/** Artifacts and problems of one row that are kept: the journal is for people. */
const DETAILS_MAX = 200;

/** How a change came; "start": the manager found it at its start. */
export type DeploymentVia =
  "api" | "cli" | "console" | "file" | "car" | "push" | "rollback" | "manager" | "start";

/**
 * push: commits that people pushed to `main`; revert: the automatic way back; recover: what the manager found at its start;
 * "take over": it signed what it found; signers: who may push.
 */
export type DeploymentAction =
  "deploy" | "undeploy" | "rollback" | "push" | "revert" | "signers" | "take over" | "recover";

/**
 * refused: the artifacts or a signature are at fault; failed: a worker or the repository did not take it; interrupted: the
 * manager was killed, or overtaken, before `live` moved; reverted: it was live, and services failed.
 */
export type DeploymentOutcome =
  "pending" | "deployed" | "unchanged" | "refused" | "failed" | "interrupted" | "reverted";

/** A step of a deploy and how long it took. */
export interface DeploymentPhase {
  readonly phase: string;
  readonly ms: number;
}

/** An artifact, or a file that is not known to be one. */
export interface DeployedArtifact {
  readonly kind?: DeployableKind;
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
  /** Default: none. */
  readonly notes?: readonly string[];
}

export interface Deployment extends Omit<NewDeployment, "fingerprint" | "notes"> {
  readonly id: number;
  /** Milliseconds since 1970. */
  readonly atMs: number;
  /** Milliseconds since 1970; undefined: it is under way. */
  readonly finishedMs: number | undefined;
  /** The steps in order; empty where it had none. */
  readonly phases: readonly DeploymentPhase[];
  /** Sentences that are no problems: what was left out, who is late. */
  readonly notes: readonly string[];
}

export interface DeploymentResult {
  readonly outcome: DeploymentOutcome;
  /** The candidate, whether it became live or not. */
  readonly commit: string | undefined;
  readonly problems: readonly DeploymentProblem[];
  readonly notes?: readonly string[];
  readonly phases?: readonly DeploymentPhase[];
  /** What the workers answered. */
  readonly answers?: readonly WorkerAnswer[];
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
        finished_at: deployment.outcome === "pending" ? null : this.#clock.wallMs(),
        phases: null,
        notes: textOf(deployment.notes),
      })
      .executeTakeFirstOrThrow();
    const id = Number(result.insertId);
    const oldest = id - this.#rowsMax;
    if (oldest > 0) {
      await this.#database.deleteFrom("deployments").where("id", "<=", oldest).execute();
      const answers = this.#database.deleteFrom("deployment_answers");
      await answers.where("deployment_id", "<=", oldest).execute();
    }
    return id;
  }

  /** Writes down the candidate of a pending deployment. */
  async propose(id: number, commit: string): Promise<void> {
    const query = this.#database.updateTable("deployments").set({ commit_id: commit });
    await query.where("id", "=", id).execute();
  }

  /** Writes how a deployment ended; what is not given stays as it is. */
  async settle(id: number, result: DeploymentResult): Promise<void> {
    const { outcome, commit = null, problems, notes, phases, answers = [] } = result;
    await this.#database.transaction().execute(async (transaction) => {
      await transaction
        .updateTable("deployments")
        .set({
          outcome,
          commit_id: commit,
          problems: JSON.stringify(problems.slice(0, DETAILS_MAX)),
          finished_at: this.#clock.wallMs(),
          ...(notes && { notes: textOf(notes) }),
          ...(phases && { phases: JSON.stringify(phases) }),
        })
        .where("id", "=", id)
        .execute();
      await insertAnswers(transaction, id, answers);
    });
  }

  /** What the workers answered to a deployment, in the order of their names. */
  answers(id: number): Promise<readonly WorkerAnswer[]> {
    return readAnswers(this.#database, id);
  }

  /** Newest first; `beforeId` undefined: from the newest; `artifact`: only those that list one of that name. */
  async list(
    countMax: number,
    beforeId?: number,
    artifact?: string,
  ): Promise<readonly Deployment[]> {
    let query = this.#database.selectFrom("deployments").selectAll();
    if (beforeId !== undefined) query = query.where("id", "<", beforeId);
    if (artifact !== undefined) {
      // Quotation marks inside of JSON texts are escaped: what is looked for is never a part of one.
      const wanted = `"name":${JSON.stringify(artifact)}`;
      query = query.where(sql<boolean>`instr(artifacts, ${wanted}) > 0`);
    }
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

  /** The newest row of each of the commits that has one; deploys that found it live already are passed over. */
  async ofCommits(commits: readonly string[]): Promise<ReadonlyMap<string, Deployment>> {
    if (commits.length === 0) return new Map();
    const query = this.#database.selectFrom("deployments").selectAll();
    const rows = await query
      .where("commit_id", "in", [...commits])
      .orderBy("id")
      .execute();
    return new Map(rows.map((row) => [row.commit_id ?? "", toDeployment(row)]));
  }

  /** Whether something of that fingerprint was refused. */
  async hasFingerprint(fingerprint: string): Promise<boolean> {
    const query = this.#database.selectFrom("deployments").select("id");
    const refused = query.where("fingerprint", "=", fingerprint).where("outcome", "=", "refused");
    return (await refused.limit(1).executeTakeFirst()) !== undefined;
  }

  /** The newest row that ended that way for that commit. */
  async findBy(outcome: DeploymentOutcome, commit: string): Promise<Deployment | undefined> {
    const row = await this.#database
      .selectFrom("deployments")
      .selectAll()
      .where("outcome", "=", outcome)
      .where("commit_id", "=", commit)
      .orderBy("id", "desc")
      .limit(1)
      .executeTakeFirst();
    return row && toDeployment(row);
  }

  /** The newest row of something that became live; undefined before the first. */
  async lastDeployed(): Promise<Deployment | undefined> {
    const row = await this.#database
      .selectFrom("deployments")
      .selectAll()
      .where("outcome", "=", "deployed")
      .orderBy("id", "desc")
      .limit(1)
      .executeTakeFirst();
    return row && toDeployment(row);
  }
}

function textOf(notes: readonly string[] = []): string | null {
  return notes.length === 0 ? null : JSON.stringify(notes.slice(0, DETAILS_MAX));
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
    finishedMs: row.finished_at ?? undefined,
    phases: JSON.parse(row.phases ?? "[]") as readonly DeploymentPhase[],
    notes: JSON.parse(row.notes ?? "[]") as readonly string[],
  };
}
