/** /health/live and /health/ready: probes for whoever watches the process. Without credentials: what is missing is told in general words only. */
import { Type } from "typebox";
import { messageOf } from "../../errors/app-error.ts";
import type { ManagementResource } from "./management-services.ts";

const HEALTH = Type.Object(
  { status: Type.String(), missing: Type.Optional(Type.String()) },
  { description: "UP or DOWN, and what is missing" },
);

export const healthResource: ManagementResource = (app, { checkReady, readiness, log }) => {
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
      config: {
        access: "public",
        summary: "Whether database, deployment repository and the expected members are there",
      },
      schema: { response: { 200: HEALTH, 503: HEALTH } },
    },
    async (_request, reply) => {
      try {
        await checkReady();
      } catch (error) {
        log.warn(`Not ready: ${messageOf(error)}`);
        const missing = "the database or the deployment repository";
        return reply.code(503).send({ status: "DOWN", missing });
      }
      const { missing, degraded } = readiness();
      if (missing.length === 0) return { status: "UP" };
      const body = { status: degraded ? "UP" : "DOWN", missing: missing.join(", ") };
      return reply.code(degraded ? 200 : 503).send(body);
    },
  );
};
