/**
 * The messages of `revision-stage.ts` as JSON between a manager and a worker's management port, read strictly on both
 * sides: `POST /node/deployment/stage` (a StageRequest), `activate` (a SwitchRequest), `abandon` (a CommitRequest), and
 * `GET /node/deployment/outcomes`. Fields that a later version adds are passed over. Answers are brought within these bounds by
 * `bounded-answers.ts`.
 */
import { AppError } from "../../errors/app-error.ts";
import { checkCommitId } from "../ref-names.ts";
import { PATCH_FILES_MAX } from "../revision-patch.ts";
import {
  type OutcomesAnswer,
  type RevisionPatch,
  type ServiceOutcome,
  STAGE_PROBLEMS_MAX,
  type StageAnswer,
  type StageProblem,
  type StageRequest,
  type SwitchAnswer,
} from "./revision-stage.ts";

/** Where a worker's management port answers them. */
export const STAGE_PATHS = {
  stage: "/node/deployment/stage",
  activate: "/node/deployment/activate",
  abandon: "/node/deployment/abandon",
  outcomes: "/node/deployment/outcomes",
} as const;

/** Largest body of a StageRequest, in bytes: a patch within its bounds takes at most four thirds of them in base64. */
export const STAGE_REQUEST_BYTES_MAX = 1024 * 1024;
/** Largest answer of a worker, in bytes of its JSON; what does not fit is left out where it is written. */
export const ANSWER_BYTES_MAX = 2 * 1024 * 1024;
/** Characters of a seal in base64; it is a small commit. */
export const SEAL_TEXT_MAX = 16 * 1024;
/** Characters of one text of an answer; what is longer is cut where it is written. */
export const STAGE_TEXT_MAX = 2_000;
/** Services of one answer; more are left out where it is written. */
export const OUTCOMES_MAX = 10_000;

/** Which commit is to be switched to, or forgotten. */
export interface CommitRequest {
  readonly commit: string;
}

/** Which commit is to be switched to, and the manager's signed word that it is live. */
export interface SwitchRequest extends CommitRequest {
  /** In base64. */
  readonly seal?: string;
}

/** @throws AppError REQUEST_INVALID. */
export function readStageRequest(value: unknown): StageRequest {
  const { deployment, live, patch } = fieldsOf(value);
  if (typeof deployment !== "number" || !Number.isSafeInteger(deployment) || deployment < 0)
    throw refused("deployment must be a whole number");
  const { commit } = readCommitRequest(value);
  const request = { deployment, commit, live: readRevision(live, "live") };
  return patch === undefined || patch === null ? request : { ...request, patch: readPatch(patch) };
}

/** @throws AppError REQUEST_INVALID. */
export function readCommitRequest(value: unknown): CommitRequest {
  const commit = readRevision(fieldsOf(value)["commit"], "commit");
  if (commit === undefined) throw refused("commit is missing");
  return { commit };
}

/** @throws AppError REQUEST_INVALID. */
export function readSwitchRequest(value: unknown): SwitchRequest {
  const { seal } = fieldsOf(value);
  const request = readCommitRequest(value);
  return seal === undefined || seal === null ? request : { ...request, seal: readSealText(seal) };
}

/** @throws AppError REQUEST_INVALID. */
export function readStageAnswer(value: unknown): StageAnswer {
  const { kind, problems, more, reason } = fieldsOf(value);
  switch (kind) {
    case "ready":
      return { kind };
    case "faulty":
      return {
        kind,
        problems: readList(problems, STAGE_PROBLEMS_MAX, "problems").map(readProblem),
        ...(more !== undefined && { more: readCount(more, "more") }),
      };
    case "failed":
      return { kind, reason: readText(reason, "reason") };
    default:
      throw refused("kind must be ready, faulty or failed");
  }
}

/** @throws AppError REQUEST_INVALID. */
export function readSwitchAnswer(value: unknown): SwitchAnswer {
  return { revision: readId(fieldsOf(value)["revision"], "revision") };
}

/** @throws AppError REQUEST_INVALID. */
export function readOutcomesAnswer(value: unknown): OutcomesAnswer {
  const { revision, services } = fieldsOf(value);
  return {
    revision: readId(revision, "revision"),
    services: readList(services, OUTCOMES_MAX, "services").map(readOutcome),
  };
}

function readPatch(value: unknown): RevisionPatch {
  const { base, commit, files } = fieldsOf(value);
  const from = readRevision(base, "base");
  if (from === undefined) throw refused("base is missing");
  return {
    base: from,
    commit: readBase64(commit, "commit of a patch"),
    files: readList(files, PATCH_FILES_MAX, "files").map(readFile),
  };
}

function readFile(value: unknown): RevisionPatch["files"][number] {
  const { path, content } = fieldsOf(value);
  const text = content === null ? null : readBase64(content, "content");
  return { path: readText(path, "path"), content: text };
}

function readSealText(value: unknown): string {
  const text = readBase64(value, "seal");
  if (text.length > SEAL_TEXT_MAX) throw refused("seal is too long");
  return text;
}

function readBase64(value: unknown, name: string): string {
  if (typeof value !== "string") throw refused(`${name} must be a text`);
  if (value.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(value)) return value;
  throw refused(`${name} must be base64`);
}

function readProblem(value: unknown): StageProblem {
  const { file, line, message } = fieldsOf(value);
  return {
    file: readText(file, "file"),
    line: readCount(line, "line"),
    message: readText(message, "message"),
  };
}

function readOutcome(value: unknown): ServiceOutcome {
  const { kind, name, messages, faults } = fieldsOf(value);
  if (kind !== "proxy-service" && kind !== "api")
    throw refused("kind of a service must be proxy-service or api");
  return {
    kind,
    name: readText(name, "name"),
    messages: readCount(messages, "messages"),
    faults: readCount(faults, "faults"),
  };
}

/** A commit id; absent and null are undefined. */
function readRevision(value: unknown, name: string): string | undefined {
  const id = readId(value, name);
  if (id !== undefined) checkCommitId(id);
  return id;
}

/** What a worker runs: mostly a commit, and the digest of a folder where its synchronizer is off. */
function readId(value: unknown, name: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  const id = readText(value, name);
  if (/^[0-9a-f]{40,64}$/.test(id)) return id;
  throw refused(`${name} must be a full commit id`);
}

function readCount(value: unknown, name: string): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw refused(`${name} must be a whole number`);
}

function readText(value: unknown, name: string): string {
  if (typeof value !== "string") throw refused(`${name} must be a text`);
  if (value.length > STAGE_TEXT_MAX) throw refused(`${name} is too long`);
  return value;
}

function readList(value: unknown, countMax: number, name: string): readonly unknown[] {
  if (!Array.isArray(value)) throw refused(`${name} must be a list`);
  if (value.length > countMax) throw refused(`${name} has more than ${countMax} entries`);
  return value;
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw refused("it must be an object");
  return { ...value };
}

function refused(reason: string): AppError {
  const message = `a message of a deploy cannot be read: ${reason}; do both nodes run one version?`;
  return new AppError("REQUEST_INVALID", message, { side: "peer" });
}
