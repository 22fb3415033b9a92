/** What a manager asks of a worker during a deploy, by the paths of its management port (`revision-stage-messages.ts`). */
import type { RevisionStage } from "../depsync/barrier/revision-stage.ts";
import { boundedOutcomes, boundedStageAnswer } from "../depsync/barrier/bounded-answers.ts";
import {
  STAGE_PATHS,
  STAGE_REQUEST_BYTES_MAX,
  readCommitRequest,
  readStageRequest,
  readSwitchRequest,
} from "../depsync/barrier/revision-stage-messages.ts";
import type { Change } from "./change-door.ts";

export function deploymentChanges(stage: RevisionStage): Readonly<Record<string, Change>> {
  return {
    [STAGE_PATHS.stage]: {
      method: "POST",
      bodyBytesMax: STAGE_REQUEST_BYTES_MAX,
      run: async (body) => boundedStageAnswer(await stage.stage(readStageRequest(body))),
    },
    [STAGE_PATHS.activate]: {
      method: "POST",
      run: (body) => {
        const { commit, seal } = readSwitchRequest(body);
        return stage.activate(commit, undefined, seal);
      },
    },
    [STAGE_PATHS.abandon]: {
      method: "POST",
      run: async (body) => {
        await stage.abandon(readCommitRequest(body).commit);
        return {};
      },
    },
    [STAGE_PATHS.outcomes]: {
      method: "GET",
      run: async () => boundedOutcomes(await stage.outcomes()),
    },
  };
}
