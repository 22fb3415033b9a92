/** /health/live and /health/ready: probes for whoever watches the process. Without credentials, and telling nothing else. */
import { Type } from "typebox";
import { messageOf } from "../../errors/app-error.ts";
import type { ManagementResource } from "./management-services.ts";

const HEALTH = Type.Object({ status: Type.String() }, { description: "UP or DOWN" });

export const healthResource: ManagementResource = (app, { checkReady, log }) => {
  app.get(
    "/health/live",
    {
      config: { access: "public", summary: "Whether the manager runs" },
      schema: { response: { 200: HEALTH } },
    },
    () => ({ status: "UP" }),
  );
  app.get(
    "/health/ready",
    {
      config: { access: "public", summary: "Whether database and deployment repository answer" },
      schema: { response: { 200: HEALTH, 503: HEALTH } },
    },
    async (_request, reply) => {
      try {
        await checkReady();
        return { status: "UP" };
      } catch (error) {
        log.warn(`Not ready: ${messageOf(error)}`);
        return reply.code(503).send({ status: "DOWN" });
      }
    },
  );
};
