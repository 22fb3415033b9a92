/** What a manager asks of a worker during a deploy, by the paths of its management port (`revision-stage-messages.ts`). */
import type { RevisionStage } from "../depsync/barrier/revision-stage.ts";
import {
  OUTCOMES_MAX,
  STAGE_PATHS,
  STAGE_REQUEST_BYTES_MAX,
  boundedStageAnswer,
  readCommitRequest,
  readStageRequest,
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
      run: (body) => stage.activate(readCommitRequest(body).commit),
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
      run: async () => {
        const { revision, services } = await stage.outcomes();
        return { revision, services: services.slice(0, OUTCOMES_MAX) };
      },
    },
  };
}
