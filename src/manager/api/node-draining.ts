/**
 * /management/nodes/NAME/drain, /resume, /restart and /draining, and /management/draining for all of them with the rolling
 * restart: for admins, but reading. An order is answered when the worker drains; what becomes of it is read from the view.
 */
import { Type } from "typebox";
import { DRAIN_PHASES } from "../draining/drain-view.ts";
import type { DrainOrder } from "../draining/draining.ts";
import { identityOf } from "./access.ts";
import { ERROR_BODY } from "./api-errors.ts";
import type {
  ManagementApp,
  ManagementResource,
  ManagementServices,
} from "./management-services.ts";

const DEADLINE_MS_MAX = 7 * 24 * 3_600_000;

const NAME = Type.Object({
  name: Type.String({ description: "A worker's name, or its cluster address" }),
});
const OPTIONS = {
  deadlineMs: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: DEADLINE_MS_MAX,
      description: "How long sessions may keep the node; default: DrainTime of carbon.xml",
    }),
  ),
  force: Type.Optional(
    Type.Boolean({ description: "Also where no other worker takes new sessions. Default: false" }),
  ),
};
const ORDER = Type.Object(OPTIONS, { additionalProperties: false });
const DRAIN_ORDER = Type.Object(
  {
    ...OPTIONS,
    stop: Type.Optional(Type.Boolean({ description: "Then stop it. Default: false" })),
  },
  { additionalProperties: false },
);
const DRAIN = Type.Object({
  name: Type.String(),
  phase: Type.Enum(DRAIN_PHASES),
  goal: Type.Union([Type.Literal("stay"), Type.Literal("stop"), Type.Literal("restart")]),
  sessions: Type.Integer({ description: "Bound to it, on all gateways" }),
  oldestSeconds: Type.Integer(),
  isComplete: Type.Boolean({ description: "False: there may be sessions that nobody can count" }),
  by: Type.String(),
  startedAt: Type.String(),
  deadlineAt: Type.String(),
  secondsLeft: Type.Integer(),
  reason: Type.Union([Type.String(), Type.Null()]),
});
const ROLLING = Type.Object({
  phase: Type.Union([Type.Literal("running"), Type.Literal("done"), Type.Literal("failed")]),
  nodes: Type.Array(Type.String()),
  done: Type.Integer(),
  current: Type.Union([Type.String(), Type.Null()]),
  by: Type.String(),
  startedAt: Type.String(),
  reason: Type.Union([Type.String(), Type.Null()]),
});
const ALL = Type.Object({
  list: Type.Array(DRAIN),
  rolling: Type.Union([ROLLING, Type.Null()]),
});
const FAILURES = { 400: ERROR_BODY, 404: ERROR_BODY, 502: ERROR_BODY };

export const nodeDrainingResource: ManagementResource = (app, services) => {
  addViews(app, services);
  addOrders(app, services);
  addRollingRestart(app, services);
};

function addViews(app: ManagementApp, { draining }: ManagementServices): void {
  app.get(
    "/management/draining",
    {
      config: { access: "user", summary: "The workers that drain or restart, with their sessions" },
      schema: { response: { 200: ALL } },
    },
    () => ({
      list: draining.views.map((view) => ({ ...view })),
      rolling: rollingOf(draining),
    }),
  );
  app.get(
    "/management/nodes/:name/draining",
    {
      config: { access: "user", summary: "How far a worker is on its way out and back" },
      schema: { params: NAME, response: { 200: Type.Union([DRAIN, Type.Null()]) } },
    },
    ({ params }) => draining.view(params.name) ?? null,
  );
}

function addOrders(app: ManagementApp, { draining }: ManagementServices): void {
  app.post(
    "/management/nodes/:name/drain",
    {
      config: { summary: "No new sessions for a worker; bound ones stay until they end" },
      schema: { params: NAME, body: DRAIN_ORDER, response: { 202: DRAIN, ...FAILURES } },
    },
    async (request, reply) => {
      const goal = request.body.stop === true ? "stop" : "stay";
      const order = { ...orderOf(request.body), goal, by: identityOf(request).user } as const;
      return reply.code(202).send(await draining.drain(request.params.name, order));
    },
  );
  app.post(
    "/management/nodes/:name/restart",
    {
      config: { summary: "Drain a worker, then restart it" },
      schema: { params: NAME, body: ORDER, response: { 202: DRAIN, ...FAILURES } },
    },
    async (request, reply) => {
      const by = identityOf(request).user;
      const order = { ...orderOf(request.body), goal: "restart", by } as const;
      return reply.code(202).send(await draining.drain(request.params.name, order));
    },
  );
  app.post(
    "/management/nodes/:name/resume",
    {
      config: { summary: "Let a worker that drains take new sessions again" },
      schema: {
        params: NAME,
        response: { 200: Type.Object({ message: Type.String() }), ...FAILURES },
      },
    },
    async (request) => {
      const { name } = request.params;
      await draining.resume(name, identityOf(request).user);
      return { message: `${name} takes new sessions again` };
    },
  );
}

function addRollingRestart(app: ManagementApp, { draining }: ManagementServices): void {
  app.post(
    "/management/draining/rolling-restart",
    {
      config: { summary: "Drain and restart all workers, one after the other" },
      schema: { body: ORDER, response: { 202: ROLLING, ...FAILURES } },
    },
    async (request, reply) => {
      const order = { ...orderOf(request.body), by: identityOf(request).user };
      const { nodes, ...view } = await draining.restartAll(order);
      return reply.code(202).send({ ...view, nodes: [...nodes] });
    },
  );
}

function rollingOf({ rolling }: ManagementServices["draining"]) {
  return rolling ? { ...rolling, nodes: [...rolling.nodes] } : null;
}

function orderOf(body: {
  readonly deadlineMs?: number;
  readonly force?: boolean;
}): Pick<DrainOrder, "deadlineMs" | "isForced"> {
  return { deadlineMs: body.deadlineMs, isForced: body.force === true };
}
