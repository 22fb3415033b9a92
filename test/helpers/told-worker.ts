/** A worker's side of the barrier that answers as tests tell it, without a repository or an engine. */
import type {
  OutcomesAnswer,
  RevisionStage,
  StageAnswer,
  SwitchAnswer,
} from "../../src/depsync/barrier/revision-stage.ts";
import type { LiveWorkers } from "../../src/manager/barrier/live-workers.ts";

export class ToldWorker implements RevisionStage {
  /** What it says to the next candidates. */
  answer: StageAnswer;
  revision: string | undefined;

  constructor(answer: StageAnswer = { kind: "ready" }) {
    this.answer = answer;
  }

  stage(): Promise<StageAnswer> {
    return Promise.resolve(this.answer);
  }

  activate(commit: string): Promise<SwitchAnswer> {
    this.revision = commit;
    return Promise.resolve({ revision: commit });
  }

  abandon(): Promise<void> {
    return Promise.resolve();
  }

  outcomes(): Promise<OutcomesAnswer> {
    return Promise.resolve({ revision: this.revision, services: [] });
  }
}

/** Workers by their names, each with its answer. */
export function toldWorkers(answers: Readonly<Record<string, StageAnswer>>): LiveWorkers {
  const list = Object.entries(answers).map(([name, answer]) => ({
    id: name,
    name,
    stage: new ToldWorker(answer),
  }));
  return { list: () => list, onLeft: () => () => {} };
}
