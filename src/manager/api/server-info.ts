/** GET /management/server: which node answers, and what the cluster is to run. */
import { Type } from "typebox";
import { PRODUCT_VERSION } from "../../runtime/product.ts";
import type { ManagementResource } from "./management-services.ts";

const SERVER = Type.Object(
  {
    productName: Type.String(),
    version: Type.String(),
    name: Type.String(),
    home: Type.String(),
    revision: Type.Union([Type.String(), Type.Null()]),
  },
  { description: "`revision` is the live commit." },
);

export const serverInfoResource: ManagementResource = (app, { name, home, revisions }) => {
  app.get(
    "/management/server",
    {
      config: { access: "user", summary: "Name, version, home and live revision" },
      schema: { response: { 200: SERVER } },
    },
    async () => {
      const { commit: revision = null } = await revisions.live();
      return { productName: "Bascule", version: PRODUCT_VERSION, name, home, revision };
    },
  );
};
