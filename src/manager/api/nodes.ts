/** GET /management/nodes: the members of the cluster as this manager sees them. */
import { Type } from "typebox";
import { CERTIFICATE_END, certificateEnds } from "./certificate-end-body.ts";
import type { ManagementResource } from "./management-services.ts";

const PORT = Type.Optional(Type.Integer());
const NODE = Type.Object({
  name: Type.String(),
  role: Type.String(),
  subDomain: Type.String(),
  address: Type.String(),
  ports: Type.Object({ http: PORT, https: PORT, management: PORT }),
  state: Type.String(),
  revision: Type.Union([Type.String(), Type.Null()]),
  ...CERTIFICATE_END,
});
const NODES = Type.Object(
  { count: Type.Integer(), list: Type.Array(NODE) },
  { description: "Oldest member first." },
);

export const nodesResource: ManagementResource = (app, { nodes, trust, clock }) => {
  app.get(
    "/management/nodes",
    {
      config: { access: "user", summary: "The nodes of the cluster and what each runs" },
      schema: { response: { 200: NODES } },
    },
    async () => {
      const ends = await certificateEnds(trust, clock);
      const list = nodes().map((node) => ({
        ...node,
        ports: { ...node.ports },
        ...ends.get(node.name),
      }));
      return { count: list.length, list };
    },
  );
};
