/**
 * /management/revision: who runs a revision, with waiting for pipelines (`?wait=all&timeout=30s`); /management/revisions: what
 * differs between two of them.
 */
import { type Static, Type } from "typebox";
import { MEMBER_PROPERTIES } from "../../cluster/member-properties.ts";
import { AppError } from "../../errors/app-error.ts";
import { differenceOf } from "../history/revision-difference.ts";
import {
  arrivalsOf,
  haveAllArrived,
  type NodeArrival,
  untilArrived,
} from "../history/revision-arrival.ts";
import { RevisionNames, REVISION_HELP, REVISION_PATTERN } from "../history/revision-names.ts";
import { whyNotComing } from "../history/revision-fate.ts";
import { ERROR_BODY } from "./api-errors.ts";
import { DIFFERENCE, toDifference } from "./difference-body.ts";
import type {
  ManagementApp,
  ManagementResource,
  ManagementServices,
} from "./management-services.ts";

/** Requests that wait at the same time. */
const WAITING_MAX = 100;
const TIMEOUT_MS_MAX = 10 * 60_000;
const TIMEOUT_DEFAULT = "30s";

const REVISION = Type.String({ pattern: REVISION_PATTERN, description: REVISION_HELP });

const STATE = {
  revision: Type.String({ description: "The full commit id." }),
  live: Type.Union([Type.String(), Type.Null()], { description: "What the cluster is to run." }),
  arrived: Type.Boolean({ description: "Whether all nodes have it." }),
  missing: Type.Array(Type.String(), { description: "Names of the nodes that have not." }),
  nodes: Type.Array(
    Type.Object({
      name: Type.String(),
      role: Type.String(),
      state: Type.String(),
      revision: Type.Union([Type.String(), Type.Null()], {
        description:
          "What the node runs; of a gateway: the revision whose workers alone it sends new requests to.",
      }),
      arrived: Type.Boolean(),
      late: Type.Boolean({ description: "Gateways send it nothing until it has caught up." }),
    }),
  ),
};
const ARRIVED = Type.Object(STATE, { description: "All nodes have it." });
const NOT_YET = Type.Object(STATE, { description: "Some have it not; nobody was waited for." });
const IN_VAIN = Type.Object(
  { Error: Type.String(), code: Type.String(), ...STATE },
  { description: "REVISION_NOT_EVERYWHERE: waited for until the timeout, and some have it not." },
);
const NOT_COMING = Type.Object(
  { Error: Type.String(), code: Type.String(), ...STATE },
  {
    description:
      "REVISION_NOT_EVERYWHERE: it will not come any more: it was refused or reverted, or another one is live by now.",
  },
);

interface Waiting {
  count: number;
  readonly closing: AbortController;
}

export const revisionsResource: ManagementResource = (app, services) => {
  const names = new RevisionNames(services.publisher, services.journal);
  addDifference(app, services, names);
  addArrival(app, services, names);
};

function addDifference(
  app: ManagementApp,
  { publisher }: ManagementServices,
  names: RevisionNames,
): void {
  app.get(
    "/management/revisions/:from/diff/:to",
    {
      config: {
        access: "user",
        summary: "What differs between two revisions, by artifact and line",
      },
      schema: {
        params: Type.Object({ from: REVISION, to: REVISION }),
        querystring: Type.Object(
          { lines: Type.Boolean({ default: true, description: "false: artifacts only" }) },
          { additionalProperties: false },
        ),
        response: { 200: DIFFERENCE, 400: ERROR_BODY, 404: ERROR_BODY },
      },
    },
    async ({ params, query: { lines: withLines } }) => {
      const [from, to] = [await names.resolve(params.from), await names.resolve(params.to)];
      return toDifference(await differenceOf(publisher, { from, to, withLines }));
    },
  );
}

function addArrival(app: ManagementApp, services: ManagementServices, names: RevisionNames): void {
  const waiting: Waiting = { count: 0, closing: new AbortController() };
  app.addHook("preClose", async () => waiting.closing.abort());
  app.get(
    "/management/revision/:revision",
    {
      config: { access: "user", summary: "Who runs a revision; can wait until all do" },
      schema: {
        params: Type.Object({ revision: REVISION }),
        querystring: Type.Object(
          {
            wait: Type.Optional(
              Type.Literal("all", { description: "Until every live worker and gateway has it." }),
            ),
            timeout: Type.String({
              pattern: "^[0-9]{1,6}(ms|s|m)$",
              default: TIMEOUT_DEFAULT,
              description: "Of the wait: 500ms, 30s or 2m; at most 10m.",
            }),
          },
          { additionalProperties: false },
        ),
        response: {
          200: ARRIVED,
          202: NOT_YET,
          404: ERROR_BODY,
          408: IN_VAIN,
          409: NOT_COMING,
        },
      },
    },
    async (request, reply) => {
      const { wait, timeout } = request.query;
      const commit = await names.resolve(request.params.revision);
      const fate = await whyNotComing(commit, services);
      if (fate !== undefined)
        return reply.code(409).send(failure(fate, await stateOf(commit, services)));
      if (wait === "all") {
        const ended = new AbortController();
        reply.raw.once("close", () => ended.abort());
        const signal = AbortSignal.any([ended.signal, waiting.closing.signal]);
        await waitInLine(waiting, commit, { services, timeoutMs: readTimeout(timeout), signal });
      }
      const state = await stateOf(commit, services);
      if (state.arrived) return reply.code(200).send(state);
      if (wait !== "all") return reply.code(202).send(state);
      const refused = await whyNotComing(commit, services);
      if (refused !== undefined) return reply.code(409).send(failure(refused, state));
      const sentence = `after ${timeout} revision ${commit.slice(0, 10)} is not everywhere: ${state.missing.join(", ")} ${state.missing.length === 1 ? "has" : "have"} it not`;
      return reply.code(408).send(failure(sentence, state));
    },
  );
}

async function waitInLine(
  waiting: Waiting,
  commit: string,
  wait: {
    readonly services: ManagementServices;
    readonly timeoutMs: number;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { services, timeoutMs, signal } = wait;
  if (waiting.count >= WAITING_MAX) {
    const message = `${waiting.count} requests wait for revisions already; try again later`;
    throw new AppError("MANAGER_BUSY", message, { retryable: true });
  }
  waiting.count += 1;
  try {
    const look = (): readonly NodeArrival[] => arrivalsOf(commit, services.nodes());
    await untilArrived({ look, clock: services.clock, timeoutMs, signal });
  } finally {
    waiting.count -= 1;
  }
}

async function stateOf(
  commit: string,
  { nodes, cluster, publisher }: ManagementServices,
): Promise<Static<typeof ARRIVED>> {
  const { live = null } = await publisher.refs();
  const arrivals = arrivalsOf(commit, nodes());
  const late = new Set(
    (cluster?.members() ?? []).flatMap(({ role, properties }) =>
      role === "manager" ? (properties[MEMBER_PROPERTIES.lateWorkers] ?? "").split(",") : [],
    ),
  );
  return {
    revision: commit,
    live,
    arrived: live === commit && haveAllArrived(arrivals),
    missing: arrivals.filter(({ hasArrived }) => !hasArrived).map(({ name }) => name),
    nodes: arrivals.map(({ name, role, state, revision, hasArrived }) => ({
      name,
      role,
      state,
      revision,
      arrived: hasArrived,
      late: role === "worker" && late.has(name),
    })),
  };
}

function failure(sentence: string, state: Static<typeof ARRIVED>): Static<typeof IN_VAIN> {
  return { Error: sentence, code: "REVISION_NOT_EVERYWHERE", ...state };
}

/** @throws AppError REQUEST_INVALID. */
function readTimeout(text: string): number {
  const [, count = "", unit = ""] = /^(\d+)(ms|s|m)$/.exec(text) ?? [];
  const timeoutMs = Number(count) * ({ ms: 1, s: 1_000, m: 60_000 }[unit] ?? 0);
  if (timeoutMs <= TIMEOUT_MS_MAX) return timeoutMs;
  throw new AppError("REQUEST_INVALID", `timeout is at most 10m, not "${text}"`, {
    side: "downstream",
  });
}
