/** GET /management/cluster/members and /events: the membership as this manager sees it, for `bascule cluster`. */
import { Type } from "typebox";
import { MEMBER_PROPERTIES } from "../../cluster/member-properties.ts";
import type { Cluster, Member } from "../../cluster/cluster.ts";
import { internalHostOf } from "../../cluster/host-names.ts";
import { joinAddress } from "../node-view.ts";
import { CERTIFICATE_END, certificateEnds } from "./certificate-end-body.ts";
import type { ManagementResource } from "./management-services.ts";

const TEXT = Type.String();
const MEMBER = Type.Object({
  id: TEXT,
  name: TEXT,
  role: TEXT,
  subDomain: TEXT,
  domain: TEXT,
  address: TEXT,
  internalHost: TEXT,
  state: TEXT,
  revision: Type.Union([TEXT, Type.Null()]),
  coordinator: Type.Boolean(),
  startedAt: TEXT,
  machine: TEXT,
  processId: Type.Union([Type.Integer(), Type.Null()]),
  ...CERTIFICATE_END,
});
const MEMBERS = Type.Object(
  { count: Type.Integer(), list: Type.Array(MEMBER) },
  { description: "Oldest member first; empty where clustering is off." },
);
const EVENT = Type.Object({
  number: Type.Integer(),
  at: TEXT,
  kind: TEXT,
  id: TEXT,
  name: TEXT,
  role: TEXT,
  address: TEXT,
  state: TEXT,
  reason: Type.Optional(TEXT),
});
const EVENTS = Type.Object(
  { since: TEXT, last: Type.Integer(), list: Type.Array(EVENT) },
  {
    description:
      "The last 500 at most; numbers begin again when `since`, the manager's id, changes.",
  },
);
const QUERY = Type.Object(
  { after: Type.Optional(Type.Integer({ minimum: 0 })) },
  { additionalProperties: false },
);

export const clusterMembersResource: ManagementResource = (app, services) => {
  const { cluster, membership, trust, clock } = services;
  app.get(
    "/management/cluster/members",
    {
      config: { access: "user", summary: "The members of the cluster" },
      schema: { response: { 200: MEMBERS } },
    },
    async () => {
      const ends = await certificateEnds(trust, clock);
      const list = (cluster?.members() ?? []).map((member) => ({
        ...memberRow(member, cluster),
        ...ends.get(member.name),
      }));
      return { count: list.length, list };
    },
  );
  app.get(
    "/management/cluster/events",
    {
      config: { access: "user", summary: "Who joined, left or changed lately, and why" },
      schema: { querystring: QUERY, response: { 200: EVENTS } },
    },
    ({ query }) => ({
      since: cluster?.self.id ?? "",
      last: membership.last,
      list: membership
        .after(query.after ?? 0)
        .map(({ atMs, ...event }) => ({ ...event, at: new Date(atMs).toISOString() })),
    }),
  );
};

function memberRow(member: Member, cluster: Cluster | undefined) {
  const { id, name, role, subDomain, domain, hostNames, state, properties } = member;
  const processId = Number(properties[MEMBER_PROPERTIES.processId]);
  return {
    id,
    name,
    role,
    subDomain,
    domain,
    address: joinAddress(member.host, member.port),
    internalHost: internalHostOf(hostNames),
    state,
    revision: member.revision ?? null,
    coordinator: cluster?.coordinator().id === id,
    startedAt: new Date(member.startedAtMs).toISOString(),
    machine: properties[MEMBER_PROPERTIES.machine] ?? "",
    processId: processId > 0 ? processId : null,
  };
}
