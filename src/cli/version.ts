/** `bascule version`. */
import type { Command } from "./command.ts";
import { PRODUCT_VERSION } from "../runtime/product.ts";

export const versionCommand: Command = {
  usage: "bascule version",
  async run() {
    console.log(`bascule ${PRODUCT_VERSION} (Node.js ${process.versions.node})`);
    return 0;
  },
};
